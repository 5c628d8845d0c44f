package graph_test

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/nodeid"
)

// arguments returns some arguments of a field as text, "" for none, and the type
// of the object that they name. Those in decided have been, absent ones too.
func (d *randomDocuments) arguments(f *ast.FieldDefinition, decided map[string]any) (text, likely string) {
	var out []string
	order := d.usualOrder(f)
	for _, a := range f.Arguments {
		needed := a.Type.NonNull && a.DefaultValue == nil
		value, isDecided := decided[a.Name]
		switch {
		case value == any(absent{}):
			continue
		case isDecided:
		case slices.Contains([]string{"first", "last"}, a.Name) || !needed && !d.chance(3):
			continue
		case a.Name == "after" || a.Name == "before":
			value = d.cursor(order, f)
		default:
			value = d.value(f, a.Name, a.Type, 3)
		}
		if a.Name == "orderBy" {
			order = d.values.orders.by(kindOfConnection(f), parameters(orderOf(a, value)))
		}
		if id, ok := value.(string); ok && a.Name == "id" {
			k, _, _ := nodeid.Split(id)
			likely = string(k)
		}
		literal := literalOf(value)
		if d.chance(4) && literal != "null" {
			literal = d.variable(a.Type.String(), plainJSON(value), literal)
		}
		out = append(out, a.Name+": "+literal)
	}
	if len(out) == 0 {
		return "", likely
	}
	if d.chance(3) {
		d.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return "(" + strings.Join(out, ", ") + ")", likely
}

// usualOrder returns the order of a list that has no other.
func (d *randomDocuments) usualOrder(f *ast.FieldDefinition) sorted {
	switch a := f.Arguments.ForName("orderBy"); {
	case a != nil:
		order, _ := literalValue(a.DefaultValue, nil).(map[string]any)
		return d.values.orders.by(kindOfConnection(f), order)
	case f.Name == "timeline":
		return d.values.orders.by(nodeid.Event, parameters{"direction": "DESC"})
	case f.Name == "accessControlList":
		return accessOrder()
	case f.Name == "deletedApps":
		return deletionOrder()
	}
	return d.values.orders.by(kindOfConnection(f), nil)
}

// kindOfConnection returns the kind of a connection's nodes.
func kindOfConnection(f *ast.FieldDefinition) nodeid.Kind {
	return nodeid.Kind(strings.TrimSuffix(f.Type.Name(), "Connection"))
}

// orderOf returns an order with the direction that it has by default.
func orderOf(a *ast.ArgumentDefinition, value any) map[string]any {
	order, _ := plainJSON(value).(map[string]any)
	if _, has := order["direction"]; !has && order != nil {
		order["direction"] = map[bool]string{true: "DESC", false: "ASC"}[a.Type.Name() == "EventOrder"]
	}
	return order
}

// sizes returns first or last, or both, or none. Large pages and wrong sizes are
// rare.
func (d *randomDocuments) sizes(f *ast.FieldDefinition) map[string]any {
	if f.Arguments.ForName("last") == nil {
		return nil
	}
	size := func() any {
		if d.chance(25) {
			return pick(d.Rand, []any{0, -1, 101, 100, 20, 1 << 30, nil})
		}
		return 1 + d.IntN(4)
	}
	switch d.IntN(40) {
	case 0:
		return map[string]any{"first": size(), "last": size()}
	case 1, 2:
		return nil
	}
	return map[string]any{pick(d.Rand, []string{"first", "first", "last"}): size()}
}

// cursor returns a cursor for a list, mostly of a row that may be in it.
func (d *randomDocuments) cursor(o sorted, f *ast.FieldDefinition) any {
	if d.chance(25) {
		return pick(d.Rand, []any{"", "x", nil, "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
	}
	if d.chance(40) {
		o.desc = !o.desc
	}
	if rows := d.values.rows[kindOfConnection(f)]; len(rows) > 0 {
		return o.seal(d.values.w, pick(d.Rand, rows))
	}
	return ""
}
