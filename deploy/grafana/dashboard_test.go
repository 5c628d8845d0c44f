// Package grafana holds dashboards. Its tests hold them against what the
// program really measures.
package grafana_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"portico/internal/gateway"
)

// dashboard is what the tests read of one.
type dashboard struct {
	SchemaVersion int     `json:"schemaVersion"`
	Panels        []panel `json:"panels"`
	Templating    struct {
		List []struct {
			Definition string `json:"definition"`
		} `json:"list"`
	} `json:"templating"`
}

type panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Targets     []struct {
		Expr string `json:"expr"`
	} `json:"targets"`
}

func load(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile("portico-gate.json")
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(text, &d))
	return d
}

// measured are the names that the gate registers.
func measured(t *testing.T) []string {
	t.Helper()
	r := prometheus.NewRegistry()
	require.NotNil(t, gateway.NewMetrics(r))
	all := make(chan *prometheus.Desc)
	go func() {
		defer close(all)
		r.Describe(all)
	}()
	var names []string
	for one := range all {
		names = append(names, regexp.MustCompile(`fqName: "(\w+)"`).FindStringSubmatch(one.String())[1])
	}
	slices.Sort(names)
	require.NotEmpty(t, names)
	return slices.Compact(names)
}

// shown are the metrics that a dashboard asks for; of a histogram, its name.
func shown(d dashboard, known []string) []string {
	var queries []string
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			queries = append(queries, target.Expr)
		}
	}
	for _, variable := range d.Templating.List {
		queries = append(queries, variable.Definition)
	}
	names := regexp.MustCompile(`\bportico_\w+`).FindAllString(strings.Join(queries, "\n"), -1)
	for i, name := range names {
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if whole, ok := strings.CutSuffix(name, part); ok && slices.Contains(known, whole) {
				names[i] = whole
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// A panel over a metric that nobody writes stays empty, and looks like peace.
func TestMetricsExist(t *testing.T) {
	known := measured(t)
	names := shown(load(t), known)
	require.NotEmpty(t, names)
	require.Subset(t, known, names)
}

// What is measured of the gate is shown: one more metric needs a panel.
func TestMetricsAreShown(t *testing.T) {
	known := measured(t)
	require.Subset(t, shown(load(t), known), known)
}

// The page for operators names what there is, and all of it.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/gateways-runbook.md")
	require.NoError(t, err)
	names := regexp.MustCompile(`\bportico_gate_\w+`).FindAllString(string(page), -1)
	slices.Sort(names)
	require.Equal(t, measured(t), slices.Compact(names))
}

func TestPanels(t *testing.T) {
	d := load(t)
	require.GreaterOrEqual(t, d.SchemaVersion, 42)
	seen := map[int]bool{}
	for _, p := range d.Panels {
		require.False(t, seen[p.ID], "two panels have the id %d", p.ID)
		seen[p.ID] = true
		require.NotEmpty(t, p.Title)
		if p.Type == "row" {
			continue
		}
		require.NotEmpty(t, p.Description, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			for open, shut := range map[string]string{"(": ")", "{": "}", "[": "]"} {
				require.Equal(t, strings.Count(target.Expr, open), strings.Count(target.Expr, shut), target.Expr)
			}
		}
	}
}
