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
	"portico/internal/portal"
)

// asked is what an operation selects of each type: everything it selects
// anywhere, inside fragments, under aliases or behind conditions. The whole
// operation shares its reads, so each must contain what any of its selections may
// need of a row.
type asked struct {
	columns map[nodeid.Kind][]string
	// edges are the fields that show an object which a column refers to.
	edges map[nodeid.Kind][]entity.Edge
	// computed are the fields that are selected of a computedObject.
	computed map[string][]string
}

// computedObject is a type whose objects are computed from other tables and read with
// a type's rows.
type computedObject struct {
	name string
	// of is the type of the rows.
	of nodeid.Kind
	// edge returns the edge to what is asked for.
	edge func(ctx context.Context, p *portal.Portal, asked []string) listing.Edge
}

func computedObjects() []computedObject {
	return []computedObject{
		{"KeyCounts", nodeid.App, func(ctx context.Context, p *portal.Portal, asked []string) listing.Edge {
			return p.Apps.KeyCountsEdge(ctx, asked)
		}},
	}
}

// selections are what operations select.
type selections struct {
	columnsOf map[nodeid.Kind]map[string][]string
	edgesOf   map[nodeid.Kind]map[string]entity.Edge
	computed  []computedObject
}

func newSelections() *selections {
	return &selections{entity.Columns(), entity.Edges(), computedObjects()}
}

// of returns what an operation selects. It is kept with the operation's document.
func (s *selections) of(ctx context.Context, op *ast.OperationDefinition) asked {
	return gqlhttp.Kept(ctx, op, func() any {
		a := asking{
			selections: s, spread: map[*ast.FragmentDefinition]bool{},
			asked: asked{map[nodeid.Kind][]string{}, map[nodeid.Kind][]entity.Edge{}, map[string][]string{}},
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
	for _, c := range a.selections.computed {
		if name := f.ObjectDefinition.Name; c.name == name && !slices.Contains(a.asked.computed[name], f.Name) {
			a.asked.computed[name] = append(a.asked.computed[name], f.Name)
		}
	}
}

// selectsHere reports whether the field being resolved selects an object of a type, of
// the rows that it returns.
func selectsHere(ctx context.Context, name string) bool {
	return selectsOf(graphql.GetFieldContext(ctx).Field.Selections, name, graphql.GetOperationContext(ctx).Variables)
}

func selectsOf(set ast.SelectionSet, name string, variables map[string]any) bool {
	return slices.ContainsFunc(set, func(one ast.Selection) bool {
		switch one := one.(type) {
		case *ast.Field:
			row := one.Name == "nodes" || one.Name == "edges" || one.Name == "node"
			return !leftOut(one.Directives, variables) && (one.Definition.Type.Name() == name || row && selectsOf(one.SelectionSet, name, variables))
		case *ast.InlineFragment:
			return !leftOut(one.Directives, variables) && selectsOf(one.SelectionSet, name, variables)
		case *ast.FragmentSpread:
			return !leftOut(one.Directives, variables) && selectsOf(one.Definition.SelectionSet, name, variables)
		}
		return false
	})
}

// leftOut reports whether directives leave a selection out.
func leftOut(all ast.DirectiveList, variables map[string]any) bool {
	return slices.ContainsFunc(all, func(d *ast.Directive) bool {
		condition := d.ArgumentMap(variables)["if"]
		return d.Name == "skip" && condition == true || d.Name == "include" && condition == false
	})
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

// args returns the arguments of a connection.
func args(first *int, after *string, last *int, before *string) paging.Args {
	return paging.Args{First: first, After: after, Last: last, Before: before}
}

// read returns the request for a page by a connection's arguments.
func read(ctx context.Context, k nodeid.Kind, first *int, after *string, last *int, before *string) listing.Request {
	return request(ctx, k, args(first, after, last, before))
}

// request returns the request for a page of what is selected below a connection.
func request(ctx context.Context, k nodeid.Kind, a paging.Args) listing.Request {
	l := loadersOf(ctx)
	return listing.Request{Args: a, Columns: l.columns(ctx, k), Edges: l.edges(ctx, k), Wanted: wanted(ctx)}
}
