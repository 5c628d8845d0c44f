package gqlhttp

import "github.com/vektah/gqlparser/v2/ast"

// Element is a list in a field's argument input, at most 100 long, and the price of one
// of its elements.
type Element struct {
	List  string
	Price int
}

// elements returns the price of the elements of a list in a field's input.
func (p *pricer) elements(s *ast.Field) int {
	if s.ObjectDefinition == nil {
		return 0
	}
	of, ok := p.prices.Elements[FieldName{s.ObjectDefinition.Name, s.Name}]
	if !ok {
		return 0
	}
	n := largestPage // while the variables are unknown
	if given := s.Arguments.ForName("input"); given != nil {
		varies := mentionsVariable(given.Value)
		p.varies = p.varies || varies
		if !varies || p.variables != nil {
			n = lengthIn(given.Value, p.variables, of.List)
		}
	}
	return of.Price * n
}

// lengthIn returns the length of a list in an input object, from 1 to 100; what cannot
// be read counts as 100.
func lengthIn(input *ast.Value, variables map[string]any, list string) int {
	value, err := input.Value(variables)
	fields, ok := value.(map[string]any)
	if err != nil || !ok {
		return largestPage
	}
	if all, ok := fields[list].([]any); ok {
		return min(max(len(all), 1), largestPage)
	}
	return 1 // a single element is a list of one
}
