package intake

import (
	"context"
	"fmt"
	"slices"
	"time"

	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/usage"
)

// maxAge and maxAhead bound the times of reported calls.
const (
	maxAge   = 24 * time.Hour
	maxAhead = 5 * time.Minute
)

// Accept takes in a batch of a gateway's report, all of it or nothing. If a batch
// with this id was accepted before, it counts nothing, whatever the batch contains
// and whatever has become of the objects that it names, and returns true. Ids are
// unique in the organization and are remembered for two days. Accept fills in the
// account of calls that name only an app or a credential.
//
// It returns fault.CodeBadUserInput, and does not remember the id, for invalid rows, for
// calls that are older than a day, and for calls that name an object that the
// reporter may not report, or objects of different accounts.
func (s *Store) Accept(ctx context.Context, by usage.Reporter, batchID string, calls []usage.Reported) (replayed bool, err error) {
	if err := checkBatch(batchID, calls); err != nil {
		return false, err
	}
	now := s.clock.Now()
	err = s.db.InTx(ctx, func(tx *database.Tx) error {
		// This comes first: an accepted batch is not checked again, and one that is
		// being accepted concurrently is waited for.
		fresh, err := insertBatch(ctx, tx, "report/"+by.Organization.String()+"/"+batchID, now)
		replayed = !fresh
		if err != nil || replayed {
			return err
		}
		if err := checkCalls(now, calls); err != nil {
			return err
		}
		return s.addReport(ctx, tx, by, slices.Clone(calls))
	})
	return replayed && err == nil, database.Fault(err)
}

// insertBatch stores a batch's id, and returns false if it was stored before. It is
// the first statement of a transaction: it waits for a concurrent transaction with
// the same id.
func insertBatch(ctx context.Context, tx *database.Tx, id string, now time.Time) (fresh bool, err error) {
	r, err := tx.ExecContext(ctx, `INSERT INTO usage_batches (id, received_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, id, now)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

// addReport counts reported calls.
func (s *Store) addReport(ctx context.Context, tx *database.Tx, by usage.Reporter, calls []usage.Reported) error {
	if err := s.fillAccounts(ctx, tx, by, calls); err != nil {
		return err
	}
	for i := range calls {
		calls[i].Organization = by.Organization
	}
	if err := s.checkCapacity(ctx, tx, calls); err != nil {
		return err
	}
	minutes, upstream := sumReported(calls)
	if err := s.addMinutes(ctx, tx, minutes); err != nil {
		return err
	}
	if err := s.addUpstream(ctx, tx, upstream); err != nil {
		return err
	}
	if err := s.addToQuotas(ctx, tx, by.Organization, minutes); err != nil {
		return err
	}
	return updateLastUsedOf(ctx, s.db, tx, minutes)
}

func badReport(format string, args ...any) error {
	return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, fmt.Sprintf(format, args...))
}

func checkBatch(id string, calls []usage.Reported) error {
	switch {
	case id == "" || len(id) > usage.MaxBatchID:
		return badReport("A batch needs an id of 1 to %d bytes.", usage.MaxBatchID)
	case len(calls) > usage.MaxReported:
		return badReport("A batch may have at most %d rows.", usage.MaxReported)
	}
	for i := range id {
		if id[i] < '!' || id[i] > '~' {
			return badReport("A batch's id must be of printable ASCII characters without spaces.")
		}
	}
	return nil
}

func checkCalls(now time.Time, calls []usage.Reported) error {
	for i, c := range calls {
		switch {
		case c.Calls < 1 || c.Calls > usage.MaxCalls:
			return badReport("Row %d: the number of calls must be 1 to %d.", i, usage.MaxCalls)
		case c.StatusClass < 0 || c.StatusClass > 5:
			return badReport("Row %d: the status class must be 1 to 5.", i)
		case c.Code == "" && c.StatusClass == 0:
			return badReport("Row %d: there is neither a code nor a status class.", i)
		case !c.InTime():
			return badReport("Row %d: the latency must be at most %d ms for each call, and %d ms together.", i, usage.MaxMeanLatency.Milliseconds(), usage.MaxLatency.Milliseconds())
		case c.At.Before(now.Add(-maxAge)) || c.At.After(now.Add(maxAhead)):
			return badReport("Row %d: the time must be within the last 24 hours.", i)
		}
	}
	return nil
}
