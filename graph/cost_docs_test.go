package graph

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/gqlhttp"
)

// docs/cost.md contains the lengths and limits in force.
func TestCostDocsMatchTheLimits(t *testing.T) {
	text, err := os.ReadFile("../docs/cost.md")
	require.NoError(t, err)
	guide, p := string(text), prices()
	lengths := map[string]int{}
	for name, n := range p.Lengths {
		lengths[name.Type+"."+name.Field] = n
	}
	printed := replaced(replaced(guide, "<!-- lengths", "\n\n`*`", lengths), "<!-- texts", "\n\nURLs", longTexts())
	if *update {
		require.NoError(t, os.WriteFile("../docs/cost.md", []byte(printed), 0o644))
		guide = printed
	}
	require.Equal(t, printed, guide, "make generate prints the lengths and texts into docs/cost.md")
	require.Equal(t, 1000, p.Mutation, "as the guide and the schema say")
	require.Contains(t, guide, "| the fields of a mutation | 1,000 each")
	whole, err := wholeSchema()
	require.NoError(t, err)
	require.Contains(t, whole.Types["Query"].Description, "each field of a mutation 1,000 more")
	l := gqlhttp.DefaultLimits()
	limits := map[gqlhttp.LimitName]int{
		gqlhttp.LimitBodyBytes: int(l.BodyBytes), gqlhttp.LimitBodyDepth: l.Nesting, gqlhttp.LimitBodyValues: l.Values,
		gqlhttp.LimitDocumentBytes: l.TextBytes, gqlhttp.LimitTokens: l.Tokens, gqlhttp.LimitNameBytes: l.Name,
		gqlhttp.LimitOperations: l.Operations, gqlhttp.LimitFragments: l.Fragments, gqlhttp.LimitRootFields: l.RootFields,
		gqlhttp.LimitDepth: l.Depth, gqlhttp.LimitSelections: l.Nodes, gqlhttp.LimitAliases: l.Aliases,
		gqlhttp.LimitDirectives: l.Directives, gqlhttp.LimitRepetitions: l.Pairs, gqlhttp.LimitValueDepth: l.Nesting,
		gqlhttp.LimitCost: l.Cost, gqlhttp.LimitAnswerBytes: l.AnswerBytes,
	}
	for name, n := range limits {
		require.Contains(t, guide, fmt.Sprintf("| `%s` | %d |", name, n))
	}
	require.Equal(t, len(limits), strings.Count(section(guide, "<!-- limits", "\n\n##"), "\n| `")-1)
}

// replaced returns a text with the rows of a table, between two marks, replaced
// by those of a map, in the order of its keys.
func replaced(text, from, to string, by map[string]int) string {
	old := section(text, from, to)
	head, _, _ := strings.Cut(old, "|---|---|")
	var out strings.Builder
	out.WriteString(head + "|---|---|")
	for _, name := range slices.Sorted(maps.Keys(by)) {
		fmt.Fprintf(&out, "\n| `%s` | %d |", name, by[name])
	}
	return strings.Replace(text, from+old+to, from+out.String()+to, 1)
}

// section returns the text between two marks.
func section(text, from, to string) string {
	_, after, begins := strings.Cut(text, from)
	out, _, ends := strings.Cut(after, to)
	if !begins || !ends {
		panic(fmt.Sprintf("docs/cost.md has no %q before %q", from, to))
	}
	return out
}
