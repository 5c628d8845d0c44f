package counts

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/retention"
	"portico/internal/usage/usagesql"
)

const (
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
	rules := retention.RulesOf(retention.UsagePurge)
	for organization, kept := range all {
		for _, r := range rules {
			if r.Setting == "" {
				continue
			}
			before := now.AddDate(0, 0, -days(kept, r.Field())).Add(-purgeSlack)
			if err := s.deleteRows(ctx, &n, r.Table, r.Condition("organization_id = $1 AND "+r.Since+" < $2"), organization, before); err != nil {
				return n, err
			}
		}
	}
	for _, r := range rules {
		if r.For == 0 {
			continue
		}
		if err := s.deleteRows(ctx, &n, r.Table, r.Condition(r.Since+" < $1"), now.Add(-r.For)); err != nil {
			return n, err
		}
	}
	before := now.Add(-retention.RuleOf("gate_nodes").For)
	return n, s.deleteRows(ctx, &n, "gate_cursors", "applied_at < $1 AND node_id NOT IN (SELECT id FROM gate_nodes)", before)
}

// days returns for how many days an organization keeps the counts of an interval.
func days(kept domain.UsageRetention, interval string) int {
	switch interval {
	case "minutes":
		return kept.Minutes
	case "hours":
		return kept.Hours
	}
	return kept.Days
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
