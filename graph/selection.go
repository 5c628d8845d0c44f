package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/entity"
	"portico/internal/gqlhttp"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
)

// asked is what an operation selects of each type: everything it selects
// anywhere, inside fragments, under aliases or behind conditions. The whole
// operation shares its reads, so each must contain what any of its selections may
// need of a row.
type asked struct {
	columns map[nodeid.Kind][]string
	// edges are the fields that show an object which a column refers to.
	edges map[nodeid.Kind][]entity.Edge
}

// selections are what operations select.
type selections struct {
	columnsOf map[nodeid.Kind]map[string][]string
	edgesOf   map[nodeid.Kind]map[string]entity.Edge
}

func newSelections() *selections { return &selections{entity.Columns(), entity.Edges()} }

// of returns what an operation selects. It is kept with the operation's document.
func (s *selections) of(ctx context.Context, op *ast.OperationDefinition) asked {
	return gqlhttp.Kept(ctx, op, func() any {
		a := asking{
			selections: s, spread: map[*ast.FragmentDefinition]bool{},
			asked: asked{map[nodeid.Kind][]string{}, map[nodeid.Kind][]entity.Edge{}},
		}
		a.walk(op.SelectionSet)
		return a.asked
	}).(asked)
}

type asking struct {
	asked
	*selections
	// spread are the fragments that were visited: once is enough.
	spread map[*ast.FragmentDefinition]bool
}

func (a asking) walk(set ast.SelectionSet) {
	for _, one := range set {
		switch one := one.(type) {
		case *ast.Field:
			a.add(one)
			a.walk(one.SelectionSet)
		case *ast.InlineFragment:
			a.walk(one.SelectionSet)
		case *ast.FragmentSpread:
			if !a.spread[one.Definition] {
				a.spread[one.Definition] = true
				a.walk(one.Definition.SelectionSet)
			}
		}
	}
}

func (a asking) add(f *ast.Field) {
	if f.ObjectDefinition == nil {
		return
	}
	k := nodeid.Kind(f.ObjectDefinition.Name)
	for _, c := range a.columnsOf[k][f.Name] {
		if !slices.Contains(a.columns[k], c) {
			a.columns[k] = append(a.columns[k], c)
		}
	}
	if e, ok := a.edgesOf[k][f.Name]; ok && !slices.Contains(a.edges[k], e) {
		a.edges[k] = append(a.edges[k], e)
	}
}

// columns returns the columns to read of a type's rows: those that the operation
// selects, and those behind further fields. It is never empty, which would mean
// all.
func (l *loaders) columns(ctx context.Context, k nodeid.Kind, further ...string) []string {
	if l.reading != nil {
		return l.reading(k)
	}
	var out []string
	for _, f := range further {
		out = append(out, l.selections.columnsOf[k][f]...)
	}
	switch asked := l.asks(ctx, k); {
	case out != nil:
		return append(out, asked...)
	case asked != nil:
		return asked
	}
	return []string{listing.IDColumn}
}

// asks returns the columns that the operation selects of a type.
func (l *loaders) asks(ctx context.Context, k nodeid.Kind) []string { return l.askedOf(ctx).columns[k] }

func (l *loaders) askedOf(ctx context.Context) asked {
	l.asking.Do(func() { l.asked = l.selections.of(ctx, graphql.GetOperationContext(ctx).Operation) })
	return l.asked
}

// wanted returns which parts of a page the field being resolved selects. Its
// selections are those of all its merged occurrences, so no single syntax node
// has them.
func wanted(ctx context.Context) paging.Wanted {
	var w paging.Wanted
	want(&w, graphql.GetFieldContext(ctx).Field.Selections)
	return w
}

func want(w *paging.Wanted, set ast.SelectionSet) {
	for _, one := range set {
		switch one := one.(type) {
		case *ast.Field:
			w.Edges = w.Edges || one.Name == "edges"
			w.Info = w.Info || one.Name == "pageInfo"
			w.Total = w.Total || one.Name == "totalCount"
		case *ast.InlineFragment:
			want(w, one.SelectionSet)
		case *ast.FragmentSpread:
			want(w, one.Definition.SelectionSet)
		}
	}
}

// read returns the request for a page by a connection's arguments and what is
// selected below it.
func read(ctx context.Context, k nodeid.Kind, first *int, after *string, last *int, before *string) listing.Request {
	return listing.Request{
		Args:    paging.Args{First: first, After: after, Last: last, Before: before},
		Columns: loadersOf(ctx).columns(ctx, k),
		Edges:   loadersOf(ctx).edges(ctx, k),
		Wanted:  wanted(ctx),
	}
}
