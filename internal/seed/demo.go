package seed

import (
	"time"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/lifecycle"
)

// demo is the organization to look at first.
func demo() organization {
	return organization{
		slug: "demo", name: "Demo Corporation", website: "https://demo.example", support: "support@demo.example",
		zone: "Europe/Berlin", currency: "EUR",
		staff:    person{"Demo Administrator", "admin@demo.example"},
		products: demoProducts(),
		accounts: []account{acme(), globex(), {
			name: "Initrode", suspended: "The contract has ended.",
			apps: []app{{
				name: "Abandoned Experiment", credentials: []credential{{name: "First"}},
				subscriptions: []subscription{{product: "public-holidays", plan: "Free"}},
			}},
		}},
	}
}

func acme() account {
	return account{
		name: "Acme", developer: &person{"Acme Developer", "developer@demo.example"},
		profile: domain.Profile{Website: "https://acme.example", ContactEmail: "api@acme.example", Description: "Makes everything.",
			CustomFields: []domain.Label{{Key: "customerNumber", Value: "10001"}}},
		credentials: []credential{{name: "All apps", environment: access.Production}},
		apps: []app{
			{
				name: "Storefront", calls: 12_000, description: "The shop that customers see.",
				labels: []domain.Label{{Key: "team", Value: "web"}, {Key: "stage", Value: "live"}},
				credentials: []credential{
					{name: "Old production", environment: access.Production, actions: []lifecycle.CredentialAction{lifecycle.Revoke},
						reason: domain.Superseded, note: "The yearly rotation."},
					{name: "Production", environment: access.Production, life: 365 * 24 * time.Hour,
						addresses: []string{"203.0.113.0/24", "2001:db8:1::/48"}, rate: perSecond(40)},
					{name: "Staging", environment: access.Staging},
					{name: "Load test", environment: access.Staging, actions: []lifecycle.CredentialAction{lifecycle.Disable}},
					{name: "Trial", expired: true},
				},
				subscriptions: []subscription{
					{product: "currency-rates", plan: "Business", actions: actions(lifecycle.Approve)},
					{product: "geocoding", plan: "Pay as you go", actions: actions(lifecycle.Approve, lifecycle.Suspend), reason: "The last invoice is not paid."},
					{product: "public-holidays", plan: "Free"},
					{product: "wallet", plan: "Partner", actions: actions(lifecycle.Approve)},
					{product: "mail-delivery", plan: "Starter", actions: actions(lifecycle.Reject), reason: "Tell us first what you will send."},
					{product: "mail-delivery", plan: "Starter"},
				},
			},
			{
				name: "Mobile App", calls: 2_500, description: "For telephones.", labels: []domain.Label{{Key: "team", Value: "mobile"}},
				credentials: []credential{{name: "Phones", only: []string{"public-holidays", "vehicle-data"}}},
				subscriptions: []subscription{
					{product: "public-holidays", plan: "Free", endpoints: []string{"GET /holidays/{country}"}},
					{product: "vehicle-data", plan: "Legacy", actions: actions(lifecycle.Approve)},
					{product: "address-lookup", plan: "Free", actions: actions(lifecycle.Approve, lifecycle.Unregister), reason: "Not used for a year."},
					{product: "translation", plan: "Enterprise"},
				},
			},
			{name: "Prototype", description: "Registered with nothing yet.", credentials: []credential{{}}},
		},
	}
}

func globex() account {
	return account{
		name: "Globex", developer: &person{"Globex Developer", "developer@globex.example"},
		profile: domain.Profile{Website: "https://globex.example", Description: "Moves everything."},
		apps: []app{
			{
				name: "Route Planner", calls: 240, labels: []domain.Label{{Key: "stage", Value: "test"}},
				credentials: []credential{
					{name: "Leaked", actions: []lifecycle.CredentialAction{lifecycle.Revoke}, reason: domain.KeyCompromise, note: "It was in a public repository."},
					{name: "Planner"},
				},
				subscriptions: []subscription{
					{product: "weather-archive", plan: "Free", actions: actions(lifecycle.Approve, lifecycle.Unregister), reason: "The archive closes."},
					{product: "currency-rates", plan: "Free", actions: actions(lifecycle.Reject), reason: "Please take the plan Business."},
					{product: "mail-delivery", plan: "Trial", actions: actions(lifecycle.Suspend, lifecycle.Resume), reason: "Too many letters came back."},
				},
			},
			{
				name: "Fleet Dashboard", calls: 30_000, description: "Where all the trucks are.",
				credentials: []credential{
					{name: "Live", environment: access.Production},
					{name: "Fair", expired: true},
				},
				subscriptions: []subscription{
					{product: "geocoding", plan: "Volume", actions: actions(lifecycle.Approve)},
					{product: "tax-rates", plan: "Metered"},
					{product: "currency-rates", plan: "Business", actions: actions(lifecycle.Withdraw)},
					{product: "address-lookup", plan: "Free"},
				},
			},
		},
	}
}
