package intake

import (
	"context"
	"slices"

	"portico/clients/go/gate/limits"
	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/counts"
)

// History is calls of the past that were taken in nowhere, such as those of demo
// data: their counts, of which the hours and the days contain the minutes, and
// what was used of quotas in the present periods.
type History struct {
	Minutes, Hours, Days []counts.Row
	Quotas               []limits.Used
}

// Tx is a transaction.
type Tx interface {
	counts.Execer
	querier
}

// AddHistory stores calls of the past, and when credentials were last used for
// them.
func AddHistory(ctx context.Context, db *database.DB, tx Tx, h History) error {
	for _, of := range []struct {
		interval usage.Interval
		rows     []counts.Row
	}{{usage.Minute, h.Minutes}, {usage.Hour, h.Hours}, {usage.Day, h.Days}} {
		if err := counts.AddHistory(ctx, db, tx, of.interval, of.rows); err != nil {
			return err
		}
	}
	if err := addUsed(ctx, db, tx, h.Quotas, make([]int64, len(h.Quotas))); err != nil {
		return err
	}
	return updateLastUsedOf(ctx, db, tx, slices.Concat(h.Hours, h.Minutes))
}
