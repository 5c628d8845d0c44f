package gqlhttp

import "github.com/vektah/gqlparser/v2/ast"

// conditions returns the price of the conditions in a list's argument where.
func (p *pricer) conditions(s *ast.Field) int {
	given := s.Arguments.ForName("where")
	if given == nil || len(p.prices.Conditions) == 0 {
		return 0
	}
	varies := mentionsVariable(given.Value)
	p.varies = p.varies || varies
	sum := 0
	if varies && p.variables == nil { // as if it had all of them
		for _, price := range p.prices.Conditions {
			sum += price
		}
		return sum
	}
	value, err := given.Value.Value(p.variables)
	if err != nil {
		return 0 // the document is refused
	}
	fields, _ := value.(map[string]any)
	for name, price := range p.prices.Conditions {
		if fields[name] != nil {
			sum += price
		}
	}
	return sum
}
