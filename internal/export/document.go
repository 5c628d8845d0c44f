package export

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// column is a column of a table: the names that lead to a value of a row.
type column struct{ path []string }

// name returns the column's name.
func (c column) name() string { return strings.Join(c.path, ".") }

// nodeOf returns the type of the rows of a list's field.
func nodeOf(view *ast.Schema, root *ast.FieldDefinition) *ast.Definition {
	return view.Types[view.Types[root.Type.Name()].Fields.ForName("nodes").Type.Name()]
}

// prune returns the fields that a view has of a type.
func prune(view *ast.Schema, of *ast.Definition, fields ast.SelectionSet) ast.SelectionSet {
	var out ast.SelectionSet
	for _, one := range fields {
		f := *one.(*ast.Field)
		d := of.Fields.ForName(f.Name)
		if d == nil {
			continue
		}
		if f.SelectionSet != nil {
			if f.SelectionSet = prune(view, view.Types[d.Type.Name()], f.SelectionSet); f.SelectionSet == nil {
				continue
			}
		}
		out = append(out, &f)
	}
	return out
}

// columnsOf returns the columns of fields: each value is one, and each list. Without a
// view, no field is a list.
func columnsOf(fields ast.SelectionSet, view *ast.Schema, of *ast.Definition, path []string) []column {
	var out []column
	for _, one := range fields {
		f := one.(*ast.Field)
		at := append(path[:len(path):len(path)], f.Name)
		var next *ast.Definition
		listed := false
		if of != nil {
			d := of.Fields.ForName(f.Name)
			next, listed = view.Types[d.Type.Name()], d.Type.Elem != nil
		}
		if f.SelectionSet == nil || listed {
			out = append(out, column{at})
			continue
		}
		out = append(out, columnsOf(f.SelectionSet, view, next, at)...)
	}
	return out
}

// document returns the document that asks for a page of a list. Its variables have the
// names of the request's parameters, which errors repeat.
func document(l list, root *ast.FieldDefinition, fields ast.SelectionSet, q asked) string {
	variables, arguments := "$after: String", "after: $after"
	for _, p := range []struct{ name, argument, given string }{{"filter", "where", q.filter}, {"orderBy", "orderBy", q.orderBy}} {
		if p.given != "" {
			variables += fmt.Sprintf(", $%s: %s", p.name, root.Arguments.ForName(p.argument).Type)
			arguments += fmt.Sprintf(", %s: $%s", p.argument, p.name)
		}
	}
	return fmt.Sprintf("query Export_%s(%s) { %s(first: %d, %s) { nodes {%s } pageInfo { hasNextPage endCursor } } }",
		l.name, variables, l.name, l.size, arguments, text(fields))
}

// text returns the text of fields.
func text(fields ast.SelectionSet) string {
	var b strings.Builder
	for _, one := range fields {
		f := one.(*ast.Field)
		b.WriteString(" " + f.Name)
		if f.SelectionSet != nil {
			b.WriteString(" {" + text(f.SelectionSet) + " }")
		}
	}
	return b.String()
}
