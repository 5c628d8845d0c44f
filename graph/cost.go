package graph

import (
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/gqlhttp"
	"portico/internal/usage"
)

// codesOfAPoint is about how many verdicts the calls of a point get.
const codesOfAPoint = 4

// listSize is gqlhttp.PageSize, which cannot know the lists of a report: they
// have no arguments.
func listSize(field *ast.Field, variables map[string]any) int {
	if field.ObjectDefinition != nil {
		switch field.ObjectDefinition.Name + "." + field.Name {
		case "Usage.series":
			return usage.MaxPoints
		case "Usage.totals", "UsagePoint.codes":
			return codesOfAPoint
		}
	}
	return gqlhttp.PageSize(field, variables)
}
