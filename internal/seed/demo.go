package seed

import (
	"time"

	"portico/internal/lifecycle"
	"portico/internal/term"
)

// demo is the organization that one looks at first.
func demo() organization {
	return organization{
		slug: "demo", name: "Demo Corporation", website: "https://demo.example", support: "support@demo.example",
		zone: "Europe/Berlin", currency: "EUR",
		staff:    person{"Demo Administrator", "admin@demo.example"},
		products: demoProducts(),
		accounts: []account{acme(), globex(), {
			name: "Initrode", suspended: "The contract has ended.",
			apps: []app{{
				name: "Abandoned Experiment", keys: []key{{name: "First"}},
				registrations: []registration{{product: "public-holidays", plan: "Free"}},
			}},
		}},
	}
}

// demoProducts are in the order of their titles, too: the first ones need one
// approval and nothing else.
func demoProducts() []product {
	return []product{
		{name: "address-lookup", title: "Address Lookup", version: "2.1", description: "Finds and corrects postal addresses.",
			plans: []plan{{name: "Free", kind: term.PlanFree, rate: perSecond(10), quota: aDay(10_000)}}},
		{name: "currency-rates", title: "Currency Rates", version: "1.4", description: "Exchange rates, each minute.",
			plans: []plan{
				{name: "Free", kind: term.PlanFree, rate: perSecond(10), quota: aDay(5_000)},
				{name: "Business", kind: term.PlanSubscription, rate: perSecond(50), quota: aMonth(1_000_000), price: monthly("49.00")},
			}},
		{name: "geocoding", title: "Geocoding", version: "3.0", description: "From an address to a place on the map, and back.",
			plans: []plan{
				{name: "Pay as you go", kind: term.PlanMetered, rate: perSecond(25), price: perThousand("0.50")},
				{name: "Volume", kind: term.PlanTiered, rate: perSecond(100), price: perThousand("0.40")},
			}},
		{name: "mail-delivery", title: "Mail Delivery", version: "1.0", description: "Sends letters, and tells what became of them.",
			auth: []term.AuthType{term.APIKey, term.Basic},
			plans: []plan{
				{name: "Starter", kind: term.PlanSubscription, rate: perSecond(20), quota: aMonth(50_000), price: monthly("9.90")},
				{name: "Trial", kind: term.PlanFree, rate: perSecond(10), quota: aDay(100), approval: term.Auto},
			}},
		{name: "public-holidays", title: "Public Holidays", version: "2026", description: "When nobody works, by country and region.",
			approval: term.Auto, plans: []plan{{name: "Free", kind: term.PlanFree, rate: perSecond(20)}}},
		{name: "tax-rates", title: "Tax Rates", version: "1.2", description: "Value added tax, by country and kind of goods.",
			approval: term.Auto, plans: []plan{{name: "Metered", kind: term.PlanMetered, rate: perSecond(20), price: perThousand("1.20")}}},
		{name: "translation", title: "Translation", version: "5.3", description: "Texts in forty languages.",
			approval: term.Auto, plans: []plan{
				{name: "Tiered", kind: term.PlanTiered, rate: perSecond(15), price: perThousand("2.00")},
				{name: "Enterprise", kind: term.PlanSubscription, rate: perSecond(200), price: monthly("990.00"), approval: term.Manual},
			}},
		{name: "vehicle-data", title: "Vehicle Data", version: "0.9", description: "Models and engines. Nothing new is added.",
			ends:  term.Deprecated,
			plans: []plan{{name: "Legacy", kind: term.PlanSubscription, rate: perMinute(600), price: monthly("5.00")}}},
		{name: "wallet", title: "Wallet", version: "1.0-beta", description: "Holds balances. By invitation.",
			visibility: term.Private, plans: []plan{{name: "Partner", kind: term.PlanSubscription, rate: perSecond(30), price: monthly("199.00")}}},
		{name: "warehouse-stock", title: "Warehouse Stock", version: "0.1", description: "Not ready yet.",
			born: term.Draft, plans: []plan{{name: "Free", kind: term.PlanFree, rate: perSecond(10)}}},
		{name: "weather-archive", title: "Weather Archive", version: "1.0", description: "The weather of the last century.",
			ends: term.Retired, plans: []plan{{name: "Free", kind: term.PlanFree, rate: perSecond(10)}}},
	}
}

