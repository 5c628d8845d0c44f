package gateway

import (
	"context"
	"database/sql"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/database"
)

// Enforcement is how far the last change of a credential has been applied.
type Enforcement struct {
	// Revision is the position of the last event about the credential, its app or its
	// account; 0 if the log does not reach back to one.
	Revision int64
	// AppliedBy and Pending are the names of the nodes that have applied the revision
	// and of those that have not. A node that does not follow the organization has
	// nothing of it in memory and counts as up to date. A node that is cut off refuses
	// everything after Silence, and is left out a minute (plus the grace) after it was
	// last seen.
	AppliedBy, Pending []string
	// Lag is the time since the revision if a node has yet to apply it; 0 if all have.
	Lag time.Duration
}

// Enforcements returns how far the last changes of credentials have been applied,
// in two statements whatever their number. Credentials of other organizations are
// left out.
func (g *Verifier) Enforcements(ctx context.Context, organization uuid.UUID, credentials []uuid.UUID) (map[uuid.UUID]Enforcement, error) {
	nodes, err := g.rows.nodes(ctx, organization, g.o.Clock.Now().Add(-nodeTimeout-g.o.Grace))
	if err != nil {
		return nil, database.Fault(err)
	}
	revisions, err := g.rows.revisions(ctx, organization, credentials)
	if err != nil {
		return nil, database.Fault(err)
	}
	out := make(map[uuid.UUID]Enforcement, len(revisions))
	for id, r := range revisions {
		e := Enforcement{Revision: r.position, AppliedBy: []string{}, Pending: []string{}}
		for _, n := range nodes {
			if n.position.Valid && n.position.Int64 < r.position {
				e.Pending = append(e.Pending, n.name)
			} else {
				e.AppliedBy = append(e.AppliedBy, n.name)
			}
		}
		if len(e.Pending) > 0 {
			e.Lag = max(0, g.o.Clock.Now().Sub(r.at))
		}
		out[id] = e
	}
	return out, nil
}

// node is a live node and its position in one organization's log.
type node struct {
	name     string
	position sql.NullInt64
}

func (s source) nodes(ctx context.Context, organization uuid.UUID, since time.Time) (out []node, err error) {
	err = s.each(ctx, `SELECT n.name, c.position FROM gate_nodes n
		LEFT JOIN gate_cursors c ON c.node_id = n.id AND c.organization_id = $1
		WHERE n.seen_at >= $2 ORDER BY n.name, n.id`, []any{organization, since}, func(r *sql.Rows) error {
		var n node
		err := r.Scan(&n.name, &n.position)
		out = append(out, n)
		return err
	})
	return out, err
}

type revision struct {
	position int64
	at       time.Time
}

// revisions returns the last event of each credential, by three index look-ups.
func (s source) revisions(ctx context.Context, organization uuid.UUID, credentials []uuid.UUID) (map[uuid.UUID]revision, error) {
	const last = `coalesce((SELECT max(position) FROM events WHERE `
	most := "max"
	if s.db.Dialect() == dialect.Postgres {
		most = "greatest"
	}
	query := `SELECT k.id, e.position, e.at FROM (SELECT id, organization_id, ` + most + `(` +
		last + `subject_id = c.id), 0), ` + last + `app_id = c.app_id), 0), ` + last + `subject_id = c.account_id), 0)) AS revision
			FROM credentials c WHERE organization_id = $1 AND ` + s.in("id", "$2") + `) k
		LEFT JOIN events e ON e.organization_id = k.organization_id AND e.position = k.revision`
	out := make(map[uuid.UUID]revision, len(credentials))
	err := s.each(ctx, query, []any{organization, s.list(credentials)}, func(r *sql.Rows) error {
		var id uuid.UUID
		var position sql.NullInt64
		var at sql.NullTime
		err := r.Scan(&id, &position, &at)
		out[id] = revision{position.Int64, at.Time}
		return err
	})
	return out, err
}
