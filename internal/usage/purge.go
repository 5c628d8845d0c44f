package usage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/domain"
)

const (
	// batchLife is how long a batch is known by its id. Accept refuses calls that
	// are older than acceptsBack, which is shorter: a batch that is sent again
	// when its id is forgotten counts nothing.
	batchLife = 48 * time.Hour
	// quotaLife is how long the count of a quota is kept after its period.
	quotaLife = 90 * 24 * time.Hour
	// nodeLife is how long a node that has ended is kept for people to see.
	nodeLife = 24 * time.Hour
	// purgeSlack keeps rows for a little longer than is promised, since nodes'
	// clocks differ.
	purgeSlack = time.Hour
	// mostPurged bounds the rows that one statement deletes.
	mostPurged = 5000
)

// Purge deletes the counts that are older than each organization keeps them,
// and what else is no longer asked for. It tells how many rows it deleted.
// Minutes that are not rolled up yet stay.
func (s *Store) Purge(ctx context.Context) (n int, err error) {
	now := s.clock.Now()
	all, err := s.retentions(ctx)
	if err != nil {
		return 0, database.Fault(err)
	}
	for organization, kept := range all {
		for _, old := range []struct {
			table, only string
			days        int
		}{
			{"usage_minutes", " AND NOT due", kept.Minutes}, {"usage_hours", "", kept.Hours},
			{"usage_days", "", kept.Days}, {"usage_upstreams", "", kept.Hours},
		} {
			before := now.AddDate(0, 0, -old.days).Add(-purgeSlack)
			if err := s.drop(ctx, &n, old.table, "organization_id = $1 AND at < $2"+old.only, organization, before); err != nil {
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
		if err := s.drop(ctx, &n, old.table, old.column+" < $1", now.Add(-old.life)); err != nil {
			return n, err
		}
	}
	return n, s.drop(ctx, &n, "gate_cursors", "applied_at < $1 AND node_id NOT IN (SELECT id FROM gate_nodes)", now.Add(-nodeLife))
}

// drop deletes the rows of a table that meet a condition, some at a time.
func (s *Store) drop(ctx context.Context, total *int, table, where string, args ...any) error {
	text := fmt.Sprintf(`DELETE FROM %s WHERE id IN (SELECT id FROM %s WHERE %s LIMIT %d)`, table, table, where, mostPurged)
	for {
		r, err := s.db.ExecContext(ctx, text, args...)
		if err != nil {
			return database.Fault(err)
		}
		n, err := r.RowsAffected()
		*total += int(n)
		if err != nil || n < mostPurged {
			return err
		}
	}
}

// retentions reads how long each organization keeps its counts.
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
		if out[id], err = retentionOf(kept); err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}
