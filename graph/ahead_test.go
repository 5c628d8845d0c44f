package graph_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph"
	"portico/internal/apps"
	"portico/internal/database"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// Every list of an object is read with the object itself. On Postgres the object and
// its lists are one statement, or a few that would be too long as one; so are those of
// an object that does not exist, whose lists nobody asks for.
func TestListsAreReadAhead(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var c counter
		s := newServer(t, url, database.Options{OnStatement: c.note})
		tenant, other := s.MustTenant(t, "ahead"), s.MustTenant(t, "other")
		p, plan := s.MustProduct(t, tenant.Admin, "product")
		a := s.MustApp(t, tenant.Developer, "app")
		id := a.App.GlobalID()
		key := s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AppID: &id})
		r := s.MustRegister(t, tenant.Developer, a.App, p, plan)
		account := s.ask(t, s.token(t, tenant.Developer), `{ viewer { account { id } } }`, nil).Data["viewer"].(map[string]any)["account"].(map[string]any)["id"].(string)
		for kind, id := range map[string]string{
			"App": id, "Account": account, "Product": p.GlobalID(), "Credential": key.Credential.GlobalID(), "ProductSubscription": r.GlobalID(),
		} {
			lists := listsOf(t, kind)
			require.NotEmpty(t, lists, kind)
			document := `query($id: ID!) { node(id: $id) { id ... on ` + kind + ` { ` + strings.Join(lists, " { totalCount nodes { id } } ") + ` { totalCount nodes { id } } } } }`
			for name, as := range map[string]string{"its organization": s.token(t, tenant.Admin), "another one": s.token(t, other.Admin)} {
				var got answer
				ask := func() { got = s.ask(t, as, document, map[string]any{"id": id}) }
				ask() // what is sent a second time is sent as one
				sent := c.during(ask)
				require.Empty(t, got.Errors, got.raw)
				require.Equal(t, name == "its organization", got.Data["node"] != nil, got.raw)
				most := 3
				switch kind {
				case "Credential":
					most = 5 // its access control list is read by statements of its own
				case "Product":
					most = 4 // its approvers and its grants, which come by other tables, have statements of their own
				}
				if strings.HasPrefix(url, "postgres") {
					require.LessOrEqual(t, len(sent), most, "%s for %s:\n%s", kind, name, strings.Join(sent, "\n"))
				}
			}
		}
	})
}

// listsOf returns the lists of a type.
func listsOf(t *testing.T, kind string) (names []string) {
	t.Helper()
	text, err := graph.SchemaFor(viewer.Admin)
	require.NoError(t, err)
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: text})
	for _, f := range schema.Types[kind].Fields {
		if strings.HasSuffix(f.Type.Name(), "Connection") {
			names = append(names, f.Name)
		}
	}
	return names
}
