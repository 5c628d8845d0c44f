package gqlhttp

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

const (
	defaultPage = 20
	largestPage = 100
	// introspectionDiscount makes introspection cheaper than data, because it
	// reads no rows: the largest usual introspection query fits into the default
	// cost limit. budgetDiscount is the same for what the budget is charged:
	// editors request the whole schema whenever they are opened, without the
	// user asking for it.
	introspectionDiscount, budgetDiscount = 8, 80
	// maxCost is where sums saturate, so that they neither overflow nor leave
	// the range of a GraphQL Int.
	maxCost = math.MaxInt32
)

// FieldName names a field of the schema.
type FieldName struct{ Type, Field string }

// Prices are the parts of fields' costs that the schema's definitions do not
// determine.
type Prices struct {
	// Lengths are the greatest lengths of plain lists: those that take neither
	// first, last nor ids and are not the rows of a page. The type AnyType
	// matches every type that has a field of the name.
	Lengths map[FieldName]int
	// Bases are the fields' own costs where that is not 1.
	Bases map[FieldName]int
	// Elements are what each element of a list in a field's argument input costs beside.
	Elements map[FieldName]Element
	// Conditions are what fields of a list's argument where cost beside, wherever they
	// are given.
	Conditions map[string]int
	// Mutation is the cost of each root field of a mutation by itself; 0 means
	// 1.
	Mutation int
}

// introspectionListSize returns the approximate length of an introspection list.
// Such lists lead to one another, so a short document can request very many
// elements.
func introspectionListSize(field string) int {
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

// size returns the greatest number of elements or rows that a field can yield. A
// field with first or last yields as many as requested, 20 by default and never
// more than 100; a field with ids yields one for each. The fields below a
// connection are multiplied by the connection already.
func (p *pricer) size(field *ast.Field) int {
	if field.ObjectDefinition != nil && strings.HasPrefix(field.ObjectDefinition.Name, "__") {
		return introspectionListSize(field.Name)
	}
	if field.Definition == nil {
		return 1
	}
	asked, pages := 0, false
	for _, name := range [...]string{"first", "last", "ids"} {
		defined := field.Definition.Arguments.ForName(name)
		if defined == nil {
			continue
		}
		pages = true
		value := defined.DefaultValue
		if given := field.Arguments.ForName(name); given != nil && !p.absent(given.Value) {
			value = given.Value
		}
		if value != nil {
			asked = max(asked, p.argument(name, value))
		}
	}
	switch {
	case asked > 0:
		return asked
	case pages:
		return defaultPage
	case field.ObjectDefinition == nil:
		return 1
	}
	return max(1, p.prices.Length(field.ObjectDefinition.Name, field.Name))
}

// absent reports whether a value is a variable that the request does not have:
// the argument's default applies.
func (p *pricer) absent(value *ast.Value) bool {
	if value.Kind != ast.Variable || p.variables == nil {
		return false
	}
	p.varies = true
	_, given := p.variables[value.Raw]
	return !given
}

// argument returns the value of a number or the length of a list, clamped to
// 1–100, and 0 for null. A variable counts as 100 while the variables are
// unknown. Numbers out of range count as 100: the resolver refuses them.
func (p *pricer) argument(name string, value *ast.Value) int {
	if mentionsVariable(value) {
		p.varies = true
		if p.variables == nil && value.Kind == ast.Variable {
			return largestPage
		}
	}
	given, err := value.Value(p.variables)
	if err != nil {
		return largestPage
	}
	size := int64(largestPage)
	switch given := given.(type) {
	case nil:
		return 0
	case []any:
		return min(max(len(given), 1), largestPage)
	}
	if name == "ids" {
		return 1 // a single id is a list of one
	}
	switch given := given.(type) {
	case int64:
		size = given
	case json.Number:
		if n, err := strconv.ParseInt(given.String(), 10, 64); err == nil {
			size = n
		}
	}
	if size < 1 || size > largestPage {
		return largestPage
	}
	return int(size)
}

func mentionsVariable(value *ast.Value) bool {
	if value.Kind == ast.Variable {
		return true
	}
	for _, child := range value.Children {
		if mentionsVariable(child.Value) {
			return true
		}
	}
	return false
}

// AnyType matches every type in Prices.Lengths.
const AnyType = "*"

// Length returns the greatest length of a plain list, 0 for a field that has
// none.
func (p *Prices) Length(owner, field string) int {
	if n, ok := p.Lengths[FieldName{owner, field}]; ok {
		return n
	}
	return p.Lengths[FieldName{AnyType, field}]
}

// pricer computes the cost of an operation.
type pricer struct {
	prices    Prices
	variables map[string]any
	known     map[*ast.FragmentDefinition]int
	// varies reports whether the cost depends on variables.
	varies bool
	// introspectionDiscount is that of introspection; described is set once the whole schema
	// has been discounted.
	discount  int
	described bool
}

// price is what an operation costs and what the budget is charged for it.
type price struct{ cost, charged int }

// price returns the price of one operation of a validated document, and whether
// it depends on the variables. If variables is nil, it returns the highest price
// that any variables can lead to.
func (h *Handler) price(op *ast.OperationDefinition, variables map[string]any) (out price, varies bool) {
	out.cost, varies = h.priceAt(introspectionDiscount, op, variables)
	out.charged, _ = h.priceAt(budgetDiscount, op, variables)
	return out, varies
}

// priceAt returns the cost with the given discount of introspection.
func (h *Handler) priceAt(discount int, op *ast.OperationDefinition, variables map[string]any) (cost int, varies bool) {
	p := &pricer{prices: h.options.Prices, variables: variables, known: map[*ast.FragmentDefinition]int{}, discount: discount}
	cost = p.selections(op.SelectionSet)
	if op.Operation == ast.Mutation && p.prices.Mutation > 1 {
		cost = saturated(cost + (p.prices.Mutation-1)*countRootFields(op.SelectionSet))
	}
	return cost, p.varies
}

// countRootFields returns the number of root fields; those of a fragment count
// each time it is spread.
func countRootFields(set ast.SelectionSet) (n int) {
	for field := range roots(set) {
		if field.Name != typename {
			n++
		}
	}
	return n
}

func (p *pricer) selections(set ast.SelectionSet) int {
	sum := 0
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			sum += p.field(s)
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
		sum = saturated(sum)
	}
	return sum
}

// field returns the cost of one field and everything below it. Each element of a
// list costs at least 1; an object by itself costs nothing.
func (p *pricer) field(s *ast.Field) int {
	if s.Name == typename {
		return 0
	}
	below := p.selections(s.SelectionSet)
	if size := p.size(s); size > 1 {
		below = saturated(size * max(1, below))
	}
	if s.Name == "__schema" || s.Name == "__type" {
		return saturated(1 + p.introspection(s.Name, below))
	}
	base := 1
	if s.ObjectDefinition != nil && len(p.prices.Bases) > 0 {
		base = max(1, p.prices.Bases[FieldName{s.ObjectDefinition.Name, s.Name}])
	}
	return saturated(base + p.elements(s) + p.conditions(s) + below)
}

// introspection returns the discounted cost; the discount for the whole schema
// applies only once.
func (p *pricer) introspection(name string, below int) int {
	if name == "__schema" {
		if p.described {
			return below
		}
		p.described = true
	}
	return below / p.discount
}

func saturated(n int) int { return min(n, maxCost) }
