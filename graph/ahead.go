package graph

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"portico/internal/listing"
	"portico/internal/nodeid"
)

// errAhead is what a resolver returns that was called to collect its read.
var errAhead = errors.New("graph: this is read ahead")

// ahead collects reads.
type ahead struct{ reads []func(context.Context) }

func (a *ahead) add(read func(context.Context)) error {
	a.reads = append(a.reads, read)
	return errAhead
}

// withLists reads the object of the field that is being resolved and, where several
// reads are one statement, its lists that the field selects: they need only the
// object's id. Their resolvers, which are called once the object has been found, find
// them read. If the viewer may not see the object, nobody asks for what was read with
// it, which is only what the viewer may see anyway.
func withLists[T any](ctx context.Context, k nodeid.Kind, id uuid.UUID, read func(context.Context) (T, error)) (found T, err error) {
	l := loadersOf(ctx)
	if !l.entities.Lists.Unions {
		return read(ctx)
	}
	var a ahead
	l.fields.Call(context.WithValue(ctx, loadersKey{}, &loaders{memory: l.memory, ahead: &a}), string(k), id)
	if len(a.reads) == 0 {
		return read(ctx)
	}
	listing.Together(ctx, append(a.reads, func(ctx context.Context) { found, err = read(ctx) })...)
	return found, err
}
