package graph

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/ent/db"
	"portico/graph/generated"
	"portico/internal/entity"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/portal"
)

// loaders are one request's reads, for one part of the request.
type loaders struct {
	*memory
	// ahead is not nil if reads are collected instead of made.
	ahead *ahead
}

// memory is what a request knows: the ids it has met, and the values it has read.
type memory struct {
	portal   *portal.Portal
	entities entity.Reader

	// selections is Options.selections, reading is Options.reading.
	selections *selections
	reading    func(nodeid.Kind) []string
	// fields are the fields that are read ahead.
	fields *generated.Ahead
	// asked is what the operation selects.
	asking sync.Once
	asked  asked

	mu      sync.Mutex
	batches map[string]any
	// lists are the batches of lists by where the operation selects them.
	lists map[place]any
	// seen are the ids of objects that were read or referred to, by type; one may
	// occur several times.
	seen map[nodeid.Kind][]uuid.UUID
	// holders are the subscriptions of kind quotaHolder.
	holders map[uuid.UUID]*db.Subscription
}

type loadersKey struct{}

// withLoaders returns a context with loaders of its own.
func withLoaders(ctx context.Context, o Options, fields *generated.Ahead) context.Context {
	of := &loaders{memory: &memory{portal: o.Portal, entities: o.Entities, selections: o.selections, reading: o.reading, fields: fields}}
	return of.apart(ctx)
}

// apart returns a context with loaders of its own, for a part of a request that is read for
// another viewer.
func (l *loaders) apart(ctx context.Context) context.Context {
	return context.WithValue(ctx, loadersKey{}, &loaders{memory: &memory{
		portal: l.portal, entities: l.entities, selections: l.selections, reading: l.reading, fields: l.fields,
		batches: map[string]any{}, lists: map[place]any{}, seen: map[nodeid.Kind][]uuid.UUID{}, holders: map[uuid.UUID]*db.Subscription{},
	}})
}

// forget empties the loaders before each mutation of a request, because what was
// read for the previous one may have changed. Queries change nothing.
func forget(ctx context.Context) {
	if graphql.GetOperationContext(ctx).Operation.Operation != ast.Mutation {
		return
	}
	l := loadersOf(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.batches)
	clear(l.lists)
	clear(l.seen)
	clear(l.holders)
}

func loadersOf(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }

// saw records ids that may be requested next.
func (l *loaders) saw(k nodeid.Kind, all ...uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen[k]
	for _, id := range all {
		// The rows of a list often refer to one object.
		if id != uuid.Nil && (len(seen) == 0 || seen[len(seen)-1] != id) {
			seen = append(seen, id)
		}
	}
	l.seen[k] = seen
}

// known returns a func that lists the ids recorded by saw.
func (l *loaders) known(k nodeid.Kind) func() []uuid.UUID {
	return func() []uuid.UUID {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.seen[k]
	}
}

// note records the ids of rows and of the objects that they refer to.
func note[T any](l *loaders, rows ...T) {
	for _, r := range rows {
		l.noteIDs(r)
		switch r := any(r).(type) {
		case *db.Subscription:
			l.noteQuota(r)
			l.sawOptional(nodeid.PlanRevision, r.PlanRevisionID)
			l.sawOptional(nodeid.PlanRevision, r.PendingPlanRevisionID)
		case *db.Event:
			l.saw(nodeid.Kind(r.SubjectType), r.SubjectID)
		case *db.Membership:
			l.saw(nodeid.Membership, r.ID) // by which it is read whether it is the last owner's
		case *db.Statement:
			l.saw(nodeid.Statement, r.ID) // by which its total is read
		}
	}
}

// noteQuota records a subscription whose quota may be requested, if its plan was
// read.
func (l *loaders) noteQuota(s *db.Subscription) {
	if s.PlanID == uuid.Nil {
		return
	}
	l.mu.Lock()
	l.holders[s.ID] = s
	l.mu.Unlock()
	l.saw(quotaHolder, s.ID)
}

