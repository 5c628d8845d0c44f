package graph_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/nodeid"
)

// crawler follows everything that a viewer's schema leads to: every list at the
// root, page by page, and all fields and lists of every object that was found or
// whose id was known before.
type crawler struct {
	*world
	who    string
	schema *ast.Schema
	// found are the ids in any answer, wherever they occurred; todo are those
	// not visited yet.
	found map[string]bool
	todo  []string
	text  strings.Builder
}

// opaque matches what may be an opaque id.
var opaque = regexp.MustCompile(`\b[a-z]+_[0-9A-Za-z]{22}\b`)

// crawl starts with the root fields and with ids that the viewer has learned,
// whether of own objects or not.
func crawl(w *world, who string, schema *ast.Schema, known []string) *crawler {
	w.t.Helper()
	c := &crawler{world: w, who: who, schema: schema, found: map[string]bool{}, todo: known}
	for _, f := range schema.Query.Fields {
		if c.connection(f) {
			c.list(f, "", func(list string) string { return "query($after: String) { " + list + " }" }, nil)
		}
	}
	viewerFields := schema.Types["Viewer"].Fields
	c.send("{ viewer { "+c.everything(viewerFields, 2)+" } }", nil)
	c.list(viewerFields.ForName("accounts"), "viewer.", func(list string) string { return "query($after: String) { viewer { " + list + " } }" }, nil)
	for len(c.todo) > 0 {
		id := c.todo[0]
		c.todo = c.todo[1:]
		c.look(id)
	}
	return c
}

// look selects all of an object.
func (c *crawler) look(id string) {
	c.t.Helper()
	kind, _, ok := nodeid.Split(id)
	d := c.schema.Types[string(kind)]
	if !ok || d == nil {
		return
	}
	on := func(selection string) string {
		return "($id: ID!) { node(id: $id) { ... on " + d.Name + " { " + selection + " } } }"
	}
	vars := map[string]any{"id": id}
	a := c.send("query"+on(c.everything(d.Fields, 3)), vars)
	if a.Data["node"] == nil {
		return
	}
	for _, f := range d.Fields {
		if c.connection(f) {
			c.list(f, "node.", func(list string) string { return strings.Replace("query"+on(list), "(", "($after: String, ", 1) }, vars)
		}
	}
}

// list reads a whole list, a few at a time, and compares its count with what it
// returned.
func (c *crawler) list(f *ast.FieldDefinition, at string, in func(string) string, vars map[string]any) {
	c.t.Helper()
	const page = 4
	node := "id"
	if f.Type.Name() == "GatewayConnection" { // a gateway has its token's
		node = "serviceToken { id }"
	}
	document := in(fmt.Sprintf("%s(first: %d, after: $after) { totalCount nodes { %s } edges { node { %s } } pageInfo { hasNextPage endCursor } }", f.Name, page, node, node))
	with := map[string]any{"after": nil}
	for k, v := range vars {
		with[k] = v
	}
	for n := 0; ; {
		a := c.send(document, with)
		value, _ := dig(a.Data, at+f.Name)
		if value == nil {
			return // anonymous, or no such object
		}
		list := value.(map[string]any)
		n += len(list["nodes"].([]any))
		info := list["pageInfo"].(map[string]any)
		if info["hasNextPage"] != true {
			require.EqualValues(c.t, n, list["totalCount"], "%s: %s counts what it does not give", c.who, document)
			return
		}
		with["after"] = info["endCursor"]
	}
}

// everything selects all fields but lists, down to a depth.
func (c *crawler) everything(fields ast.FieldList, depth int) string {
	out := []string{"__typename"}
	for _, f := range fields {
		d := c.schema.Types[f.Type.Name()]
		switch {
		case strings.HasPrefix(f.Name, "__") || c.connection(f):
		case !d.IsCompositeType():
			out = append(out, withNeeded(f))
		case d.Kind == ast.Interface:
			out = append(out, f.Name+" { id }")
		case depth > 1:
			out = append(out, withNeeded(f)+" { "+c.everything(d.Fields, depth-1)+" }")
		case d.Fields.ForName("id") != nil:
			out = append(out, f.Name+" { id }")
		}
	}
	return strings.Join(out, " ")
}

// withNeeded returns a field with the arguments that it needs: numbers, of which 1 will do,
// and the name of the product that everybody sees, or an operation of its document.
func withNeeded(f *ast.FieldDefinition) string {
	var needed []string
	for _, a := range f.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil {
			value := "1"
			switch {
			case a.Type.Name() != "String":
			case a.Name == "method":
				value = `"GET"`
			case a.Name == "path":
				value = `"/orders"`
			default:
				value = strconv.Quote(shownProduct)
			}
			needed = append(needed, a.Name+": "+value)
		}
	}
	if needed == nil {
		return f.Name
	}
	return f.Name + "(" + strings.Join(needed, ", ") + ")"
}

func (c *crawler) connection(f *ast.FieldDefinition) bool {
	return strings.HasSuffix(f.Type.Name(), "Connection")
}

// send sends a document, and records every id in the answer.
func (c *crawler) send(document string, vars map[string]any) answer {
	c.t.Helper()
	a := c.askAs(c.who, document, vars)
	require.Empty(c.t, a.Errors, "%s: %s %v: %s", c.who, document, vars, a.raw)
	c.text.WriteString(a.raw)
	for _, id := range opaque.FindAllString(a.raw, -1) {
		if _, _, ok := nodeid.Split(id); ok && !c.found[id] {
			c.found[id] = true
			c.todo = append(c.todo, id)
		}
	}
	return a
}

// ids returns the ids found, of one kind, sorted.
func (c *crawler) ids(kind nodeid.Kind) []string {
	var out []string
	for id := range c.found {
		if k, _, _ := nodeid.Split(id); k == kind {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}
