package seed

import (
	"portico/internal/lifecycle"
	"portico/internal/term"
)

// second is an organization beside the first one: nothing of either is ever
// seen in the other.
func second() organization {
	return organization{
		slug: "second", name: "Second Corporation", website: "https://second.example", support: "support@second.example",
		zone: "America/New_York", currency: "USD",
		staff:    person{"Second Administrator", "admin@second.example"},
		products: secondProducts(),
		accounts: []account{{
			name: "Initech", developer: &person{"Initech Developer", "developer@second.example"},
			profile: term.Profile{Website: "https://initech.example"},
			keys:    []key{{name: "Everywhere", environment: term.Staging}},
			apps:    []app{ledger(), helpDesk()},
		}},
	}
}

func secondProducts() []product {
	return []product{
		{name: "bank-accounts", title: "Bank Accounts", version: "1.0", description: "Tells whether a bank account exists.",
			plans: []plan{{name: "Free", kind: term.PlanFree, rate: perSecond(10), quota: aDay(1_000)}}},
		{name: "customer-directory", title: "Customer Directory", version: "2.0", description: "Who buys what.",
			plans: []plan{{name: "Standard", kind: term.PlanSubscription, rate: perSecond(25), price: monthly("29.00")}}},
		{name: "invoices", title: "Invoices", version: "4.2", description: "Makes invoices and reminds of them.",
			plans: []plan{
				{name: "Metered", kind: term.PlanMetered, rate: perSecond(10), price: perThousand("3.00")},
				{name: "Tiered", kind: term.PlanTiered, rate: perSecond(50), price: perThousand("2.50")},
			}},
		{name: "public-transport", title: "Public Transport", version: "1.1", description: "Departures and delays.",
			approval: term.Auto, plans: []plan{{name: "Free", kind: term.PlanFree, rate: perSecond(10)}}},
		{name: "risk-scores", title: "Risk Scores", version: "0.8", description: "By invitation.",
			visibility: term.Private, plans: []plan{{name: "Partner", kind: term.PlanSubscription, rate: perSecond(10), price: monthly("300.00")}}},
		{name: "stock-levels", title: "Stock Levels", version: "1.0", description: "Replaced by nothing yet.",
			ends: term.Deprecated, plans: []plan{{name: "Free", kind: term.PlanFree, rate: perMinute(600)}}},
		{name: "telemetry", title: "Telemetry", version: "0.1", description: "Not ready yet.",
			born: term.Draft, plans: []plan{{name: "Free", kind: term.PlanFree, rate: perSecond(10)}}},
		{name: "voice-calls", title: "Voice Calls", version: "1.0", description: "Nobody calls any more.",
			ends: term.Retired, plans: []plan{{name: "Free", kind: term.PlanFree, rate: perSecond(10)}}},
	}
}

func ledger() app {
	return app{
		name: "Ledger", description: "Books that balance.", labels: []term.Label{{Key: "team", Value: "finance"}},
		keys: []key{
			{name: "Ledger"},
			{name: "Auditors", listed: []string{"invoices"}, environment: term.Production},
			{name: "Night run", then: []lifecycle.CredentialAction{lifecycle.Disable}},
			{name: "Last year", expired: true},
			{name: "Consultant", then: []lifecycle.CredentialAction{lifecycle.Revoke}, reason: term.PrivilegeWithdrawn},
			{name: "New branch", uncollected: true},
		},
		registrations: []registration{
			{product: "invoices", plan: "Metered", then: is(lifecycle.Approve)},
			{product: "customer-directory", plan: "Standard", then: is(lifecycle.Approve, lifecycle.Suspend), reason: "A complaint is being looked at."},
			{product: "stock-levels", plan: "Free", then: is(lifecycle.Approve, lifecycle.Unregister), reason: "The plan ends."},
			{product: "risk-scores", plan: "Partner", then: is(lifecycle.Reject), reason: "There is no contract."},
			{product: "risk-scores", plan: "Partner"},
		},
	}
}

func helpDesk() app {
	return app{
		name: "Help Desk", description: "Answers telephones.", keys: []key{{name: "Desk"}},
		registrations: []registration{
			{product: "public-transport", plan: "Free"},
			{product: "customer-directory", plan: "Standard", then: is(lifecycle.Reject), reason: "Not for this purpose."},
			{product: "bank-accounts", plan: "Free"},
		},
	}
}
