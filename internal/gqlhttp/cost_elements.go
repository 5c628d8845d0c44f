package gqlhttp

import (
	"fmt"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// Element is a list in a field's argument input, at most 100 long, and the price of one
// of its elements.
type Element struct {
	List  string
	Price int
	// Count is the field of the input that says how many there are where the list is not
	// given, 100 unless it is given either; "": one.
	Count string
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
			n = of.lengthIn(given.Value, p.variables)
		}
	}
	return of.Price * n
}

// lengthIn returns the length of the list in an input object, from 1 to 100; what cannot
// be read counts as 100.
func (e Element) lengthIn(input *ast.Value, variables map[string]any) int {
	value, err := input.Value(variables)
	fields, ok := value.(map[string]any)
	if err != nil || !ok {
		return largestPage
	}
	if fields[e.List] == nil && e.Count != "" {
		return countIn(fields[e.Count])
	}
	if all, ok := fields[e.List].([]any); ok {
		return min(max(len(all), 1), largestPage)
	}
	return 1 // a single element is a list of one
}

// countIn returns a number of elements, from 1 to 100.
func countIn(given any) int {
	if given == nil {
		return largestPage
	}
	n, err := strconv.Atoi(fmt.Sprint(given))
	if err != nil {
		return largestPage
	}
	return min(max(n, 1), largestPage)
}
