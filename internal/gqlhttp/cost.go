package gqlhttp

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

const (
	defaultPage = 20
	largestPage = 100
	// discount makes introspection cheaper than data, as it reads nothing: the
	// fullest usual introspection fits into the default limit of cost.
	discount = 8
)

// introspected is about how many elements a list of the schema's own
// description has. Such lists lead to one another, so that a short document
// can ask for very many.
func introspected(field string) int {
	switch field {
	case "types":
		return 150
	case "fields":
		return 12
	case "directives", "enumValues", "inputFields", "possibleTypes":
		return 6
	case "args":
		return 3
	}
	return 1
}

// PageSize is the default Options.ListSize. A field that takes first or last
// yields as many rows as it is asked for, 20 by default and never more than
// 100; one that takes ids yields one for each. Other fields yield one: what
// lies below a connection is multiplied by the connection already.
func PageSize(field *ast.Field, variables map[string]any) int {
	if field.ObjectDefinition != nil && strings.HasPrefix(field.ObjectDefinition.Name, "__") {
		return introspected(field.Name)
	}
	if field.Definition == nil {
		return 1
	}
	for _, name := range []string{"first", "last", "ids"} {
		if arg := field.Arguments.ForName(name); arg != nil {
			return argumentSize(arg.Value, variables)
		}
	}
	if field.Definition.Arguments.ForName("first") != nil {
		return defaultPage
	}
	return 1
}

// argumentSize is a number's value or a list's length, between 1 and 100. A
// variable counts as 100 while the variables are not known. Numbers out of
// range count as 100: the resolver refuses them.
func argumentSize(value *ast.Value, variables map[string]any) int {
	if value.Kind == ast.Variable && variables == nil {
		return largestPage
	}
	given, err := value.Value(variables)
	if err != nil {
		return largestPage
	}
	size := int64(largestPage)
	switch given := given.(type) {
	case nil:
		size = defaultPage
	case int64:
		size = given
	case json.Number:
		if n, err := strconv.ParseInt(given.String(), 10, 64); err == nil {
			size = n
		}
	case []any:
		size = max(int64(len(given)), 1)
	}
	if size < 1 || size > largestPage {
		return largestPage
	}
	return int(size)
}

// pricer estimates how many fields an operation resolves.
type pricer struct {
	listSize  func(*ast.Field, map[string]any) int
	variables map[string]any
	limit     int
	known     map[*ast.FragmentDefinition]int
	// schemas counts the fields that describe the whole schema.
	schemas int
}

// cost gives the estimate for one operation of a validated document, or
// limit+1 for anything above the limit.
func (h *Handler) cost(op *ast.OperationDefinition, variables map[string]any) int {
	p := &pricer{
		listSize: h.options.ListSize, variables: variables, limit: h.options.Limits.Cost,
		known: map[*ast.FragmentDefinition]int{},
	}
	return min(p.selections(op.SelectionSet), p.limit+1)
}

func (p *pricer) selections(set ast.SelectionSet) int {
	sum := 0
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			below := p.selections(s.SelectionSet)
			if below > 0 {
				below = min(below*min(p.listSize(s, p.variables), p.most()), p.most())
			}
			sum += 1 + p.priced(s, below)
		case *ast.InlineFragment:
			sum += p.selections(s.SelectionSet)
		case *ast.FragmentSpread:
			price, seen := p.known[s.Definition]
			if !seen {
				price = p.selections(s.Definition.SelectionSet)
				p.known[s.Definition] = price
			}
			sum += price
		}
		sum = min(sum, p.most())
	}
	return sum
}

// most is where counting stops: above the limit even at a discount.
func (p *pricer) most() int { return discount * (p.limit + 1) }

// priced gives what counts for a field: introspection at a discount, but the
// whole schema only once.
func (p *pricer) priced(s *ast.Field, below int) int {
	switch s.Name {
	case "__schema":
		if p.schemas++; p.schemas > 1 {
			return p.most()
		}
		return below / discount
	case "__type":
		return below / discount
	}
	return below
}
