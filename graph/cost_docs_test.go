package graph

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/gqlhttp"
)

// docs/cost.md contains the lengths and limits in force.
func TestCostDocsMatchTheLimits(t *testing.T) {
	text, err := os.ReadFile("../docs/cost.md")
	require.NoError(t, err)
	guide := string(text)
	p := prices()
	for name, n := range p.Lengths {
		require.Contains(t, guide, fmt.Sprintf("| `%s.%s` | %d |", name.Type, name.Field, n))
	}
	require.Equal(t, len(p.Lengths), strings.Count(section(guide, "<!-- lengths", "\n\n`*`"), "| `"))
	require.Equal(t, 1000, p.Mutation, "as the guide and the schema say")
	require.Contains(t, guide, "| the fields of a mutation | 1,000 each")
	whole, err := wholeSchema()
	require.NoError(t, err)
	require.Contains(t, whole.Types["Query"].Description, "each field of a mutation 1,000 more")
	for name, n := range longTexts() {
		require.Contains(t, guide, fmt.Sprintf("| `%s` | %d |", name, n))
	}
	require.Equal(t, len(longTexts()), strings.Count(section(guide, "<!-- texts", "\n\nAddresses"), "| `"))
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

// section returns the text between two marks.
func section(text, from, to string) string {
	_, after, _ := strings.Cut(text, from)
	out, _, _ := strings.Cut(after, to)
	return out
}
