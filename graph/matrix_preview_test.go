package graph_test

// Preview is what the matrix knows of what actions would hit.
func (nouns) Preview() noun {
	preview := func(name, id, specimen, selection, at string) question {
		return question{document: "query($id: ID!) { " + name + "(" + id + ": $id) { " + selection + " } }", specimen: specimen, at: at}
	}
	return noun{questions: map[string]question{
		"Impact":                     preview("previewDeleteApp", "appId", "app", "%s", "previewDeleteApp"),
		"Query.previewDeleteApp":     preview("previewDeleteApp", "appId", "app", "appCount", ""),
		"Query.previewRevoke":        preview("previewRevoke", "credentialId", "key", "credentialCount", ""),
		"PlanChangePreview":          previewPlan("%s", "previewChangePlan"),
		"Query.previewChangePlan":    previewPlan("needsApproval", ""),
		"Query.previewRetireProduct": preview("previewRetireProduct", "productId", "product", "appCount", ""),
	}}
}

// previewPlan asks about the other plan of the product that the approved subscription is to.
func previewPlan(selection, at string) question {
	return question{
		document: "query($id: ID!, $plan: ID!) { previewChangePlan(subscriptionId: $id, planId: $plan) { " + selection + " } }", specimen: "approved", at: at,
		vars: func(w *world) map[string]any {
			return map[string]any{"plan": w.ids["other plan of the private product"]}
		},
	}
}
