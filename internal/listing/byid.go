package listing

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/viewer"
)

// ByID maps ids to rows. Rows that the viewer may not see are absent.
type ByID[T any] map[uuid.UUID]T

// ByIDReader reads rows by id, with some columns; none for all.
type ByIDReader[T any] func(ctx context.Context, ids []uuid.UUID, columns []string, edges ...Edge) (ByID[T], error)

// ReadByID reads those rows of a query that have one of the ids.
func ReadByID[T any](ctx context.Context, r Reader, l List[T], query func() Query[T], ids []uuid.UUID, columns []string, edges ...Edge) (ByID[T], error) {
	edges = ofViewer(ctx, edges)
	of, complete := shape{list: l.Name, kind: "ids"}, database.AnyOfList(IDColumn, idsSlot)
	if len(ids) == 1 { // for which Postgres caches a generic plan
		of.kind, complete = "id", func(s *sql.Selector) { s.Where(sql.EQ(s.C(IDColumn), idSlot)) }
	}
	s, err := draft[T]{shape: of, source: All(query), asked: columns, edges: edges, complete: complete}.prepare(ctx, r)
	if err != nil {
		return nil, r.Fault(err)
	}
	out := make(ByID[T], len(ids))
	err = s.run(ctx, values{viewer: viewer.Current(ctx), ids: ids, now: r.Now()}, edges, func(row T, _ uuid.UUID, _ int) {
		settle(r, row)
		out[l.ID(row)] = row
	})
	if err != nil {
		return nil, r.Fault(err)
	}
	return out, nil
}
