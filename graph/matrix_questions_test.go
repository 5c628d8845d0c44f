package graph_test

import (
	"fmt"
	"strings"
)

// question is how a field is requested, by the most direct path.
type question struct {
	// document has %s where the field goes, and takes $id.
	document string
	// specimen names the object whose id $id is; "" if there is no $id.
	specimen string
	// at is the path of the field's owner in the answer, by response names; of a
	// list the first element.
	at string
	// among is set for lists of the whole organization or account: the object
	// that must, or must not, be among the nodes.
	among string
	// vars returns the other variables.
	vars func(w *world) map[string]any
}

// of selects below a node; below are the fields on the way, separated by dots.
func of(kind, specimen, below string) question {
	open, at := "", "node"
	for _, f := range strings.FieldsFunc(below, func(r rune) bool { return r == '.' }) {
		open += f + " { "
		name, _, _ := strings.Cut(f, "(")
		at += "." + name
	}
	closing := strings.Repeat("} ", strings.Count(open, "{"))
	return question{document: "query($id: ID!) { node(id: $id) { ... on " + kind + " { " + open + "%s " + closing + "} } }", specimen: specimen, at: at}
}

// plain selects without an object's id.
func plain(document, at string) question { return question{document: document, at: at} }

// atSignIn selects inside the answer that signs the developer in.
func atSignIn(open, at string) question {
	return question{
		document: fmt.Sprintf("mutation($input: SignInInput!) { signIn(input: $input) { %s%%s%s } }", open, strings.Repeat(" }", strings.Count(open, "{"))),
		at:       "signIn" + at,
		vars:     func(w *world) map[string]any { return map[string]any{"input": w.credentials("developer")} },
	}
}

// wrongApp selects inside the answer to an invalid input.
func wrongApp(name, open, at string) question {
	return plain(fmt.Sprintf(`mutation { createApp(input: {name: %q}) { userErrors { %s } } }`, name, open), "createApp.userErrors"+at)
}

// roots returns the questions for the fields of Query and for the inputs that
// not every role may use, by section and field.
func roots() map[string]question {
	const page = " { totalCount nodes { id } edges { node { id } } } }"
	byID := func(field, specimen string) question {
		return question{document: "query($id: ID!) { " + field + "(id: $id) { id } }", specimen: specimen}
	}
	list := func(field, specimen string) question { return question{document: "{ " + field + page, among: specimen} }
	used := func(by, specimen string) question {
		return question{document: "query($id: ID!) { usage(where: {" + by + ": [$id], " + theDay + "}, interval: DAY) { total } }", specimen: specimen}
	}
	reference := question{document: "query($id: UUID!) { appByReferenceId(referenceId: $id) { id } }", specimen: "reference"}
	nodes := func(specimen string) question {
		return question{document: "query($id: ID!) { nodes(ids: [$id]) { id } }", specimen: specimen}
	}
	narrowed := func(field, typed, specimen string) question {
		return question{document: "query($id: ID!) { " + field + "(where: {" + typed + ": [$id]}, first: 100)" + page, specimen: "account", among: specimen}
	}
	return map[string]question{
		"Query.node": byID("node", "app"), "Query.nodes": nodes("app"),
		"Query.account": byID("account", "account"), "Query.accounts": list("accounts(first: 100, orderBy: {field: CREATED_AT, direction: ASC})", "account"),
		"Query.app": byID("app", "app"), "Query.appByReferenceId": reference, "Query.apps": list("apps(last: 100)", "app"),
		"Query.events":  list("events(first: 100, where: {type: [APP_UPDATED]}, orderBy: {direction: ASC})", "event"),
		"Query.product": byID("product", "product"), "Query.products": list("products(first: 100)", "product"),
		"Query.productSubscriptions": list("productSubscriptions(first: 100)", "waiting"),
		"Query.users":                list("users(first: 100)", "user"),
		"Query.viewer":               {document: "{ viewer { role } }"},
		"Query.usage":                used("appIds", "app"),
		"Query: by key.usage":        used("credentialIds", "key"),
		"Query: by product.usage":    used("productIds", "product"),
		"Query.credentialByKey":      {document: "query($id: String!) { credentialByKey(input: {key: $id}) { id } }", specimen: "username"},
		"Query.explainAccess":        explained("code", "", ""),
		"Query.serverInfo":           {document: `{ serverInfo(organization: "one") { organizationName } }`},

		"Query: private product.usage": used("productIds", "private product"), "Query: draft product.usage": used("productIds", "draft product"),
		"Query: private product.node": byID("node", "private product"), "Query: private product.nodes": nodes("private product"),
		"Query: private product.product":  byID("product", "private product"),
		"Query: private product.products": list("products(first: 100)", "private product"),
		"Query: draft product.node":       byID("node", "draft product"), "Query: draft product.nodes": nodes("draft product"),
		"Query: draft product.product":  byID("product", "draft product"),
		"Query: draft product.products": list("products(first: 100)", "draft product"),

		"AppFilter.accountIds":                 narrowed("apps", "accountIds", "app"),
		"ProductSubscriptionFilter.accountIds": narrowed("productSubscriptions", "accountIds", "waiting"),
	}
}

// theDay is the time of the world's calls, as a filter.
const theDay = `from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z", timeZone: "UTC"`

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
