package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/schema"
)

// TestEachTableDeclaresItsRetention: code is not generated for a table of which
// nobody has said how long its rows are kept.
func TestEachTableDeclaresItsRetention(t *testing.T) {
	g := graphOf(t, toaster())
	_, err := retentions(g)
	require.ErrorContains(t, err, "the table toasters: it declares no schema.Retention")
	for problem, r := range map[string]schema.Retention{
		"":                          {What: "toasters", For: time.Hour, Since: "sold_at", Job: "purge"},
		"be of one kind":            {What: "toasters", For: time.Hour, Forever: true, Since: "sold_at", Job: "purge"},
		"say what the rows are":     {Forever: true},
		"a period has a column":     {What: "toasters", Setting: "days", Job: "purge"},
		"nothing else has":          {What: "toasters", Forever: true, Job: "purge"},
		`it has no time "colour"`:   {What: "toasters", Setting: "days", Since: "colour", Job: "purge"},
		`it has no time "slots"`:    {What: "toasters", Setting: "days", Since: "slots", Job: "purge"},
		`there is no table "shops"`: {What: "toasters", With: []string{"shops"}},
	} {
		g.Nodes[0].Annotations["Retention"] = r
		got, err := retentions(g)
		if problem != "" {
			require.ErrorContains(t, err, problem)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, []kept{{r, "toasters"}}, got)
	}
}
