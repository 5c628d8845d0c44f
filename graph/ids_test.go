package graph_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// TestIDsFollowOneRule applies the rule of docs/errors.md to every mutation
// and every id of its input: unknown, malformed and of another kind.
func TestIDsFollowOneRule(t *testing.T) {
	whole, err := graph.WholeSchema()
	require.NoError(t, err)
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		known := targets()
		for _, f := range whole.Mutation.Fields {
			target, ok := known[f.Name]
			require.True(t, ok, "say what %s is about", f.Name)
			delete(known, f.Name)
			in := whole.Types[f.Arguments.ForName("input").Type.Name()]
			for _, field := range in.Fields {
				if field.Type.Name() != "ID" {
					continue
				}
				// The target of a key for a whole account is the account, and who acts for
				// somebody in an account learns of neither more.
				about := field.Name == target || (f.Name == "generateKey" || f.Name == "actAs") && field.Name == "accountId"
				for _, id := range []string{madeUp(w.ids[samples()[field.Name]]), "", "nonsense", "app_" + strings.Repeat("z", 200), w.ids["staff"] + "x", w.ids["organization"]} {
					judgeID(t, w, f, field, id, about)
				}
			}
			require.True(t, target == "" || in.Fields.ForName(target) != nil, "%s has no %s", f.Name, target)
		}
		require.Empty(t, known, "these mutations are gone")
	})
}

// forDevelopers reports whether only developers may use a mutation.
func forDevelopers(f *ast.FieldDefinition) bool {
	d := f.Directives.ForName("hasRole")
	return d != nil && names(d, viewer.Portal) && !names(d, viewer.Admin)
}

// judgeID sends an input that is valid but for one id.
func judgeID(t *testing.T, w *world, f, field *ast.FieldDefinition, id string, about bool) {
	t.Helper()
	who, in := "admin", arguments{}
	switch p, ok := plays()["Mutation."+f.Name]; {
	case forDevelopers(f):
		who, in = "developer", p.input(w, "developer")
	case f.Name == "actAs": // only tokens do
		who, in = "users:act-as", p.input(w, who)
	case f.Name == "signIn":
		who, in = "anonymous", w.credentials("developer")
	case f.Name == "switchAccount": // staff have none
		who = "developer"
	case ok:
		in = p.input(w, who)
	}
	if f.Name == "generateKey" && field.Name == "accountId" {
		delete(in, "appId")
	}
	if field.Name == "removeProductIds" { // only a key that the app has is taken products from
		in = w.aboutOldKey(f.Name)
	}
	in[field.Name] = id
	want := field.Name
	if field.Type.Elem != nil {
		in[field.Name], want = []string{id}, field.Name+".0"
	}
	selection := "userErrors { code field }"
	each := about && field.Type.Elem != nil && f.Name != "acceptProductTerms" // which is for all or none
	if each {                                                                 // a result for each
		selection = "results { error { code } }"
	}
	a := w.ask(t, w.tokens[who], "mutation($in: "+f.Arguments.ForName("input").Type.String()+") { "+f.Name+"(input: $in) { "+selection+" } }", map[string]any{"in": in})
	sent, _ := json.Marshal(in)
	if each {
		code, _ := dig(a.Data, f.Name+".results.error.code")
		require.Equal(t, "NOT_FOUND", code, "%s %s: %s", f.Name, sent, a.raw)
		return
	}
	if about {
		require.Len(t, a.Errors, 1, "%s %s: %s", f.Name, sent, a.raw)
		require.Equal(t, "NOT_FOUND", a.Errors[0].Extensions["code"], "%s %s: %s", f.Name, sent, a.raw)
		return
	}
	require.Empty(t, a.Errors, "%s %s: %s", f.Name, sent, a.raw)
	code, _ := dig(a.Data, f.Name+".userErrors.code")
	path, _ := dig(a.Data, f.Name+".userErrors")
	require.Equal(t, "UNKNOWN_REFERENCE", code, "%s %s: %s", f.Name, sent, a.raw)
	first, _ := path.([]any)[0].(map[string]any)
	steps := []string{}
	for _, s := range first["field"].([]any) {
		steps = append(steps, s.(string))
	}
	require.True(t, slices.Equal(strings.Split(want, "."), steps), "%s %s: %s", f.Name, sent, a.raw)
}
