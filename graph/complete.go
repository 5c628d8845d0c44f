package graph

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"

	"portico/ent/db"
	"portico/graph/model"
	"portico/internal/nodeid"
	"portico/internal/portal"
)

// row is a row of the database that answers the fields of an object.
type row interface {
	model.Node
	NodeKind() nodeid.Kind
	GlobalID() string
	// Lacks reports whether it was read without one of the columns.
	Lacks(columns []string) bool
}

// completer stands between the resolvers and the answer: a row that was read
// without a column that the operation asks for would answer it as empty. It
// reads such a row anew, and says so: a resolver has forgotten something.
type completer struct {
	portal *portal.Portal
	report func(ctx context.Context, field string, k nodeid.Kind)
}

func newCompleter(o Options) completer {
	c := completer{o.Portal, o.Incomplete}
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
	switch out := out.(type) {
	case *db.App:
		return completed(ctx, c, out)
	case *db.Account:
		return completed(ctx, c, out)
	case *db.Credential:
		return completed(ctx, c, out)
	case *db.Endpoint:
		return completed(ctx, c, out)
	case *db.Event:
		return completed(ctx, c, out)
	case *db.Membership:
		return completed(ctx, c, out)
	case *db.Organization:
		return completed(ctx, c, out)
	case *db.Plan:
		return completed(ctx, c, out)
	case *db.Product:
		return completed(ctx, c, out)
	case *db.Subscription:
		return completed(ctx, c, out)
	case *db.User:
		return completed(ctx, c, out)
	case model.Node:
		return c.node(ctx, out)
	}
	return c.list(ctx, out)
}

func (c completer) list(ctx context.Context, out any) (any, error) {
	switch out := out.(type) {
	case []*db.App:
		return allCompleted(ctx, c, out)
	case []*db.Account:
		return allCompleted(ctx, c, out)
	case []*db.Credential:
		return allCompleted(ctx, c, out)
	case []*db.Endpoint:
		return allCompleted(ctx, c, out)
	case []*db.Event:
		return allCompleted(ctx, c, out)
	case []*db.Membership:
		return allCompleted(ctx, c, out)
	case []*db.Organization:
		return allCompleted(ctx, c, out)
	case []*db.Plan:
		return allCompleted(ctx, c, out)
	case []*db.Product:
		return allCompleted(ctx, c, out)
	case []*db.Subscription:
		return allCompleted(ctx, c, out)
	case []*db.User:
		return allCompleted(ctx, c, out)
	case []model.Node:
		return allCompleted(ctx, c, out)
	}
	return out, nil
}

// allCompleted completes a list's rows; others may hold the list, so it is
// copied where one of them is another.
func allCompleted[T interface {
	comparable
	model.Node
}](ctx context.Context, c completer, list []T) ([]T, error) {
	copied := false
	for i, one := range list {
		full, err := completed(ctx, c, one)
		if err != nil {
			return nil, err
		}
		if full != one {
			if !copied {
				list, copied = append([]T(nil), list...), true
			}
			list[i] = full
		}
	}
	return list, nil
}

func completed[T interface {
	comparable
	model.Node
}](ctx context.Context, c completer, one T) (T, error) {
	var none T
	if one == none {
		return one, nil
	}
	full, err := c.node(ctx, one)
	if err != nil {
		return none, err
	}
	return full.(T), nil
}

// node gives the row itself, or a whole one in its place: others may be reading
// the row, so it stays as it is.
func (c completer) node(ctx context.Context, n model.Node) (model.Node, error) {
	r, ok := n.(row)
	if !ok || !r.Lacks(loadersOf(ctx).asks(ctx, r.NodeKind())) {
		return n, nil
	}
	fc := graphql.GetFieldContext(ctx)
	c.report(ctx, fc.Object+"."+fc.Field.Name, r.NodeKind())
	k, id, _ := nodeid.Split(r.GlobalID())
	full, err := nodeOf(ctx, c.portal, k, id, nil)
	if err == nil && full == nil {
		err = fmt.Errorf("graph: a %s was read without columns that are asked for, and cannot be read again", k)
	}
	return full, err
}
