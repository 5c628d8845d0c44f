package graph

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"portico/graph/model"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/portal"
)

// page reads a list at the root.
func page[T any](ctx context.Context, read listing.Request, list func(listing.Request) (*paging.Page[T], error)) (*paging.Page[T], error) {
	p, err := list(read)
	if err != nil {
		return nil, err
	}
	note(loadersOf(ctx), p.Nodes...)
	return p, nil
}

// pageOf reads a list of one object: a page of rows of a kind, by the connection's
// arguments and the list's further ones. It reads the list for all objects of the
// parent's kind which the request has met, in one statement.
func pageOf[T any](ctx context.Context, parent nodeid.Kind, id uuid.UUID, of nodeid.Kind, args paging.Args, further any, list func(context.Context, []uuid.UUID, listing.Request) (listing.Pages[T], error)) (*paging.Page[T], error) {
	l := loadersOf(ctx)
	b := listOf(l, parent, graphql.GetFieldContext(ctx).Field, func() (string, func(context.Context, []uuid.UUID) (map[uuid.UUID]*paging.Page[T], error)) {
		rd := request(ctx, of, args)
		name := listName(graphql.GetFieldContext(ctx).Field.Name, parent, rd, further)
		return name, func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*paging.Page[T], error) {
			pages, err := list(ctx, ids, rd)
			for _, p := range pages {
				note(l, p.Nodes...)
			}
			return pages, err
		}
	})
	if l.ahead != nil {
		return nil, l.ahead.add(b.ahead(id))
	}
	p, ok, err := b.get(ctx, id)
	if err == nil && !ok {
		return &paging.Page[T]{PageInfo: &paging.Info{}}, nil
	}
	return p, err
}

// listName returns a name that differs for lists of which an operation reads other
// rows, or others of their totals and cursors. The columns are the same wherever an
// operation selects a type. What is computed for rows may be missing where the first
// of equal lists does not select it; it is then read by itself.
func listName(field string, parent nodeid.Kind, read listing.Request, further any) string {
	raw, err := json.Marshal([]any{read.Args, read.Wanted, further})
	if err != nil {
		panic(fmt.Sprintf("graph: arguments of %s do not marshal: %v", field, err))
	}
	return string(parent) + "." + field + string(raw)
}

// value reads a computed value of one object, for all known objects of its kind
// at once.
func value[V any](ctx context.Context, name string, parent nodeid.Kind, id uuid.UUID, load func(context.Context, []uuid.UUID) (map[uuid.UUID]V, error)) (V, error) {
	l := loadersOf(ctx)
	b := shared(l, name, parent, load)
	if l.ahead != nil {
		var none V
		return none, l.ahead.add(b.ahead(id))
	}
	v, _, err := b.get(ctx, id)
	return v, err
}

// order returns a service's Order; the lists' keys have the names that the
// schema has for them.
func order[F ~string](field F, direction model.OrderDirection) listing.Order {
	return listing.Order{By: string(field), Desc: direction == model.OrderDirectionDesc}
}

// or returns the value that v points to, or the zero value.
func or[T any](v *T) T {
	var zero T
	if v == nil {
		return zero
	}
	return *v
}

// timeline reads the events of one object.
func timeline(ctx context.Context, p *portal.Portal, k nodeid.Kind, id uuid.UUID, first *int, after *string, last *int, before *string) (*model.EventConnection, error) {
	return pageOf(ctx, k, id, nodeid.Event, args(first, after, last, before), nil, func(ctx context.Context, ids []uuid.UUID, r listing.Request) (listing.Pages[*eventRow], error) {
		return p.Activity.Timelines(ctx, k, ids, r)
	})
}
