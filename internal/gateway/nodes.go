package gateway

import (
	"context"
	"encoding/json"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/database"
)

const (
	// cursorInterval is how often cursors that have moved are stored,
	// heartbeatInterval how often the node records that it is alive.
	cursorInterval, heartbeatInterval = 250 * time.Millisecond, time.Second
	// moveInterval is how often positions of gateways that have moved are stored,
	// presenceInterval how often the rest of what was seen of gateways.
	moveInterval, presenceInterval = time.Second, 10 * time.Second
	// A node that is not seen for nodeTimeout counts as gone: it has long refused
	// everything. Grace is added to it.
	nodeTimeout = time.Minute
	// deadNodeRetention is when the rows of a gone node are deleted.
	deadNodeRetention = time.Hour
)

// cursor is the position up to which an organization's log has been applied.
type cursor struct {
	organization uuid.UUID
	position     int64
}

// report records, until ctx ends, that this node is alive, how far it has applied the
// logs, and what it has seen of gateways.
func (v *Verifier) report(ctx context.Context) {
	started := v.o.Clock.Now()
	written, used := map[uuid.UUID]int64{}, map[uuid.UUID]int64{}
	tick := time.NewTicker(cursorInterval)
	defer tick.Stop()
	for n := 0; ; n++ {
		if n%int(heartbeatInterval/cursorInterval) == 0 {
			v.tryWrite(ctx, func(ctx context.Context) error { return v.writeNode(ctx, started) })
		}
		if n%int(deadNodeRetention/cursorInterval) == 0 {
			v.tryWrite(ctx, v.removeDeadNodes)
			v.tryWrite(ctx, v.forgetGateways)
		}
		v.reportCursors(ctx, written)
		v.reportTokens(ctx, used)
		if n%int(moveInterval/cursorInterval) == 0 {
			v.reportPresence(ctx, n%int(presenceInterval/cursorInterval) != 0)
		}
		select {
		case <-ctx.Done():
			v.reportPresence(context.WithoutCancel(ctx), false)
			return
		case <-tick.C:
		}
	}
}

// tryWrite calls f with a timeout and reports whether it succeeded. It does not
// log outages of the database, which are reported elsewhere.
func (v *Verifier) tryWrite(ctx context.Context, f func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	err := f(ctx)
	if err != nil && ctx.Err() == nil && !database.IsUnavailable(err) {
		v.o.Log.Warn("this node could not write down how far it is", "error", err)
	}
	return err == nil
}

func (v *Verifier) reportCursors(ctx context.Context, written map[uuid.UUID]int64) {
	var moved []cursor
	for _, f := range v.readyFollowers() {
		if p := f.cache.Position(); written[f.id] != p {
			moved = append(moved, cursor{f.id, p})
		}
	}
	if len(moved) == 0 {
		return
	}
	if v.tryWrite(ctx, func(ctx context.Context) error { return v.writeCursors(ctx, moved) }) {
		for _, c := range moved {
			written[c.organization] = c.position
		}
	}
}

// reportTokens stores when tokens were last used, to the minute.
func (v *Verifier) reportTokens(ctx context.Context, written map[uuid.UUID]int64) {
	for token, minute := range v.callers.used(written) {
		if v.tryWrite(ctx, func(ctx context.Context) error {
			_, err := v.o.DB.ExecContext(ctx, `UPDATE service_tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)`,
				token, time.Unix(minute*60, 0).UTC())
			return err
		}) {
			written[token] = minute
		}
	}
}

func (v *Verifier) writeNode(ctx context.Context, started time.Time) error {
	_, err := v.o.DB.ExecContext(ctx, `INSERT INTO gate_nodes (id, name, started_at, seen_at, flushed_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, flushed_at = excluded.flushed_at`,
		v.o.NodeID, v.o.NodeName, started, v.o.Clock.Now(), v.o.CountsReported())
	return err
}

// writeCursors stores all cursors in one statement. An older position never
// replaces a newer one.
func (v *Verifier) writeCursors(ctx context.Context, all []cursor) error {
	type row struct {
		ID           uuid.UUID `json:"id"`
		Organization uuid.UUID `json:"organization"`
		Position     int64     `json:"position"`
	}
	rows := make([]row, len(all))
	for i, c := range all {
		rows[i] = row{uuid.NewSHA1(v.o.NodeID, c.organization[:]), c.organization, c.position}
	}
	list, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	from := `SELECT value ->> 'id', $2, value ->> 'organization', value ->> 'position', $3 FROM json_each($1) WHERE true`
	if v.o.DB.Dialect() == dialect.Postgres {
		from = `SELECT id, $2::uuid, organization, position, $3::timestamptz
			FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, organization uuid, position bigint)`
	}
	_, err = v.o.DB.ExecContext(ctx, `INSERT INTO gate_cursors (id, node_id, organization_id, position, applied_at) `+from+`
		ON CONFLICT (id) DO UPDATE SET position = excluded.position, applied_at = excluded.applied_at
		WHERE gate_cursors.position < excluded.position`, string(list), v.o.NodeID, v.o.Clock.Now())
	return err
}

// removeDeadNodes deletes the rows of nodes that are long gone.
func (v *Verifier) removeDeadNodes(ctx context.Context) error {
	by := v.o.Clock.Now().Add(-deadNodeRetention - v.o.Grace)
	if _, err := v.o.DB.ExecContext(ctx, `DELETE FROM gate_cursors WHERE node_id IN (SELECT id FROM gate_nodes WHERE seen_at < $1)`, by); err != nil {
		return err
	}
	_, err := v.o.DB.ExecContext(ctx, `DELETE FROM gate_nodes WHERE seen_at < $1`, by)
	return err
}
