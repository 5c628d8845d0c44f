package graph

import (
	"context"
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

	mu    sync.Mutex
	tried map[uuid.UUID]bool
	found map[uuid.UUID]V
	err   error

	// joined are values that were read with what refers to them. They have a lock
	// of their own, because they are added while another batch is locked.
	joinedMu sync.Mutex
	joined   map[uuid.UUID]V
}

// add adds a value that need not be read any more.
func (b *batch[V]) add(id uuid.UUID, v V) {
	b.joinedMu.Lock()
	defer b.joinedMu.Unlock()
	if b.joined == nil {
		b.joined = map[uuid.UUID]V{}
	}
	b.joined[id] = v
}

// take moves the added values to those that were read.
func (b *batch[V]) take() {
	b.joinedMu.Lock()
	defer b.joinedMu.Unlock()
	for id, v := range b.joined {
		b.tried[id], b.found[id] = true, v
	}
	clear(b.joined)
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
	if b.tried == nil {
		b.tried, b.found = map[uuid.UUID]bool{}, map[uuid.UUID]V{}
	}
	b.take()
	if !b.tried[id] {
		if err := b.fill(ctx, id); err != nil {
			b.err = err
			return v, false, err
		}
	}
	v, ok = b.found[id]
	return v, ok, nil
}

func (b *batch[V]) fill(ctx context.Context, id uuid.UUID) error {
	ids := []uuid.UUID{id}
	b.tried[id] = true
	for _, other := range b.known() {
		if len(ids) == limit {
			break
		}
		if !b.tried[other] {
			b.tried[other] = true
			ids = append(ids, other)
		}
	}
	got, err := b.load(ctx, ids)
	for id, v := range got {
		b.found[id] = v
	}
	return err
}
