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

// page is what is selected of a list at the root.
const page = " { totalCount nodes { id } edges { node { id } } } }"

// root requests an object by its id from a field of Query.
func root(field, specimen string) question {
	return question{document: "query($id: ID!) { " + field + "(id: $id) { id } }", specimen: specimen}
}

func rootNodes(specimen string) question {
	return question{document: "query($id: ID!) { nodes(ids: [$id]) { id } }", specimen: specimen}
}

// rootList requests a list of Query, among whose objects the specimen is.
func rootList(field, specimen string) question {
	return question{document: "{ " + field + page, among: specimen}
}

// narrowed requests a list of Query by a filter that takes an account's id.
func narrowed(field, filter, specimen string) question {
	return question{document: "query($id: ID!) { " + field + "(where: {" + filter + ": [$id]}, first: 100)" + page, specimen: "account", among: specimen}
}
