package export_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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

// docs/exports.md says which list has which columns, and for whom.
func TestColumnsAreDocumented(t *testing.T) {
	var b strings.Builder
	for _, name := range export.Names() {
		b.WriteString("| `" + name + "` | ")
		var who []string
		for _, r := range roles() {
			if published(t, r).Query.Fields.ForName(name) != nil {
				who = append(who, string(r))
			}
		}
		b.WriteString(strings.Join(who, ", ") + " |")
		for _, c := range export.Columns(published(t, viewer.Admin), name) {
			b.WriteString(" `" + c + "`")
			for _, r := range roles() {
				v := published(t, r)
				if v.Query.Fields.ForName(name) != nil && !slices.Contains(export.Columns(v, name), c) {
					b.WriteString(" (not " + string(r) + ")")
				}
			}
		}
		b.WriteString(" |\n")
	}
	text, err := os.ReadFile("../../docs/exports.md")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?s)<!-- columns: .*?-->\n.*?\n\|---\|---\|---\|\n(.*?)\n\n`).FindSubmatch(text)
	require.NotNil(t, found)
	require.Equal(t, strings.TrimSpace(b.String()), string(found[1]))
}
