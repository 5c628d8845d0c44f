package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/graph"
	"portico/internal/apps"
	"portico/internal/database"
	"portico/internal/nodeid"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// Rows that a fragment reads for one alias contain what another alias selects of
// them.
func TestAliasesThatShareAFragmentAreComplete(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newServer(t, url, database.Options{})
		tenant := s.MustTenant(t, "share")
		id := s.MustApp(t, tenant.Developer, "one").App.GlobalID()
		name := "named"
		s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AppID: &id, Name: &name})
		a := s.ask(t, s.token(t, tenant.Developer), `query($id: ID!) {
			a: app(id: $id) { ...F }
			b: app(id: $id) { ...F credentials(first: 1) { totalCount pageInfo { hasNextPage } nodes { name } edges { cursor node { environment } } } }
			c: node(id: $id) { ... on App { ...F credentials(first: 1) { nodes { version } } } }
		} fragment F on App { credentials(first: 1) { nodes { status } } }`, map[string]any{"id": id})
		require.Empty(t, a.Errors, a.raw)
		b := a.Data["b"].(map[string]any)["credentials"].(map[string]any)
		require.EqualValues(t, 2, b["totalCount"])
		require.Equal(t, map[string]any{"hasNextPage": true}, b["pageInfo"])
		require.Equal(t, []any{map[string]any{"status": "ACTIVE", "name": name}}, b["nodes"])
		edge := b["edges"].([]any)[0].(map[string]any)
		require.NotEmpty(t, edge["cursor"])
		require.Equal(t, map[string]any{"environment": "DEVELOPMENT"}, edge["node"])
		require.JSONEq(t, `{"credentials":{"nodes":[{"status":"ACTIVE","version":1}]}}`, marshal(t, a.Data["c"]))
	})
}

// Aliases in one operation are answered as each would be alone, and as from rows
// that were read with all columns.
func TestAliasesAnswerAsIfAlone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		whole := w.serving(t, graph.NewHandlerWhole)
		ids := map[string][]string{
			"App": {w.ids["app"]}, "Account": {w.ids["account"], w.ids["other's account"]}, "Product": {w.ids["product"], w.ids["private product"]},
		}
		for i := range 3 {
			ids["App"] = append(ids["App"], w.MustApp(t, w.one.Developer, string(rune('a'+i))).App.GlobalID())
		}
		start := *seed
		if start == 0 {
			start = rand.Uint64()
		}
		t.Logf("the same documents again: go test ./graph -run TestAliasesAnswerAsIfAlone -seed=%d", start)
		answered := 0
		for role, who := range map[viewer.Role]string{viewer.Admin: "admin", viewer.Portal: "developer"} {
			d := newDocuments(t, role, start, ids)
			for range 150 {
				answered += answersAsIfAlone(t, w, whole, w.tokens[who], d.next())
			}
		}
		require.Greater(t, answered, 600, "documents that are refused show nothing")
	})
}

// seed is the seed of the random documents.
var seed = flag.Uint64("seed", 0, "seed of random documents; 0 takes a new one")

// answersAsIfAlone sends a document and each of its root fields alone, and
// returns how many answers it compared.
func answersAsIfAlone(t *testing.T, w *world, whole *server, token string, doc document) (answered int) {
	t.Helper()
	together := w.ask(t, token, doc.text, doc.variables)
	if tooLarge(together) {
		return 0
	}
	require.Empty(t, together.Errors, "%s\n%s", together.raw, doc.text)
	for alias, text := range doc.alone {
		for name, server := range map[string]*server{"alone": w.server, "with whole rows": whole} {
			alone := server.ask(t, token, text, doc.variables)
			if tooLarge(alone) {
				continue // without fragments a document is longer
			}
			require.Empty(t, alone.Errors, "%s\n%s", alone.raw, text)
			answered++
			require.JSONEq(t, marshal(t, alone.Data[alias]), marshal(t, together.Data[alias]), "%s %s in\n%s", alias, name, doc.text)
		}
	}
	return answered
}

