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
		"Query.previewRetireProduct": preview("previewRetireProduct", "productId", "product", "appCount", ""),
	}}
}
