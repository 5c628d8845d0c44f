package graph_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph"
	"portico/internal/portal/portaltest"
)

// place is a field of a mutation's arguments, at any depth. The tests that iterate
// over all of them cover new ones of the schema too.
type place struct {
	mutation string
	// path is the path to it; "0" is the element of a list.
	path  []string
	owner string
	field *ast.FieldDefinition
}

// name returns its name in the tables of the tests.
func (p place) name() string { return p.owner + "." + p.field.Name }

func (p place) String() string { return p.mutation + " " + strings.Join(p.path, ".") }

// places lists all of them.
func places(t testing.TB) (whole *ast.Schema, out []place) {
	t.Helper()
	whole, err := graph.WholeSchema()
	require.NoError(t, err)
	var in func(mutation string, d *ast.Definition, path []string)
	in = func(mutation string, d *ast.Definition, path []string) {
		for _, f := range d.Fields {
			at := append(append([]string(nil), path...), f.Name)
			out = append(out, place{mutation, at, d.Name, f})
			if below := whole.Types[f.Type.Name()]; below.Kind == ast.InputObject {
				if f.Type.Elem != nil {
					at = append(at, "0")
				}
				in(mutation, below, at)
			}
		}
	}
	for _, f := range whole.Mutation.Fields {
		in(f.Name, whole.Types[f.Arguments.ForName("input").Type.Name()], nil)
	}
	return whole, out
}

// put returns an input with a value at a path; the objects on the way have all
// required fields.
func put(w *world, whole *ast.Schema, d *ast.Definition, in map[string]any, path []string, v any) map[string]any {
	out := maps.Clone(in)
	f := d.Fields.ForName(path[0])
	rest, list := path[1:], false
	if len(rest) > 0 && rest[0] == "0" {
		rest, list = rest[1:], true
	}
	if len(rest) > 0 {
		below := whole.Types[f.Type.Name()]
		needed, _ := filled(w, whole, &ast.Type{NamedType: below.Name}, nil, "").(map[string]any)
		v = put(w, whole, below, needed, rest, v)
	}
	if list {
		v = []any{v}
	}
	out[f.Name] = v
	return out
}

// validInputs are the inputs of each mutation, and who sends them.
type validInputs struct {
	*world
	whole *ast.Schema
	made  map[string]arguments
}

func (b *validInputs) sender(mutation string) string {
	switch mutation {
	case "withdraw", "acceptTerms", "acceptProductTerms", "updateKeyRequest", "withdrawKeyRequest", "collectKey":
		return "developer"
	case "actAs":
		return "users:act-as"
	case "acceptInvitation", "signUp", "verifyEmail", "reportLeakedKey":
		return "anonymous"
	}
	return "admin"
}

// of returns a mutation's arguments, the same until it is used up.
func (b *validInputs) of(mutation string) arguments {
	if in, ok := b.made[mutation]; ok {
		return in
	}
	for _, section := range []string{"", ": one's own", ": as the developer", ": by the developer's token", ": for an address", ": with a link", ": who is invited", ": by anybody", ": with a code", ": for a key"} {
		if p, ok := plays()["Mutation"+section+"."+mutation]; ok {
			b.made[mutation] = p.input(b.world, b.sender(mutation))
			if mutation == "createApp" {
				b.made[mutation]["accountId"] = b.ids["account"]
			}
			return b.made[mutation]
		}
	}
	b.t.Fatalf("there is no play of %s", mutation)
	return nil
}

// send sends a mutation's input with another value at one place.
func (b *validInputs) send(p place, v any, selection string) answer {
	d := b.whole.Types[b.whole.Mutation.Fields.ForName(p.mutation).Arguments.ForName("input").Type.Name()]
	in := put(b.world, b.whole, d, b.of(p.mutation), p.path, v)
	return b.post(p.mutation, in, selection)
}

func (b *validInputs) post(mutation string, in map[string]any, selection string) answer {
	document := "mutation($in: " + strings.ToUpper(mutation[:1]) + mutation[1:] + "Input!) { " + mutation + "(input: $in) { userErrors { code field } " + selection + " } }"
	token := b.tokens[b.sender(mutation)]
	if mutation == "signOut" { // which may end the session
		u, err := b.Client.User.Get(portaltest.System(b.t), b.people[b.sender(mutation)].UserID)
		require.NoError(b.t, err)
		token = b.token(b.t, b.Enter(b.t, u))
	}
	return b.ask(b.t, token, document, map[string]any{"in": in})
}

// problem returns the first of an answer's userErrors, as "CODE a.b.c"; "" if
// none.
func (b *validInputs) problem(p place, a answer) string {
	if all := b.problems(p, a); len(all) > 0 {
		return all[0]
	}
	return ""
}

// problems returns an answer's userErrors, each as "CODE a.b.c".
func (b *validInputs) problems(p place, a answer) (all []string) {
	require.Empty(b.t, a.Errors, "%s: %s", p, a.raw)
	payload, _ := a.Data[p.mutation].(map[string]any)
	list, _ := payload["userErrors"].([]any)
	for _, x := range list {
		problem, _ := x.(map[string]any)
		var steps []string
		for _, s := range problem["field"].([]any) {
			steps = append(steps, s.(string))
		}
		all = append(all, problem["code"].(string)+" "+strings.Join(steps, "."))
	}
	return all
}
