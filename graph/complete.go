package graph

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"

	"github.com/99designs/gqlgen/graphql"

	"portico/graph/model"
	"portico/internal/entity"
	"portico/internal/nodeid"
)

// row is a row of the database that resolves the fields of an object.
type row interface {
	model.Node
	NodeKind() nodeid.Kind
	GlobalID() string
	// Lacks reports whether the row was read without one of the columns.
	Lacks(columns []string) bool
}

// completer is a middleware that checks the rows which resolvers return: a row
// that was read without a selected column would answer it as empty. It reads
// such a row again and reports it, because a resolver has omitted something.
type completer struct {
	entities entity.Reader
	report   func(ctx context.Context, field string, k nodeid.Kind)
	nodes    reflect.Type // model.Node
}

func newCompleter(o Options) completer {
	c := completer{o.Entities, o.Incomplete, reflect.TypeFor[model.Node]()}
	if c.report == nil {
		c.report = func(ctx context.Context, field string, k nodeid.Kind) {
			o.Log.LogAttrs(ctx, slog.LevelError, "a row was read without columns that are asked for, and is read again",
				slog.String("field", field), slog.String("type", string(k)), slog.String("requestId", o.RequestID(ctx)))
		}
	}
	return c
}

// around resolves a field.
func (c completer) around(ctx context.Context, next graphql.Resolver) (any, error) {
	out, err := next(ctx)
	if err != nil {
		return out, err
	}
	if r, ok := out.(row); ok {
		return c.whole(ctx, r)
	}
	if list := reflect.ValueOf(out); list.Kind() == reflect.Slice && list.Type().Elem().Implements(c.nodes) {
		return c.list(ctx, list)
	}
	return out, nil
}

// list completes the rows of a list. The list may be shared, so it is copied if
// one of them is replaced.
func (c completer) list(ctx context.Context, list reflect.Value) (any, error) {
	copied := false
	for i := range list.Len() {
		one, ok := list.Index(i).Interface().(row)
		if !ok {
			continue
		}
		full, err := c.whole(ctx, one)
		if err != nil {
			return nil, err
		}
		if full == one {
			continue
		}
		if !copied {
			list, copied = reflect.AppendSlice(reflect.MakeSlice(list.Type(), 0, list.Len()), list), true
		}
		list.Index(i).Set(reflect.ValueOf(full))
	}
	return list.Interface(), nil
}

// whole returns the row itself, or a complete one in its place. The row may be
// in use elsewhere, so it is not changed.
func (c completer) whole(ctx context.Context, r row) (model.Node, error) {
	if reflect.ValueOf(r).IsNil() || !r.Lacks(loadersOf(ctx).asks(ctx, r.NodeKind())) {
		return r, nil
	}
	fc := graphql.GetFieldContext(ctx)
	c.report(ctx, fc.Object+"."+fc.Field.Name, r.NodeKind())
	k, id, _ := nodeid.Split(r.GlobalID())
	full, err := nodeOf(ctx, c.entities, k, id, nil)
	if err == nil && full == nil {
		err = fmt.Errorf("graph: a %s was read without columns that are asked for, and cannot be read again", k)
	}
	return full, err
}
