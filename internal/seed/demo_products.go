package seed

import (
	"slices"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
)

// demoProducts are in the order of their titles, too: the first ones need one
// approval and nothing else.
func demoProducts() []product {
	return slices.Concat(manualProducts(), automaticProducts(), specialProducts())
}

// manualProducts need an approval.
func manualProducts() []product {
	return []product{
		{name: "address-lookup", title: "Address Lookup", version: "2.1", description: "Finds and corrects postal addresses.",
			endpoints: []endpoint{get("/addresses", "Finds addresses by a part of them."), post("/addresses/corrections", "Corrects one address.")},
			plans:     []plan{{name: "Free", kind: domain.PlanFree, rate: perSecond(10), quota: aDay(10_000)}}},
		{name: "currency-rates", title: "Currency Rates", version: "1.4", description: "Exchange rates, each minute.",
			endpoints: []endpoint{get("/rates", "The rates of this minute."), get("/rates/{currency}", "One currency's rate."),
				get("/rates/{currency}/history", "One currency's rates, by the day.")},
			plans: []plan{
				{name: "Free", kind: domain.PlanFree, rate: perSecond(10), quota: aDay(5_000)},
				{name: "Business", kind: domain.PlanSubscription, rate: perSecond(50), quota: aMonth(1_000_000), price: monthly("49.00")},
			}},
		{name: "geocoding", title: "Geocoding", version: "3.0", description: "From an address to a place on the map, and back.",
			endpoints: []endpoint{get("/places", "The place of an address."), get("/places/{id}", "All about one place."),
				get("/addresses", "The address of a place.")},
			plans: []plan{
				{name: "Pay as you go", kind: domain.PlanMetered, rate: perSecond(25), quota: aMonth(5_000_000), price: perThousand("0.50")},
				{name: "Volume", kind: domain.PlanTiered, rate: perSecond(100), quota: aMonth(50_000_000), price: perThousand("0.40")},
			}},
		// Letters are really sent, so only calls of listed endpoints pass.
		{name: "mail-delivery", title: "Mail Delivery", version: "1.0", description: "Sends letters, and tells what became of them.",
			enforced: true,
			endpoints: []endpoint{post("/letters", "Sends a letter."), get("/letters/{id}", "What became of a letter."),
				{access.MethodDelete, "/letters/{id}", "Stops a letter that has not been sent."}, get("/attachments/{path...}", "A file of a letter.")},
			plans: []plan{
				{name: "Starter", kind: domain.PlanSubscription, rate: perSecond(20), quota: aMonth(50_000), price: monthly("9.90")},
				{name: "Trial", kind: domain.PlanFree, rate: perSecond(10), quota: aDay(100), approval: domain.Auto},
			}},
	}
}

// automaticProducts need no approval.
func automaticProducts() []product {
	return []product{
		{name: "public-holidays", title: "Public Holidays", version: "2026", description: "When nobody works, by country and region.",
			endpoints: []endpoint{get("/holidays/{country}", "A country's holidays."), get("/holidays/{country}/{region}", "A region's holidays.")},
			approval:  domain.Auto, plans: []plan{{name: "Free", kind: domain.PlanFree, rate: perSecond(20), quota: aWeek(250_000), quotaPer: access.QuotaPerAccount}}},
		{name: "service-status", title: "Service Status", version: "1.0", description: "What works at this moment. Anybody may ask, without a key.",
			keyless: true, endpoints: []endpoint{get("/status", "What works."), get("/incidents/{path...}", "What did not.")},
			approval: domain.Auto, plans: []plan{{name: "Open", kind: domain.PlanFree, rate: perSecond(10), quota: aDay(100_000)}}},
		{name: "tax-rates", title: "Tax Rates", version: "1.2", description: "Value added tax, by country and kind of goods.",
			endpoints: []endpoint{get("/countries/{country}/rates", "A country's rates.")},
			approval:  domain.Auto, plans: []plan{{name: "Metered", kind: domain.PlanMetered, rate: perSecond(20), quota: aMonth(2_000_000), price: perThousand("1.20")}}},
		{name: "translation", title: "Translation", version: "5.3", description: "Texts in forty languages.",
			endpoints: []endpoint{post("/translations", "Translates a text."), get("/languages", "The languages.")},
			approval:  domain.Auto, plans: []plan{
				{name: "Tiered", kind: domain.PlanTiered, rate: perSecond(15), quota: aMonth(1_000_000), price: perThousand("2.00")},
				{name: "Enterprise", kind: domain.PlanSubscription, rate: perSecond(200), quota: aMonth(20_000_000), price: monthly("990.00"), approval: domain.Manual},
			}},
	}
}

// specialProducts are hidden from some catalogues, or soon to be withdrawn.
func specialProducts() []product {
	return []product{
		{name: "vehicle-data", title: "Vehicle Data", version: "0.9", description: "Models and engines. Nothing new is added.",
			endpoints: []endpoint{{access.MethodAny, "/vehicles/{path...}", "Everything, as it always was."}}, finally: domain.Deprecated,
			plans: []plan{{name: "Legacy", kind: domain.PlanSubscription, rate: perMinute(600), quota: aMonth(500_000), price: monthly("5.00")}}},
		{name: "wallet", title: "Wallet", version: "1.0-beta", description: "Holds balances. Partners alone are approved.",
			endpoints: []endpoint{get("/balances/{account}", "What an account holds."), post("/transfers", "Moves an amount.")},
			plans:     []plan{{name: "Partner", kind: domain.PlanSubscription, rate: perSecond(30), quota: aMonth(300_000), price: monthly("199.00")}}},
		{name: "warehouse-stock", title: "Warehouse Stock", version: "0.1", description: "Not ready yet.",
			draft: true, plans: []plan{{name: "Free", kind: domain.PlanFree, rate: perSecond(10), quota: aDay(1_000)}}},
		{name: "weather-archive", title: "Weather Archive", version: "1.0", description: "The weather of the last century.",
			finally: domain.Retired, plans: []plan{{name: "Free", kind: domain.PlanFree, rate: perSecond(10), quota: aDay(1_000)}}},
	}
}
