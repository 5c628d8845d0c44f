package presence

import (
	"context"
	"encoding/json"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/database"
)

// Store stores in one statement what has changed since it was last stored or, with
// movesOnly, the gateways whose instances have moved. What could not be stored is stored
// by a later call.
func (t *Tracker) Store(ctx context.Context, db *database.DB, node uuid.UUID, movesOnly bool) error {
	all, err := t.changed(movesOnly)
	if err != nil || len(all) == 0 {
		return err
	}
	if err := write(ctx, db, node, all, t.clock.Now()); err != nil {
		return err
	}
	for _, c := range all {
		c.done()
	}
	return nil
}

func write(ctx context.Context, db *database.DB, node uuid.UUID, all []change, now time.Time) error {
	type row struct {
		ID           uuid.UUID       `json:"id"`
		Organization uuid.UUID       `json:"organization"`
		Token        uuid.UUID       `json:"token"`
		Seen         json.RawMessage `json:"seen"`
	}
	rows := make([]row, len(all))
	for i, c := range all {
		token := c.gateway.token
		rows[i] = row{uuid.NewSHA1(node, token[:]), c.gateway.organization, token, c.text}
	}
	list, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	from := `SELECT value ->> 'id', $2, value ->> 'organization', value ->> 'token', value -> 'seen', $3 FROM json_each($1) WHERE true`
	if db.Dialect() == dialect.Postgres {
		from = `SELECT id, $2::uuid, organization, token, seen, $3::timestamptz
			FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, organization uuid, token uuid, seen jsonb)`
	}
	_, err = db.ExecContext(ctx, `INSERT INTO gate_callers (id, node_id, organization_id, token_id, seen, stored_at) `+from+`
		ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, stored_at = excluded.stored_at`, string(list), node, now)
	return err
}

// Remove deletes the rows that were last stored before a time.
func Remove(ctx context.Context, db *database.DB, before time.Time) error {
	_, err := db.ExecContext(ctx, `DELETE FROM gate_callers WHERE stored_at < $1`, before)
	return err
}
