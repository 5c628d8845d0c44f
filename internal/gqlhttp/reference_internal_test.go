package gqlhttp

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// This is a second implementation of the price and the guard's measures, which
// expands every spread, without memory or bounds and slowly. The fuzz target
// compares the real one with it.

// spread returns the selections with every fragment expanded and inline
// fragments flattened.
func spread(set ast.SelectionSet) (out []*ast.Field) {
	for _, one := range set {
		switch one := one.(type) {
		case *ast.Field:
			out = append(out, one)
		case *ast.InlineFragment:
			out = append(out, spread(one.SelectionSet)...)
		case *ast.FragmentSpread:
			out = append(out, spread(one.Definition.SelectionSet)...)
		}
	}
	return out
}

// slowPrice is the formula of docs/cost.md for documents without introspection
// and without variables.
func slowPrice(p Prices, op *ast.OperationDefinition, variables map[string]any) *big.Int {
	sum := slowFields(p, op.SelectionSet, variables)
	if op.Operation == ast.Mutation {
		for _, f := range spread(op.SelectionSet) {
			if f.Name != "__typename" {
				sum.Add(sum, big.NewInt(int64(p.Mutation-1)))
			}
		}
	}
	return sum
}

func slowFields(p Prices, set ast.SelectionSet, variables map[string]any) *big.Int {
	sum := new(big.Int)
	for _, f := range spread(set) {
		if f.Name == "__typename" {
			continue
		}
		below := slowFields(p, f.SelectionSet, variables)
		if rows := slowRows(p, f, variables); rows > 1 {
			if below.Sign() == 0 {
				below.SetInt64(1)
			}
			below.Mul(below, big.NewInt(rows))
		}
		base := int64(1)
		if b := p.Bases[FieldName{f.ObjectDefinition.Name, f.Name}]; b > 1 {
			base = int64(b)
		}
		sum.Add(sum, below.Add(below, big.NewInt(base)))
	}
	return sum
}

func slowRows(p Prices, f *ast.Field, variables map[string]any) int64 {
	if f.Definition.Arguments.ForName("ids") != nil {
		ids, given := slowArgument(f, "ids", variables)
		if list, ok := ids.([]any); ok {
			return max(1, min(100, int64(len(list))))
		}
		if given && ids != nil {
			return 1 // one alone is a list of one
		}
		return 20
	}
	if f.Definition.Arguments.ForName("first") == nil {
		return int64(p.Length(f.ObjectDefinition.Name, f.Name))
	}
	var rows int64
	for _, name := range []string{"first", "last"} {
		a, given := slowArgument(f, name, variables)
		switch {
		case !given && name == "first" && f.Name == "top":
			rows = max(rows, 7)
		case !given || a == nil:
		default:
			n, ok := new(big.Int).SetString(fmt.Sprint(a), 10)
			if !ok || n.Sign() <= 0 || n.Cmp(big.NewInt(100)) > 0 {
				n = big.NewInt(100)
			}
			rows = max(rows, n.Int64())
		}
	}
	if rows == 0 {
		return 20
	}
	return rows
}

// slowArgument returns an argument's value. An absent variable is an argument
// that is not given.
func slowArgument(f *ast.Field, name string, variables map[string]any) (value any, given bool) {
	a := f.Arguments.ForName(name)
	switch {
	case a == nil:
		return nil, false
	case a.Value.Kind == ast.Variable:
		value, given = variables[a.Value.Raw]
		return value, given
	case a.Value.Kind == ast.NullValue:
		return nil, true
	case a.Value.Kind == ast.ListValue:
		return make([]any, len(a.Value.Children)), true
	}
	return a.Value.Raw, true
}

// slowExtent measures a selection set as the guard does.
func slowExtent(set ast.SelectionSet) (nodes, depth, fields int) {
	for _, one := range set {
		var below ast.SelectionSet
		switch one := one.(type) {
		case *ast.Field:
			n, d, _ := slowExtent(one.SelectionSet)
			nodes, depth, fields = nodes+1+n, max(depth, 1+d), fields+1
			continue
		case *ast.InlineFragment:
			below = one.SelectionSet
		case *ast.FragmentSpread:
			below = one.Definition.SelectionSet
		}
		n, d, f := slowExtent(below)
		nodes, depth, fields = nodes+1+n, max(depth, 1+d), fields+f
	}
	return nodes, depth, fields
}

// slowCounts counts aliases and directives in the text.
func slowCounts(doc *ast.QueryDocument) (aliases, directives int) {
	var walk func(set ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, one := range set {
			switch one := one.(type) {
			case *ast.Field:
				if one.Alias != one.Name {
					aliases++
				}
				directives += len(one.Directives)
				walk(one.SelectionSet)
			case *ast.InlineFragment:
				directives += len(one.Directives)
				walk(one.SelectionSet)
			case *ast.FragmentSpread:
				directives += len(one.Directives)
			}
		}
	}
	for _, op := range doc.Operations {
		directives += len(op.Directives)
		for _, v := range op.VariableDefinitions {
			directives += len(v.Directives)
		}
		walk(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		directives += len(f.Directives)
		walk(f.SelectionSet)
	}
	return aliases, directives
}

// introspects reports whether a document uses introspection, whose discount
// slowPrice does not implement.
func introspects(text string) bool {
	return strings.Contains(text, "__schema") || strings.Contains(text, "__type(") || strings.Contains(text, "__type (")
}
