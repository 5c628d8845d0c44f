package counts

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/usage/usagesql"
)

const (
	// batchLife is how long the id of a batch is stored. It is longer than the age
	// up to which reported calls are accepted, so a batch that is sent again after
	// its id was deleted counts nothing.
	batchLife = 48 * time.Hour
	// quotaLife is how long the count of a quota is stored after its period.
	quotaLife = 90 * 24 * time.Hour
	// nodeLife is how long the row of a node that has ended remains, for operators.
	nodeLife = 24 * time.Hour
	// purgeSlack is how much longer than promised rows are stored, since the clocks
	// of nodes differ.
	purgeSlack = time.Hour
	// purgeRows is the maximum number of rows that one statement deletes.
	purgeRows = 5000
)

// Purge deletes counts that are older than their organization keeps them, and the
// batches, quota counts and nodes that are no longer needed. It returns the number
// of rows deleted. Minutes that are not rolled up yet remain.
func (s *Store) Purge(ctx context.Context) (n int, err error) {
	now := s.clock.Now()
	all, err := s.retentions(ctx)
	if err != nil {
		return 0, database.Fault(err)
	}
	for organization, kept := range all {
		for _, old := range []struct {
			table, where string
			days         int
		}{
			{"usage_minutes", " AND NOT due", kept.Minutes}, {"usage_hours", "", kept.Hours},
			{"usage_days", "", kept.Days}, {"usage_upstreams", "", kept.Hours},
		} {
			before := now.AddDate(0, 0, -old.days).Add(-purgeSlack)
			if err := s.deleteRows(ctx, &n, old.table, "organization_id = $1 AND at < $2"+old.where, organization, before); err != nil {
				return n, err
			}
		}
	}
	for _, old := range []struct {
		table, column string
		life          time.Duration
	}{
		{"usage_batches", "received_at", batchLife}, {"quota_counts", "period_end", quotaLife}, {"gate_nodes", "seen_at", nodeLife},
	} {
		if err := s.deleteRows(ctx, &n, old.table, old.column+" < $1", now.Add(-old.life)); err != nil {
			return n, err
		}
	}
	return n, s.deleteRows(ctx, &n, "gate_cursors", "applied_at < $1 AND node_id NOT IN (SELECT id FROM gate_nodes)", now.Add(-nodeLife))
}

// deleteRows deletes the rows of a table that meet a condition, purgeRows at a
// time, and adds their number to total.
func (s *Store) deleteRows(ctx context.Context, total *int, table, where string, args ...any) error {
	text := fmt.Sprintf(`DELETE FROM %s WHERE id IN (SELECT id FROM %s WHERE %s LIMIT %d)`, table, table, where, purgeRows)
	for {
		r, err := s.db.ExecContext(ctx, text, args...)
		if err != nil {
			return database.Fault(err)
		}
		n, err := r.RowsAffected()
		*total += int(n)
		if err != nil || n < purgeRows {
			return err
		}
	}
}

// retentions returns how long each organization keeps its counts.
func (s *Store) retentions(ctx context.Context) (map[uuid.UUID]domain.UsageRetention, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, usage_retention FROM organizations`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[uuid.UUID]domain.UsageRetention{}
	for rows.Next() {
		var id uuid.UUID
		var kept sql.NullString
		if err := rows.Scan(&id, &kept); err != nil {
			return nil, err
		}
		if out[id], err = usagesql.ParseRetention(kept); err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}
