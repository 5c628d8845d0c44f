package export_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/export"
	"portico/internal/viewer"
)

// roles returns those who have lists.
func roles() []viewer.Role { return []viewer.Role{viewer.Admin, viewer.Approver, viewer.Portal} }

// Every root list of the API is exported, usage besides, and nothing else.
func TestEveryListIsExported(t *testing.T) {
	var want []string
	for _, f := range published(t, viewer.Admin).Query.Fields {
		if strings.HasSuffix(f.Type.Name(), "Connection") || f.Name == "usage" {
			want = append(want, f.Name)
		}
	}
	require.Equal(t, slices.Sorted(slices.Values(want)), export.Names())
}

// Administrators have every column, and none is a secret, or what one is recognized by.
func TestColumns(t *testing.T) {
	whole := published(t, viewer.Admin)
	for _, name := range export.Names() {
		require.True(t, export.Whole(whole, name), "%s: a column that the API has not", name)
		for _, c := range export.Columns(whole, name) {
			require.NotRegexp(t, `(?i)secret|hash|hint|password|digest|raw|pepper|sealed`, c, name)
		}
	}
}

var update = flag.Bool("update", false, "write the table of columns in docs/exports.md anew")

// docs/exports.md says which list has which columns, and for whom.
func TestColumnsAreDocumented(t *testing.T) {
	const page = "../../docs/exports.md"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), "| list | who | columns |\n|---|---|---|\n")
	require.True(t, ok)
	old, after, ok := strings.Cut(rest, "\n\n")
	require.True(t, ok)
	present := documented(t)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+"| list | who | columns |\n|---|---|---|\n"+present+"\n\n"+after), 0o644))
		return
	}
	require.Equal(t, present, old, "run: go test ./internal/export -update")
}

// documented returns the rows of the table.
func documented(t *testing.T) string {
	views := map[viewer.Role]*ast.Schema{}
	for _, r := range roles() {
		views[r] = published(t, r)
	}
	var rows []string
	for _, name := range export.Names() {
		var who []string
		for _, r := range roles() {
			if views[r].Query.Fields.ForName(name) != nil {
				who = append(who, string(r))
			}
		}
		row := "| `" + name + "` | " + strings.Join(who, ", ") + " |"
		for _, c := range export.Columns(views[viewer.Admin], name) {
			row += " `" + c + "`"
			for _, r := range who {
				if !slices.Contains(export.Columns(views[viewer.Role(r)], name), c) {
					row += " (not " + r + ")"
				}
			}
		}
		rows = append(rows, row+" |")
	}
	return strings.Join(rows, "\n")
}
