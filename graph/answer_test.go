package graph_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/graph"
	"portico/internal/apps"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/testdb"
)

// Short queries with very large answers are refused for their cost, before
// anything is read.
func TestLargeAnswersAreRefusedForTheirCost(t *testing.T) {
	s := newServer(t, testdb.SQLite(t), database.Options{})
	tenant := s.MustTenant(t, "cost")
	token := s.token(t, tenant.Admin)
	aliases := func(n int, field string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "a%d: %s ", i, field)
		}
		return "{ " + b.String() + "}"
	}
	usage := `usage(where: {from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z", timeZone: "UTC"}, interval: HOUR) `
	for name, document := range map[string]string{
		"labels in nested pages": "{ apps(first:80){ nodes{ account{ apps(first:80){ nodes{ labels{ value } } } } } } }",
		"through edges":          "{ apps(first:80){ edges{ node{ account{ apps(last:80){ edges{ node{ labels{ value } } } } } } } } }",
		"custom fields":          "{ accounts(first:100){ nodes{ apps(first:100) { nodes { account { profile { customFields { value } } } } } } } }",
		"addresses":              "{ apps(first:100){ nodes{ credentials(first:10) { nodes { allowedAddresses } } } } }",
		"transitions":            "{ apps(first:100){ nodes{ productSubscriptions(first:100) { nodes { allowedTransitions } } } } }",
		"changes in timelines":   "{ apps(first:100){ nodes{ timeline(first:100) { nodes { changes { before after } } } } } }",
		"nodes by id":            "{ nodes(ids: [" + strings.Repeat(`"app_x" `, 100) + "]) { ... on App { credentials(first: 100) { nodes { id name username status } } } } }",
		"20 reports":             aliases(20, usage+"{ series { codes { code calls } } }"),
		"reports without series": aliases(20, usage+"{ a: topApps(first: 50) { app { name credentials(first: 100) { nodes { id } } } } }"),
		"20 lists":               aliases(20, "apps(first: 100) { nodes { labels { key value } } }"),
	} {
		a := s.ask(t, token, document, nil)
		require.Len(t, a.Errors, 1, "%s: %s", name, a.raw[:min(300, len(a.raw))])
		require.Equal(t, "COST", a.Errors[0].Extensions["limit"], name)
		require.Nil(t, a.Data, name)
	}
}

// An answer can be long although its cost is low: bytes are counted while it is
// built, whatever they come from.
func TestLongAnswersStop(t *testing.T) {
	s := newServer(t, testdb.SQLite(t), database.Options{})
	const most = 100_000
	small := s.serving(t, func(o graph.Options) (http.Handler, error) {
		o.MaxAnswer = most
		return graph.NewHandler(o)
	})
	tenant := s.MustTenant(t, "long")
	token := s.token(t, tenant.Admin)
	text := strings.Repeat("x", 2000)
	label := strings.Repeat("v", 255)
	for i := range 10 {
		_, err := s.Portal.Apps.CreateApp(tenant.Developer, apps.CreateAppInput{
			Name: "app " + strconv.Itoa(i), Description: &text, Labels: manyLabels(label),
		})
		require.NoError(t, err)
	}
	for name, document := range map[string]string{
		"texts":     "{ apps(first: 10) { nodes { account { apps(first: 10) { nodes { description } } } } } }",
		"aliases":   "{ apps(first: 10) { nodes { a: description b: description c: description d: description e: description f: description } } }",
		"labels":    "{ apps(first: 10) { nodes { labels { value } } } }",
		"timelines": "{ apps(first: 10) { nodes { timeline(first: 10) { nodes { id changes { field before after } } } account { apps(first: 5) { nodes { timeline(first: 3) { nodes { changes { after } } } } } } } } }",
	} {
		whole := s.ask(t, token, document, nil)
		require.Empty(t, whole.Errors, name)
		require.Greater(t, len(whole.raw), most, name)
		a := small.ask(t, token, document, nil)
		require.Len(t, a.Errors, 1, name)
		require.Equal(t, "TOO_LARGE", a.Errors[0].Extensions["code"], name)
		require.Equal(t, "ANSWER_BYTES", a.Errors[0].Extensions["limit"], name)
		require.Nil(t, a.Data, name)
		require.Less(t, len(a.raw), 1000, name)
	}
}

func manyLabels(value string) []domain.Label {
	out := make([]domain.Label, input.MaxLabels)
	for i := range out {
		out[i] = domain.Label{Key: "key" + strconv.Itoa(i), Value: value}
	}
	return out
}

// The problems of an input are listed up to a limit beyond which more would not
// help.
func TestUserErrorsAreBounded(t *testing.T) {
	s := newServer(t, testdb.SQLite(t), database.Options{})
	tenant := s.MustTenant(t, "errors")
	labels := make([]map[string]string, input.MaxLabels)
	for i := range labels {
		labels[i] = map[string]string{"key": "", "value": "x"}
	}
	a := s.ask(t, s.token(t, tenant.Developer), `mutation($l: [LabelInput!]) { createApp(input: {name: "x", labels: $l}) { userErrors { code } } }`, map[string]any{"l": labels})
	require.Empty(t, a.Errors)
	require.Len(t, a.Data["createApp"].(map[string]any)["userErrors"], 25)
}

// The limit is the size of the root fields' values, to the byte, whether what is
// below them is encoded directly or resolved.
func TestAnswersOfTheLimitsSizePass(t *testing.T) {
	s := newServer(t, testdb.SQLite(t), database.Options{})
	tenant := s.MustTenant(t, "exact")
	for i := range 30 {
		s.MustApp(t, tenant.Developer, fmt.Sprintf("app %d", i))
	}
	token := s.token(t, tenant.Admin)
	var fields strings.Builder
	for c := 'a'; c <= 't'; c++ {
		fmt.Fprintf(&fields, "%c: keyCounts { a: total } ", c)
	}
	document := "{ apps(first: 30) { n: nodes { " + fields.String() + "} } }"
	_, value, _ := strings.Cut(s.ask(t, token, document, nil).raw, `"data":{"apps":`)
	value, _, _ = strings.Cut(value, `},"extensions"`)
	for size, passes := range map[int]bool{len(value): true, len(value) - 1: false} {
		small := s.serving(t, func(o graph.Options) (http.Handler, error) {
			o.MaxAnswer = size
			return graph.NewHandler(o)
		})
		require.Equal(t, passes, len(small.ask(t, token, document, nil).Errors) == 0, size)
	}
}