func (l *loaders) subscriptionOf(id uuid.UUID) *db.Subscription {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.holders[id]
}

func (l *loaders) sawOptional(k nodeid.Kind, id *uuid.UUID) {
	if id != nil {
		l.saw(k, *id)
	}
}

// shared returns the request's one batch of a name, creating it on first use.
func shared[V any](l *loaders, name string, of nodeid.Kind, load func(context.Context, []uuid.UUID) (map[uuid.UUID]V, error)) *batch[V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.batches[name]; ok {
		return b.(*batch[V])
	}
	b := &batch[V]{known: l.known(of), load: load}
	l.batches[name] = b
	return b
}

// place is where an operation selects a list: the field, the type of its object, and
// what all fields that are merged with it select.
type place struct {
	parent     nodeid.Kind
	field      *ast.Field
	selections *ast.Selection
	size       int
}

// listOf is shared for a list, whose name and read are only computed for the first
// object.
func listOf[V any](l *loaders, parent nodeid.Kind, f graphql.CollectedField, describe func() (name string, load func(context.Context, []uuid.UUID) (map[uuid.UUID]V, error))) *batch[V] {
	at := place{parent: parent, field: f.Field, size: len(f.Selections)}
	if at.size > 0 {
		at.selections = &f.Selections[0]
	}
	l.mu.Lock()
	b, ok := l.lists[at]
	l.mu.Unlock()
	if ok {
		return b.(*batch[V])
	}
	name, load := describe()
	made := shared(l, name, parent, load)
	l.mu.Lock()
	l.lists[at] = made
	l.mu.Unlock()
	return made
}

// one returns the object of an id with the columns that the operation selects;
// nil if there is none that the viewer may see.
func one[T any](ctx context.Context, k nodeid.Kind, id uuid.UUID, load listing.ByIDReader[*T]) (*T, error) {
	return oneWith(ctx, k, id, loadersOf(ctx).columns(ctx, k), load)
}

// oneWith is one with other columns; nil means all.
func oneWith[T any](ctx context.Context, k nodeid.Kind, id uuid.UUID, columns []string, load listing.ByIDReader[*T]) (*T, error) {
	l := loadersOf(ctx)
	b := shared(l, string(k)+":"+strings.Join(columns, ","), k, func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*T, error) {
		got, err := load(ctx, ids, columns, l.edges(ctx, k)...)
		for _, row := range got {
			note(l, row)
		}
		return got, err
	})
	v, _, err := b.get(ctx, id)
	return v, err
}

// edges returns what the operation selects of the objects that rows of a type
// refer to. What is computed for rows costs more, and is only read with those for
// which the present field selects it.
func (l *loaders) edges(ctx context.Context, k nodeid.Kind) []listing.Edge {
	asked := l.askedOf(ctx)
	fields := asked.edges[k]
	out := make([]listing.Edge, 0, len(fields)+1)
	for _, c := range l.selections.computed {
		if selected := asked.computed[c.name]; c.of == k && selected != nil && selectsHere(ctx, c.name) {
			out = append(out, c.edge(ctx, l.portal, selected))
		}
	}
	for _, e := range fields {
		// What is read with a row is shown without being checked again.
		columns := l.columns(ctx, e.Kind)
		if lacks := func(c string) bool { return !slices.Contains(columns, c) }; columns == nil || !slices.ContainsFunc(l.asks(ctx, e.Kind), lacks) {
			out = append(out, l.edgeTo(ctx, e.Column, e.Kind, columns))
		}
	}
	return out
}

// edgeOf returns an edge that records what it finds.
func edgeOf[T any](ctx context.Context, l *loaders, column string, columns []string, edge func(context.Context, string, []string, func(*T)) listing.Edge) listing.Edge {
	return edge(ctx, column, columns, func(row *T) { note(l, row) })
}
