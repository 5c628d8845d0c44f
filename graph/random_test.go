package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	validation "github.com/vektah/gqlparser/v2/validator/rules"

	"portico/graph"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// notInReference are the fields that random documents leave out, and why.
func notInReference() map[string]string {
	return map[string]string{
		"Query.usage":         "sums of counts have tests of their own",
		"Query.explainAccess": "the gate's checks have tests of their own",
		"Query.previewRevoke": "what would be hit has tests of its own", "Query.previewDeleteApp": "as before", "Query.previewRetireProduct": "as before", "Query.previewChangePlan": "as before",
	}
}

// comparison asks a server and the reference the same.
type comparison struct {
	w       *world
	handler http.Handler
	values  *randomValues
	// asking are those who ask, by name.
	asking map[string]*asking
}

// asking is one who asks, with the view of the schema.
type asking struct {
	*reference
	token string
	view  *ast.Schema
	own   map[nodeid.Kind][]string // the ids of what is visible
}

func newComparison(t testing.TB, url string) *comparison {
	t.Helper()
	w := newCrowdedWorld(t, url)
	whole, err := graph.WholeSchema()
	require.NoError(t, err)
	c := &comparison{w: w, handler: w.unobserved(t, graph.NewHandler), values: newRandomValues(t, w), asking: map[string]*asking{}}
	for who, token := range w.tokens {
		if _, machine := w.machines[who]; machine {
			continue // the reference is of roles; TestScopes is of tokens
		}
		ctx := portaltest.As(t, viewer.Viewer{Role: viewer.Anonymous})
		if v, person := w.people[who]; person {
			u, err := w.Client.User.Get(portaltest.System(t), v.UserID)
			require.NoError(t, err)
			ctx = w.Enter(t, u) // with what has changed
			token = w.token(t, ctx)
		} else if who == "gateway" {
			ctx = portaltest.As(t, viewer.Viewer{Role: viewer.Gateway, OrganizationID: w.one.Organization.ID})
		}
		view, err := graph.View(viewer.Current(ctx).Role)
		require.NoError(t, err)
		a := &asking{newReference(w, context.WithoutCancel(ctx), whole), token, view, nil}
		a.own, _ = a.rows.ids() // fails for those who see nothing
		c.asking[who] = a
	}
	return c
}

// difference returns how the answers to a document differ, "" if they do not.
// tooMuch reports whether the server refused the document for its cost or size.
func (c *comparison) difference(who string, doc randomDocument) (difference string, tooMuch bool) {
	a := c.asking[who]
	parsed, errs := gqlparser.LoadQueryWithRules(a.schema, doc.text, validation.NewDefaultRules())
	if errs != nil {
		return "the document is not valid: " + errs.Error(), false
	}
	got := c.ask(a.token, doc)
	c.askOthers(who, doc)
	if again := c.ask(a.token, doc); string(again.Data) != string(got.Data) || !slices.Equal(again.failed(), got.failed()) {
		return fmt.Sprintf("after others had sent it, the document is answered by\n%s\n%v\nnot\n%s\n%v", again.Data, again.failed(), got.Data, got.failed()), false
	}
	if why := got.failed(); got.Data == nil && len(why) == 1 && slices.Contains(tooMuchReasons(), why[0]) {
		return "", true
	}
	if why := a.refused(parsed, doc.variables); why != nil {
		failed := got.failed()
		if got.Data != nil || len(failed) == 0 || slices.ContainsFunc(failed, func(f string) bool { return !slices.Contains(why, strings.TrimPrefix(f, " ")) }) {
			return fmt.Sprintf("the document is not refused with %v but with %v, data %s", why, failed, got.Data), false
		}
		return "", false
	}
	data, failed := a.answer(parsed, doc.variables)
	switch why := got.failed(); {
	case string(got.Data) != data:
		return fmt.Sprintf("the data is\n%s\nnot\n%s\nerrors: %v\nnot: %v", got.Data, data, why, failed), false
	case !slices.Equal(why, failed):
		return fmt.Sprintf("the errors are\n%s\nnot\n%s", strings.Join(why, "\n"), strings.Join(failed, "\n")), false
	}
	return "", false
}

// askOthers sends a document as everybody else who shares with a viewer what is kept
// of documents.
func (c *comparison) askOthers(who string, doc randomDocument) {
	for other, a := range c.asking {
		if other != who && a.view == c.asking[who].view {
			c.ask(a.token, doc)
		}
	}
}

// tooMuchReasons are the reasons for which documents are refused that ask for too
// much.
func tooMuchReasons() []string {
	return []string{" BAD_USER_INPUT/COST", " BAD_USER_INPUT/DOCUMENT_SIZE", " BAD_USER_INPUT/DEPTH"}
}

// response is an answer with its data as it was sent.
type response struct {
	Data   json.RawMessage
	Errors []struct {
		Path       ast.Path
		Message    string
		Extensions struct{ Code, Reason string }
	}
}

func (r response) failed() (out []string) {
	for _, e := range r.Errors {
		out = append(out, fmt.Sprintf("%s %s/%s", e.Path, e.Extensions.Code, e.Extensions.Reason))
	}
	return out
}

func (c *comparison) ask(token string, doc randomDocument) (out response) {
	body, err := json.Marshal(map[string]any{"query": doc.text, "variables": doc.variables})
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		panic(w.Body.String())
	}
	return out
}

// check compares the answers to the document of a seed, and reports a difference
// with the smallest document that has one.
func (c *comparison) check(t *testing.T, who string, seed uint64) (tooMuch bool) {
	t.Helper()
	a := c.asking[who]
	schema := a.view
	if seed%8 == 7 {
		schema = a.reference.schema // with what is hidden from the viewer
	}
	doc := newRandomDocuments(seed, schema, c.values, a.own, notInReference()).next()
	difference, tooMuch := c.difference(who, doc)
	if difference == "" {
		return tooMuch
	}
	small := shrunk(schema, doc, func(d randomDocument) bool {
		difference, _ := c.difference(who, d)
		return difference != ""
	})
	difference, _ = c.difference(who, small)
	variables, err := json.Marshal(small.variables)
	require.NoError(t, err)
	t.Errorf("%s gets another answer than the reference's (seed %d):\n%s\nvariables %s\n%s", who, seed, small.text, variables, difference)
	return false
}

// share is by what to divide the number of a viewer's documents: who has not signed
// in has few fields.
func (c *comparison) share(who string) int {
	if c.asking[who].who.SignedIn() {
		return 1
	}
	return 5
}

// documentsEach returns how many documents each viewer sends:
// PORTICO_TEST_DOCUMENTS, or a few.
func documentsEach(t *testing.T) int {
	text := os.Getenv("PORTICO_TEST_DOCUMENTS")
	if text == "" {
		return 100
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// Random documents are answered like the reference answers them, byte by byte.
func TestDocumentsAreAnsweredLikeTheReference(t *testing.T) {
	n := documentsEach(t)
	testdb.Each(t, func(t *testing.T, url string) {
		c := newComparison(t, url)
		refused := 0
		for _, who := range slices.Sorted(maps.Keys(c.asking)) {
			for seed := range n / c.share(who) {
				if c.check(t, who, uint64(seed)) {
					refused++
				}
				if t.Failed() {
					return
				}
			}
		}
		t.Logf("%d of at most %d documents were refused for their cost or size", refused, n*len(c.asking))
		require.Less(t, refused, n*len(c.asking)/4, "too many documents were refused for their cost or size")
	})
}
