package eventlog

import (
	"context"

	"github.com/google/uuid"
)

// purging is the row in leases by which the log's trigger recognizes a purge; it
// is never committed.
const purging = "purging-events"

// Purge deletes an organization's events up to a position, within a transaction,
// and returns how many there were.
func Purge(ctx context.Context, tx Tx, organization uuid.UUID, last int64) (int, error) {
	if _, err := tx.ExecContext(ctx, `INSERT INTO leases (id, until) VALUES ($1, CURRENT_TIMESTAMP)`, purging); err != nil {
		return 0, err
	}
	deleted, err := tx.ExecContext(ctx, `DELETE FROM events WHERE organization_id = $1 AND position <= $2`, organization, last)
	if err != nil {
		return 0, err
	}
	n, err := deleted.RowsAffected()
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM leases WHERE id = $1`, purging)
	return int(n), err
}
