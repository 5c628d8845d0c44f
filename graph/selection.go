package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/portal"
)

// selection is what a field of the request asks for of the rows behind it.
type selection struct {
	columns []string
	wanted  paging.Wanted
}

// selected looks below the field that is being resolved: the columns that the
// asked-for fields of a type are made of, and what is wanted of the page they
// are on. It is looked up once for each field of the request.
func selected(ctx context.Context, k nodeid.Kind) selection {
	field := graphql.GetFieldContext(ctx).Field
	l := loadersOf(ctx)
	key := selectionKey{field.Field, k}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := l.selections[key]; ok {
		return s
	}
	s := selection{columns: []string{"id"}}
	known := columnsOf[k]
	walk(field.Selections, string(k), func(f *ast.Field) { s.add(f, known, string(k)) })
	l.selections[key] = s
	return s
}

// selectionKey is a field of the request and the type looked for below it.
type selectionKey struct {
	field *ast.Field
	kind  nodeid.Kind
}

func (s *selection) add(f *ast.Field, known map[string][]string, typeName string) {
	if f.ObjectDefinition == nil {
		return
	}
	switch f.ObjectDefinition.Name {
	case typeName:
		s.columns = append(s.columns, known[f.Name]...)
		return
	case typeName + "Connection":
		s.wanted.Edges = s.wanted.Edges || f.Name == "edges"
		s.wanted.Info = s.wanted.Info || f.Name == "pageInfo"
		s.wanted.Total = s.wanted.Total || f.Name == "totalCount"
	case typeName + "Edge":
	default:
		return
	}
	walk(f.SelectionSet, typeName, func(below *ast.Field) { s.add(below, known, typeName) })
}

// walk visits the fields of a selection, those inside fragments too.
func walk(set ast.SelectionSet, typeName string, visit func(*ast.Field)) {
	for _, one := range set {
		switch one := one.(type) {
		case *ast.Field:
			visit(one)
		case *ast.InlineFragment:
			walk(one.SelectionSet, typeName, visit)
		case *ast.FragmentSpread:
			walk(one.Definition.SelectionSet, typeName, visit)
		}
	}
}

// read makes a service's Read of a connection's arguments and what is asked
// for below it.
func read(ctx context.Context, k nodeid.Kind, first *int, after *string, last *int, before *string) portal.Read {
	s := selected(ctx, k)
	return portal.Read{
		Args:    paging.Args{First: first, After: after, Last: last, Before: before},
		Columns: s.columns,
		Wanted:  s.wanted,
	}
}
