package graph_test

import "strings"

// Calls is what the matrix knows of reports, quotas and explanations of calls.
func (nouns) Calls() noun {
	const passing = `, address: "192.0.2.9"`
	return noun{questions: map[string]question{
		"Usage":         reported("", ""),
		"UsagePoint":    reported("series { ", ".series"),
		"CodeCount":     reported("totals { ", ".totals"),
		"AppCalls":      reported("topApps { ", ".topApps"),
		"UpstreamCalls": reported("upstream { ", ".upstream"),
		"Enforcement":   of("Credential", "key", "enforcement"),
		"QuotaUse":      of("ProductSubscription", "approved", "quota"),

		"EndpointQuotaUse": of("ProductSubscription", "approved", "endpointQuotas"),
		"SpendingUse":      of("ProductSubscription", "approved", "spending"),

		"AccessExplanation":          explained("%s", passing, ""),
		"AccessExplanation: refused": explained("%s", "", ""),
		"AccessStep":                 explained("steps { %s }", passing, ".steps"),
		"AccessStep: failed":         explained("failed { %s }", "", ".failed"),
		"AccessLimits":               explained("limits { %s }", passing, ".limits"),
		"LimitWindow":                explained("limits { quota { %s } }", passing, ".limits.quota"),

		"Query.usage":                  used("appIds", "app"),
		"Query: by key.usage":          used("credentialIds", "key"),
		"Query: by product.usage":      used("productIds", "product"),
		"Query: private product.usage": used("productIds", "private product"),
		"Query: draft product.usage":   used("productIds", "draft product"),
		"Query.explainAccess":          explained("code", "", ""),
	}}
}

// theDay is the time of the world's calls, as a filter.
const theDay = `from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z", timeZone: "UTC"`

// used selects the total of a report of one object's calls.
func used(by, specimen string) question {
	return question{document: "query($id: ID!) { usage(where: {" + by + ": [$id], " + theDay + "}, interval: DAY) { total } }", specimen: specimen}
}

// reported selects inside a report of the app's calls.
func reported(open, at string) question {
	return question{
		document: "query($id: ID!) { usage(where: {appIds: [$id], " + theDay + "}, interval: DAY) { " + open + "%s" + strings.Repeat(" }", strings.Count(open, "{")) + " } }",
		specimen: "app", at: "usage" + at,
	}
}

// explained selects inside the explanation of a call with the credential, which
// passes with an address of its network.
func explained(selection, address, at string) question {
	return question{
		document: `query($id: ID!, $product: String!) { explainAccess(input: {credentialId: $id, product: $product, method: "GET", path: "/orders/7"` + address + `}) { ` + selection + ` } }`,
		specimen: "key", at: "explainAccess" + at,
		vars: func(w *world) map[string]any { return map[string]any{"product": w.productName("private product")} },
	}
}
