package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entgo.io/ent/entc/gen"
	"entgo.io/ent/schema/field"

	"portico/ent/schema"
)

// entity is what the templates know of a node.
type entity struct {
	schema.Node
	// Row is the Go name of a row, and Rows is its plural.
	Row, Rows string
	Table     string
	Keys      []key
	// Behind are the columns behind each field of the type.
	Behind []behind
	// Parent is whether fields of the object are read by its id.
	Parent     bool
	References []reference
	// Edges are the fields that show the object of a reference.
	Edges []edge
}

type key struct{ Name, Column, Field, Type, Nulls string }

type behind struct {
	Field   string
	Columns []string
}

// reference is a column with the id of another node.
type reference struct {
	Kind, Field string
	Optional    bool
}

// edge is a field that shows the object which a column refers to.
type edge struct{ Field, Column, Kind string }

// nodes returns the entities that are nodes, in the order of their types.
func nodes(g *gen.Graph) ([]entity, error) {
	var out []entity
	listed := lists{}
	for _, t := range g.Nodes {
		if err := listed.add(t); err != nil {
			return nil, err
		}
	}
	for _, t := range g.Nodes {
		e := entity{Table: t.Table(), Row: t.Name, Rows: gen.Funcs["plural"].(func(string) string)(t.Name)}
		ok, err := annotation(t, e.Node.Name(), &e.Node)
		if err == nil && ok {
			err = e.complete(t, listed[e.Type])
		}
		if err != nil {
			return nil, fmt.Errorf("the node %s: %w", t.Name, err)
		}
		if ok {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b entity) int { return cmp.Compare(a.Type, b.Type) })
	for parent, names := range listed {
		if !slices.ContainsFunc(out, func(e entity) bool { return e.Type == parent }) {
			return nil, fmt.Errorf("there is no node %s that has the lists %v", parent, names)
		}
	}
	return out, nil
}

// lists are the fields with lists of other entities, by the type that has them.
type lists map[string][]string

// add adds those that an entity declares.
func (l lists) add(t *gen.Type) error {
	var n schema.Node
	if _, err := annotation(t, n.Name(), &n); err != nil {
		return err
	}
	for _, parent := range n.Of {
		l[parent] = append(l[parent], n.List)
	}
	return nil
}

// complete derives from the columns, and from the lists that are fields, what the
// templates need.
func (e *entity) complete(t *gen.Type, listed []string) error {
	columns := map[string]*gen.Field{"id": t.ID}
	for _, f := range t.Fields {
		columns[f.StorageKey()] = f
	}
	for _, o := range e.Orders {
		f, ok := columns[o.Column]
		if !ok || f.Optional != (o.Nulls != "") || f.Optional && !f.IsTime() {
			return fmt.Errorf("it cannot be ordered by %q", o.Column)
		}
		e.Keys = append(e.Keys, key{o.Name, o.Column, f.StructField(), keyType(f), string(o.Nulls)})
	}
	fields := map[string][]string{"id": nil}
	for name := range columns {
		if name != "id" {
			fields[camel(name)] = []string{name}
		}
	}
	for _, name := range listed {
		fields[name], e.Parent = nil, true
	}
	for name, needed := range e.Columns {
		fields[name] = needed
		e.Parent = e.Parent || len(needed) == 0
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		e.Behind = append(e.Behind, behind{name, fields[name]})
	}
	for _, used := range slices.Collect(maps.Values(fields)) {
		for _, c := range used {
			if columns[c] == nil {
				return fmt.Errorf("it has no column %q", c)
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(e.Refers)) {
		f, ok := columns[c]
		if !ok {
			return fmt.Errorf("it has no column %q", c)
		}
		e.References = append(e.References, reference{e.Refers[c], f.StructField(), f.Nillable})
		// The field app shows the object of the column app_id, to which ent's edge app
		// leads.
		if name, is := strings.CutSuffix(c, "_id"); is && slices.Equal(fields[camel(name)], []string{c}) && leads(t, name, c) {
			e.Edges = append(e.Edges, edge{camel(name), c, e.Refers[c]})
		}
	}
	return nil
}

// leads reports whether an edge leads to the object whose id a column has.
func leads(t *gen.Type, name, column string) bool {
	return slices.ContainsFunc(t.Edges, func(e *gen.Edge) bool {
		return e.Name == name && e.Unique && e.Field() != nil && e.Field().StorageKey() == column
	})
}

func keyType(f *gen.Field) string {
	switch {
	case f.IsTime():
		return "Time"
	case f.Type.Type == field.TypeInt64:
		return "Number"
	}
	return "Text"
}

// camel returns the name in the schema of a field that shows a column.
func camel(column string) string {
	words := strings.Split(column, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}