// Each field needs exactly the columns that entity.Columns lists: selected alone, it
// is answered as from a row that was read whole.
func TestEachFieldAnswersFromItsColumns(t *testing.T) {
	testdb.Each(t, eachFieldAnswersFromItsColumns)
}

func eachFieldAnswersFromItsColumns(t *testing.T, url string) {
	w := newWorld(t, url)
	whole := w.serving(t, graph.NewHandlerWhole)
	schema, err := graph.View(viewer.Admin)
	require.NoError(t, err)
	seen := map[nodeid.Kind]int{}
	for specimen, id := range w.ids {
		kind, _, ok := nodeid.Split(id)
		def := schema.Types[string(kind)]
		if !ok || def == nil {
			continue
		}
		for _, f := range def.Fields {
			below := ""
			if d := schema.Types[f.Type.Name()]; d.Kind == "OBJECT" {
				below = " { __typename }"
				if d.Fields.ForName("nodes") != nil {
					below = " { totalCount nodes { __typename } }"
				}
				if f.Name == "viewerCan" {
					below = " {"
					for _, p := range d.Fields {
						below += " " + p.Name + " { allowed }"
					}
					below += " }"
				}
			}
			if f.Name == "enforcement" {
				continue // depends on the present time too
			}
			text := "query($id: ID!) { node(id: $id) { ... on " + string(kind) + " { " + withNeeded(f) + below + " } } }"
			one, all := w.ask(t, w.tokens["admin"], text, arguments{"id": id}), whole.ask(t, w.tokens["admin"], text, arguments{"id": id})
			require.JSONEq(t, all.raw, one.raw, "%s: %s", specimen, text)
			seen[kind]++
		}
	}
	require.GreaterOrEqual(t, len(seen), 8, "%v", seen)
}

// A row that was read without a selected column is reported and read again; it
// is never answered as empty. Without Options.Incomplete it is logged.
func TestRowsThatLackColumnsAreReadAgain(t *testing.T) {
	testdb.Each(t, rowsThatLackColumnsAreReadAgain)
}

func rowsThatLackColumnsAreReadAgain(t *testing.T, url string) {
	w := newWorld(t, url)
	var mu sync.Mutex // root fields are resolved concurrently
	var reported []string
	var log bytes.Buffer
	narrow := func(o graph.Options) (http.Handler, error) {
		o.Incomplete = func(_ context.Context, field string, k nodeid.Kind) {
			mu.Lock()
			defer mu.Unlock()
			reported = append(reported, fmt.Sprint(field, " ", k))
		}
		return graph.NewHandlerNarrow(o)
	}
	logged := func(o graph.Options) (http.Handler, error) {
		o.Incomplete, o.Log = nil, slog.New(slog.NewTextHandler(&log, nil))
		return graph.NewHandlerNarrow(o)
	}
	ask := func(s *server) string {
		a := s.ask(t, w.tokens["admin"], `query($id: ID!) { app(id: $id) { name account { name } timeline(first: 2) { edges { node { actor { user { email } } } } } }
			apps(first: 2) { nodes { version } } nodes(ids: [$id, "nonsense"]) { ... on App { description } } events(first: 1) { nodes { subject { node { id ... on App { name } } } } } }`, arguments{"id": w.ids["app"]})
		require.Empty(t, a.Errors, a.raw)
		return a.raw
	}
	require.JSONEq(t, ask(w.server), ask(w.serving(t, narrow)))
	for _, field := range []string{"Query.app App", "App.account Account", "EventEdge.node Event", "Actor.user User", "AppConnection.nodes App", "Query.nodes App"} {
		require.Contains(t, reported, field)
	}
	require.JSONEq(t, ask(w.server), ask(w.serving(t, logged)))
	require.Contains(t, log.String(), "level=ERROR")
	require.Contains(t, log.String(), "field=App.account type=Account requestId=request")
}

// tooLarge reports whether a document was refused for its size or its cost.
func tooLarge(a answer) bool {
	return len(a.Errors) > 0 && regexp.MustCompile("asks for too much|costs|too often|deeper|too many|too long").MatchString(a.Errors[0].Message)
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}
