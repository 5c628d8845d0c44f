package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/budget"
	"portico/internal/fault"
	"portico/internal/gqlhttp"
	"portico/internal/viewer"
)

// Every list of the schema has a price: the rows of a page are multiplied by the
// page, lists that take first or ids by that, and all others have their greatest
// length in the one table.
func TestEveryListHasAPrice(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	p := prices()
	used := map[string]bool{}
	for _, d := range ours(whole) {
		for _, f := range d.Fields {
			if d.Kind == ast.InputObject || f.Type.Elem == nil || strings.HasPrefix(f.Name, "__") {
				continue
			}
			row := strings.HasSuffix(d.Name, "Connection") && (f.Name == "nodes" || f.Name == "edges")
			sized := f.Arguments.ForName("first") != nil || f.Arguments.ForName("ids") != nil
			length := p.Length(d.Name, f.Name)
			if !row && !sized && length == 0 {
				t.Errorf("the list %s.%s has no greatest length in cost.go", d.Name, f.Name)
			}
			if (row || sized) && length != 0 {
				t.Errorf("%s.%s is multiplied by its page and has a greatest length in cost.go too", d.Name, f.Name)
			}
			used[d.Name+"."+f.Name], used["*."+f.Name] = true, true
		}
	}
	for name := range p.Lengths {
		if !used[name.Type+"."+name.Field] {
			t.Errorf("cost.go prices the list %s.%s, which the schema does not have", name.Type, name.Field)
		}
	}
	require.LessOrEqual(t, len(fault.Kinds()), mostReasons)
	for name := range p.Bases {
		require.NotNil(t, whole.Types[name.Type], name)
		require.NotNil(t, whole.Types[name.Type].Fields.ForName(name.Field), name)
	}
}

// The rows of a page are below a field that takes first; otherwise nothing would
// multiply them.
func TestConnectionsAreMultipliedByTheirPages(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	for _, d := range ours(whole) {
		for _, f := range d.Fields {
			if strings.HasSuffix(f.Type.Name(), "Connection") && f.Arguments.ForName("first") == nil {
				t.Errorf("%s.%s has no first", d.Name, f.Name)
			}
		}
	}
}

// spent is a Budget that records the last cost.
type spent struct{ last gqlhttp.Cost }

func (s *spent) Take(_ context.Context, c *gqlhttp.Cost) error {
	s.last = *c
	return nil
}

func (*spent) Settle(context.Context, *gqlhttp.Cost, bool) {}

// Editors request the whole schema when opened: it is one of the most expensive
// operations that pass, and fifty times in a minute leave most of the budget.
func TestIntrospectionIsExpensiveButChargedLittle(t *testing.T) {
	document, err := os.ReadFile("../internal/gqlhttp/testdata/introspection.graphql")
	require.NoError(t, err)
	body, err := json.Marshal(map[string]string{"query": string(document)})
	require.NoError(t, err)
	purse := &spent{}
	h, err := NewHandler(Options{Budget: purse})
	require.NoError(t, err)
	for _, role := range []viewer.Role{viewer.Anonymous, viewer.Portal, viewer.Approver, viewer.Admin} {
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(viewer.NewContext(t.Context(), viewer.Viewer{Role: role})))
		require.Equal(t, http.StatusOK, w.Code)
		require.True(t, strings.HasPrefix(w.Body.String(), `{"data":`))
		c := purse.last
		require.Greater(t, c.Requested, 30_000, "the guide says some 40,000")
		require.LessOrEqual(t, c.Requested, c.Limit)
		require.InDelta(t, c.Requested/10, c.Charged, 1)
		require.Less(t, 50*c.Charged, budget.DefaultUser*3/4)
	}
}
