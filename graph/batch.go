package graph

import (
	"context"
	"errors"
	"sync"

	"github.com/google/uuid"
)

// batch reads values by id, many at a time. The first get reads the values of
// all objects that the request has met so far; later ones find theirs in memory.
// So a list's edges cost one statement, without waiting for one another, and in
// whatever order the fields are resolved.
type batch[V any] struct {
	// known returns the ids that may be requested next.
	known func() []uuid.UUID
	load  func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]V, error)

	mu sync.Mutex
	// read is what was found by the ids that were tried.
	read map[uuid.UUID]result[V]
	err  error
}

// result is a value; ok is false if there is none that the viewer may see.
type result[V any] struct {
	v  V
	ok bool
}

// limit is the most ids in one statement.
const limit = 500

// get returns the value of an id; ok is false if there is none that the viewer
// may see. A failed read fails for the whole request, because its database would
// not answer the next one either.
func (b *batch[V]) get(ctx context.Context, id uuid.UUID) (v V, ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return v, false, b.err
	}
	if b.read == nil {
		b.read = map[uuid.UUID]result[V]{}
	}
	r, tried := b.read[id]
	if !tried {
		if err := b.fill(ctx, id); err != nil {
			b.err = err
			return v, false, err
		}
		r = b.read[id]
	}
	return r.v, r.ok, nil
}

func (b *batch[V]) fill(ctx context.Context, id uuid.UUID) error {
	ids := []uuid.UUID{id}
	b.read[id] = result[V]{}
	for _, other := range b.known() {
		if len(ids) == limit {
			break
		}
		if _, tried := b.read[other]; !tried {
			b.read[other] = result[V]{}
			ids = append(ids, other)
		}
	}
	b.err = errUnfinished // should the read panic
	got, err := b.load(ctx, ids)
	b.err = nil
	for id, v := range got {
		b.read[id] = result[V]{v, true}
	}
	return err
}

var errUnfinished = errors.New("graph: a read did not end")

// ahead returns a func that reads the value of an id before it is requested. Whoever
// requests the value gets an error, too.
func (b *batch[V]) ahead(id uuid.UUID) func(context.Context) {
	return func(ctx context.Context) {
		if b.tried(id) {
			return
		}
		// Without the lock, because other reads run before this one ends.
		got, err := b.load(ctx, []uuid.UUID{id})
		b.mu.Lock()
		defer b.mu.Unlock()
		if err != nil {
			b.err = err
			return
		}
		if b.read == nil {
			b.read = map[uuid.UUID]result[V]{}
		}
		v, ok := got[id]
		b.read[id] = result[V]{v, ok}
	}
}

// tried reports whether the value of an id was read, or cannot be.
func (b *batch[V]) tried(id uuid.UUID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.read[id]
	return ok || b.err != nil
}
