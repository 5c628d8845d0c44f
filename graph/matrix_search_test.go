package graph_test

import (
	"slices"
	"strings"

	"portico/ent/db"
	"portico/graph/model"
	"portico/internal/domain"
	"portico/internal/nodeid"
)

// Search is what the matrix knows of the search in everything.
func (nouns) Search() noun {
	return noun{
		values: map[string]any{"SearchResult": model.SearchResult{}},
		questions: map[string]question{
			"Query.search":                    {document: `{ search(query: "app") { query } }`},
			"SearchResult":                    {document: `{ search(query: "app") { %s } }`, at: "search"},
			"SearchResult: by a reference id": searchFor("reference"),
			"SearchResult: by a user name":    searchFor("username"),
			"SearchResult: by a product":      searchFor("searched product"),
			"SearchResult: by an account":     searchFor("searched account"),
			"SearchResult: by an address":     searchFor("searched user"),
		},
		furnish: func(w *world) {
			w.ids["searched account"], w.ids["searched user"] = w.one.Account.Name, w.credentials("developer")["email"].(string)
			a := w.askAs("admin", `query($id: ID!) { product(id: $id) { name } }`, map[string]any{"id": w.ids["product"]})
			name, _ := dig(a.Data, "product.name")
			w.ids["searched product"] = name.(string)
		},
		fields: map[string]resolver{
			"Query.search": func(q fieldRequest) (any, error) {
				text, _ := q.text("query")
				return &model.SearchResult{Query: domain.Tidy(text)}, checkSearch(text)
			},
			"SearchResult.apps":     searchOf(nodeid.App, "CREATED_AT", "DESC", foundApps),
			"SearchResult.accounts": searchOf(nodeid.Account, "NAME", "ASC", func(q fieldRequest, a *db.Account) bool { return q.object("where").searched(a.NameFolded) }),
			"SearchResult.products": searchOf(nodeid.Product, "CREATED_AT", "ASC", func(q fieldRequest, p *db.Product) bool { return q.object("where").searched(p.TitleFolded, p.Name) }),
			"SearchResult.users": searchOf(nodeid.User, "CREATED_AT", "ASC", func(q fieldRequest, u *db.User) bool {
				return q.object("where").searched(u.NameFolded, u.EmailFolded.String())
			}),
			"SearchResult.credentials": searchOf(nodeid.Credential, "CREATED_AT", "DESC", fieldRequest.credentialMatches),
		},
	}
}

// searchFor searches for a text that a specimen has.
func searchFor(specimen string) question {
	return question{document: `query($id: String!) { search(query: $id) { %s } }`, specimen: specimen, at: "search"}
}

// searchOf resolves what a search found of a kind, as the list of it has it.
func searchOf[T any](k nodeid.Kind, by, direction string, matches func(fieldRequest, T) bool) resolver {
	list := listOf(k, matches)
	return func(q fieldRequest) (any, error) {
		q.parameters["where"] = map[string]any{"search": q.parent.(*model.SearchResult).Query}
		q.parameters["orderBy"] = map[string]any{"field": by, "direction": direction}
		return list(q)
	}
}

// searched reports whether one of some folded texts contains what a filter searches for,
// if it does.
func (g parameters) searched(folded ...string) bool {
	text, ok := g.text("search")
	return !ok || slices.ContainsFunc(folded, func(f string) bool { return strings.Contains(f, domain.Fold(domain.Tidy(text))) })
}

// checkSearch refuses texts that no index finds.
func checkSearch(text string) error {
	text = domain.Tidy(text)
	if len([]rune(domain.Fold(text))) < 3 || len([]rune(text)) > 100 || strings.ContainsAny(text, "\r\n") {
		return invalidArgument()
	}
	return nil
}