func acme() account {
	return account{
		name: "Acme", developer: &person{"Acme Developer", "developer@demo.example"},
		profile: term.Profile{Website: "https://acme.example", ContactEmail: "api@acme.example", Description: "Makes everything.",
			CustomFields: []term.Label{{Key: "customerNumber", Value: "10001"}}},
		keys: []key{{name: "All apps", environment: term.Production, auth: term.Basic}},
		apps: []app{
			{
				name: "Storefront", description: "The shop that customers see.",
				labels: []term.Label{{Key: "team", Value: "web"}, {Key: "stage", Value: "live"}},
				keys: []key{
					{name: "Old production", environment: term.Production, then: []lifecycle.CredentialAction{lifecycle.Revoke},
						reason: term.Superseded, note: "The yearly rotation."},
					{name: "Production", environment: term.Production, lasts: 365 * 24 * time.Hour},
					{name: "Staging", environment: term.Staging},
					{name: "Load test", environment: term.Staging, then: []lifecycle.CredentialAction{lifecycle.Disable}},
					{name: "Trial", expired: true},
					{name: "Partner", uncollected: true},
				},
				registrations: []registration{
					{product: "currency-rates", plan: "Business", then: is(lifecycle.Approve)},
					{product: "geocoding", plan: "Pay as you go", then: is(lifecycle.Approve, lifecycle.Suspend), reason: "The last invoice is not paid."},
					{product: "public-holidays", plan: "Free"},
					{product: "wallet", plan: "Partner", then: is(lifecycle.Approve)},
					{product: "mail-delivery", plan: "Starter", then: is(lifecycle.Reject), reason: "Tell us first what you will send."},
					{product: "mail-delivery", plan: "Starter"},
				},
			},
			{
				name: "Mobile App", description: "For telephones.", labels: []term.Label{{Key: "team", Value: "mobile"}},
				keys: []key{{name: "Phones", listed: []string{"public-holidays", "vehicle-data"}}},
				registrations: []registration{
					{product: "public-holidays", plan: "Free"},
					{product: "vehicle-data", plan: "Legacy", then: is(lifecycle.Approve)},
					{product: "address-lookup", plan: "Free", then: is(lifecycle.Approve, lifecycle.Unregister), reason: "Not used for a year."},
					{product: "translation", plan: "Enterprise"},
				},
			},
			{name: "Prototype", description: "Registered with nothing yet.", keys: []key{{}}},
		},
	}
}

func globex() account {
	return account{
		name: "Globex", developer: &person{"Globex Developer", "developer@globex.example"},
		profile: term.Profile{Website: "https://globex.example", Description: "Moves everything."},
		apps: []app{
			{
				name: "Route Planner", labels: []term.Label{{Key: "stage", Value: "test"}},
				keys: []key{
					{name: "Leaked", then: []lifecycle.CredentialAction{lifecycle.Revoke}, reason: term.KeyCompromise, note: "It was in a public repository."},
					{name: "Planner"},
				},
				registrations: []registration{
					{product: "weather-archive", plan: "Free", then: is(lifecycle.Approve, lifecycle.Unregister), reason: "The archive closes."},
					{product: "currency-rates", plan: "Free", then: is(lifecycle.Reject), reason: "Please take the plan Business."},
					{product: "mail-delivery", plan: "Trial", then: is(lifecycle.Suspend, lifecycle.Resume), reason: "Too many letters came back."},
				},
			},
			{
				name: "Fleet Dashboard", description: "Where all the trucks are.",
				keys: []key{
					{name: "Live", environment: term.Production},
					{name: "Fair", expired: true},
				},
				registrations: []registration{
					{product: "geocoding", plan: "Volume", then: is(lifecycle.Approve)},
					{product: "tax-rates", plan: "Metered"},
					{product: "currency-rates", plan: "Business", then: is(lifecycle.Withdraw)},
					{product: "address-lookup", plan: "Free"},
				},
			},
		},
	}
}
