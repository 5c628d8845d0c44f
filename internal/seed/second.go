package seed

import (
	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/lifecycle"
)

// second is a second organization: nothing of one is ever visible in the other.
func second() organization {
	return organization{
		slug: "second", name: "Second Corporation", website: "https://second.example", support: "support@second.example",
		zone: "America/New_York", currency: "USD",
		staff:    person{"Second Administrator", "admin@second.example"},
		products: secondProducts(),
		accounts: []account{{
			name: "Initech", developer: &person{"Initech Developer", "developer@second.example"},
			profile:     domain.Profile{Website: "https://initech.example"},
			credentials: []credential{{name: "Everywhere", environment: access.Staging}},
			apps:        []app{ledger(), helpDesk()},
		}},
	}
}

func secondProducts() []product {
	return []product{
		{name: "bank-accounts", title: "Bank Accounts", version: "1.0", description: "Tells whether a bank account exists.",
			endpoints: []endpoint{get("/accounts/{number}", "Whether an account exists.")},
			plans:     []plan{{name: "Free", kind: domain.PlanFree, rate: perSecond(10), quota: aDay(1_000)}}},
		{name: "customer-directory", title: "Customer Directory", version: "2.0", description: "Who buys what.",
			endpoints: []endpoint{get("/customers", "The customers."), get("/customers/{id}", "One customer.")},
			plans:     []plan{{name: "Standard", kind: domain.PlanSubscription, rate: perSecond(25), quota: aMonth(100_000), price: monthly("29.00")}}},
		{name: "invoices", title: "Invoices", version: "4.2", description: "Makes invoices and reminds of them.",
			enforced: true, endpoints: []endpoint{post("/invoices", "Makes an invoice."), get("/invoices/{id}", "One invoice."),
				post("/invoices/{id}/reminders", "Reminds of an invoice.")},
			plans: []plan{
				{name: "Metered", kind: domain.PlanMetered, rate: perSecond(10), quota: aMonth(500_000), price: perThousand("3.00")},
				{name: "Tiered", kind: domain.PlanTiered, rate: perSecond(50), quota: aMonth(5_000_000), price: perThousand("2.50")},
			}},
		{name: "office-hours", title: "Office Hours", version: "1.0", description: "When branches are open. Anybody may ask, without a key.",
			keyless: true, endpoints: []endpoint{get("/branches/{id}/hours", "When a branch is open.")},
			approval: domain.Auto, plans: []plan{{name: "Open", kind: domain.PlanFree, rate: perSecond(10), quota: aDay(100_000)}}},
		{name: "public-transport", title: "Public Transport", version: "1.1", description: "Departures and delays.",
			endpoints: []endpoint{get("/departures/{stop}", "What leaves from a stop.")},
			approval:  domain.Auto, plans: []plan{{name: "Free", kind: domain.PlanFree, rate: perSecond(10), quota: aWeek(50_000)}}},
		{name: "risk-scores", title: "Risk Scores", version: "0.8", description: "With a contract alone.",
			plans: []plan{{name: "Partner", kind: domain.PlanSubscription, rate: perSecond(10), quota: aDay(500), price: monthly("300.00")}}},
		{name: "stock-levels", title: "Stock Levels", version: "1.0", description: "Replaced by nothing yet.",
			finally: domain.Deprecated, plans: []plan{{name: "Free", kind: domain.PlanFree, rate: perMinute(600), quota: aDay(5_000)}}},
		{name: "telemetry", title: "Telemetry", version: "0.1", description: "Not ready yet.",
			draft: true, plans: []plan{{name: "Free", kind: domain.PlanFree, rate: perSecond(10), quota: aDay(1_000)}}},
		{name: "voice-calls", title: "Voice Calls", version: "1.0", description: "Nobody calls any more.",
			finally: domain.Retired, plans: []plan{{name: "Free", kind: domain.PlanFree, rate: perSecond(10), quota: aDay(1_000)}}},
	}
}

func ledger() app {
	return app{
		name: "Ledger", calls: 4_000, description: "Books that balance.", labels: []domain.Label{{Key: "team", Value: "finance"}},
		credentials: []credential{
			{name: "Ledger"},
			{name: "Auditors", only: []string{"invoices"}, environment: access.Production,
				addresses: []string{"198.51.100.0/24"}, rate: perMinute(60)},
			{name: "Night run", actions: []lifecycle.CredentialAction{lifecycle.Disable}},
			{name: "Last year", expired: true},
			{name: "Consultant", actions: []lifecycle.CredentialAction{lifecycle.Revoke}, reason: domain.PrivilegeWithdrawn},
		},
		subscriptions: []subscription{
			{product: "invoices", plan: "Metered", endpoints: []string{"POST /invoices", "GET /invoices/{id}"}, actions: actions(lifecycle.Approve)},
			{product: "customer-directory", plan: "Standard", actions: actions(lifecycle.Approve, lifecycle.Suspend), reason: "A complaint is being looked at."},
			{product: "stock-levels", plan: "Free", actions: actions(lifecycle.Approve, lifecycle.Unregister), reason: "The plan ends."},
			{product: "risk-scores", plan: "Partner", actions: actions(lifecycle.Reject), reason: "There is no contract."},
			{product: "risk-scores", plan: "Partner"},
		},
	}
}

func helpDesk() app {
	return app{
		name: "Help Desk", calls: 600, description: "Answers telephones.", credentials: []credential{{name: "Desk"}},
		subscriptions: []subscription{
			{product: "public-transport", plan: "Free"},
			{product: "customer-directory", plan: "Standard", actions: actions(lifecycle.Reject), reason: "Not for this purpose."},
			{product: "bank-accounts", plan: "Free"},
		},
	}
}
