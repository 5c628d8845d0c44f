package gqlhttp

import (
	"iter"

	"github.com/vektah/gqlparser/v2/ast"
)

// typename is the field that every type has.
const typename = "__typename"

// roots yields the root fields of a validated operation, those of a fragment
// each time it is spread.
func roots(set ast.SelectionSet) iter.Seq[*ast.Field] {
	return func(yield func(*ast.Field) bool) { eachRoot(set, yield) }
}

func eachRoot(set ast.SelectionSet, yield func(*ast.Field) bool) bool {
	for _, selection := range set {
		more := true
		switch s := selection.(type) {
		case *ast.Field:
			more = yield(s)
		case *ast.InlineFragment:
			more = eachRoot(s.SelectionSet, yield)
		case *ast.FragmentSpread:
			more = eachRoot(s.Definition.SelectionSet, yield)
		}
		if !more {
			return false
		}
	}
	return true
}
