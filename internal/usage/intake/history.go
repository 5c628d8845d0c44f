package intake

import (
	"context"
	"time"

	"portico/clients/go/gate/limits"
	"portico/internal/database"
	"portico/internal/usage/counts"
)

// History is calls of the past that were taken in nowhere, such as those of demo
// data.
type History struct {
	// Calls are stored by the hour and by the day, and since MinutesSince by the
	// minute too.
	Calls        *Counter
	MinutesSince time.Time
	// Quotas are what was used of quotas in the present periods.
	Quotas []limits.Used
}

// AddHistory stores calls of the past, and when credentials were last used for
// them.
func AddHistory(ctx context.Context, db *database.DB, tx counts.Tx, h History) error {
	rows := h.Calls.drain(nil)
	setIDs(rows)
	if err := counts.AddHistory(ctx, db, tx, rows, h.MinutesSince); err != nil {
		return err
	}
	if err := addUsed(ctx, db, tx, h.Quotas, make([]int64, len(h.Quotas))); err != nil {
		return err
	}
	return updateLastUsedOf(ctx, db, tx, rows)
}
