package source

import (
	"context"
	"database/sql"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/eventlog"
)

// Head reads the last position of an organization's log.
func (s *Reader) Head(ctx context.Context, organization uuid.UUID) (int64, error) {
	return eventlog.Head(ctx, s.db, organization)
}

// Heads returns the last positions of logs; an organization without events has
// none.
func (s *Reader) Heads(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]int64, error) {
	out := make(map[uuid.UUID]int64, len(ids))
	err := s.each(ctx, `SELECT id, last FROM event_positions WHERE `+s.in("id", "$1"), []any{s.list(ids)}, func(r *sql.Rows) error {
		var id uuid.UUID
		var last int64
		err := r.Scan(&id, &last)
		out[id] = last
		return err
	})
	return out, err
}

// Node is a live node and its position in one organization's log, which is not valid
// if the node does not follow the organization.
type Node struct {
	Name     string
	Position sql.NullInt64
}

// Nodes reads the nodes that were seen since a time.
func (s *Reader) Nodes(ctx context.Context, organization uuid.UUID, since time.Time) (out []Node, err error) {
	err = s.each(ctx, `SELECT n.name, c.position FROM gate_nodes n
		LEFT JOIN gate_cursors c ON c.node_id = n.id AND c.organization_id = $1
		WHERE n.seen_at >= $2 ORDER BY n.name, n.id`, []any{organization, since}, func(r *sql.Rows) error {
		var n Node
		err := r.Scan(&n.Name, &n.Position)
		out = append(out, n)
		return err
	})
	return out, err
}

// Revision is the last event about a credential, its app or its account; Position is 0
// if the log has none.
type Revision struct {
	Position int64
	At       time.Time
}

// Revisions reads the last event of each credential, by three index look-ups each.
func (s *Reader) Revisions(ctx context.Context, organization uuid.UUID, credentials []uuid.UUID) (map[uuid.UUID]Revision, error) {
	const last = `coalesce((SELECT max(position) FROM events WHERE `
	most := "max"
	if s.db.Dialect() == dialect.Postgres {
		most = "greatest"
	}
	query := `SELECT k.id, e.position, e.at FROM (SELECT id, organization_id, ` + most + `(` +
		last + `subject_id = c.id), 0), ` + last + `app_id = c.app_id), 0), ` + last + `subject_id = c.account_id), 0)) AS revision
			FROM credentials c WHERE organization_id = $1 AND ` + s.in("id", "$2") + `) k
		LEFT JOIN events e ON e.organization_id = k.organization_id AND e.position = k.revision`
	out := make(map[uuid.UUID]Revision, len(credentials))
	err := s.each(ctx, query, []any{organization, s.list(credentials)}, func(r *sql.Rows) error {
		var id uuid.UUID
		var position sql.NullInt64
		var at sql.NullTime
		err := r.Scan(&id, &position, &at)
		out[id] = Revision{position.Int64, at.Time}
		return err
	})
	return out, err
}
