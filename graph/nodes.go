package graph

import (
	"context"

	"portico/ent/db"
	"portico/graph/model"
	"portico/internal/listing"
	"portico/internal/nodeid"
)

// Rows whose names are needed often.
type (
	eventRow = db.Event
	userRow  = db.User
)

// some returns a nil interface for a nil row.
func some[T any, P interface {
	*T
	model.Node
}](row *T, err error) (model.Node, error) {
	if row == nil || err != nil {
		return nil, err
	}
	return P(row), nil
}

// byID returns the object of an opaque id, for root fields that know its type.
func byID[T any](ctx context.Context, k nodeid.Kind, id string, load listing.ByIDReader[*T]) (*T, error) {
	row, ok := nodeid.Decode(k, id)
	if !ok {
		return nil, nil
	}
	loadersOf(ctx).saw(k, row)
	return withLists(ctx, k, row, func(ctx context.Context) (*T, error) { return one(ctx, k, row, load) })
}
