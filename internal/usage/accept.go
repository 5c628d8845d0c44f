package usage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"portico/internal/database"
	"portico/internal/fault"
)

const (
	// MaxReported is the most calls, as rows, that one batch may report.
	MaxReported = 1000
	// acceptsBack and acceptsAhead bound the times of reported calls.
	acceptsBack  = 24 * time.Hour
	acceptsAhead = 5 * time.Minute
	// MaxBatchID is the longest id of a batch, in bytes.
	MaxBatchID = 100
)

// Accept takes in what a gateway reports, all of it or nothing. A batch whose
// id it knows counts nothing, whatever it holds and whatever has become of what
// it names: replayed is true then. Ids are the organization's own and known for
// two days. Where a call names only its app or its key, the account is filled
// in. It gives fault.BadUserInput, and knows no batch of that id, for what
// cannot be, for calls that are more than a day old, and for a call that names
// an object that is none of the reporter's, or objects of several accounts.
func (s *Store) Accept(ctx context.Context, by Reporter, batchID string, calls []Reported) (replayed bool, err error) {
	if err := checkBatch(batchID, calls); err != nil {
		return false, err
	}
	now := s.clock.Now()
	err = s.db.InTx(ctx, func(tx *database.Tx) error {
		// First: a batch that was taken is not judged again, and one that is being
		// taken at this moment is waited for.
		fresh, err := takeBatch(ctx, tx, "report/"+by.Organization.String()+"/"+batchID, now)
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

// addReport counts what a gateway reports.
func (s *Store) addReport(ctx context.Context, tx *database.Tx, by Reporter, calls []Reported) error {
	if err := s.complete(ctx, tx, by, calls); err != nil {
		return err
	}
	for i := range calls {
		calls[i].Organization = by.Organization
	}
	if err := s.fit(ctx, tx, calls); err != nil {
		return err
	}
	minutes, upstream := sumUp(calls)
	if err := s.addReported(ctx, tx, minutes); err != nil {
		return err
	}
	if err := s.addUpstream(ctx, tx, upstream); err != nil {
		return err
	}
	if err := s.addTaken(ctx, tx, by.Organization, minutes); err != nil {
		return err
	}
	return touchUsed(ctx, s.db, tx, minutes)
}

func badReport(format string, args ...any) error {
	return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, fmt.Sprintf(format, args...))
}

func checkBatch(id string, calls []Reported) error {
	switch {
	case id == "" || len(id) > MaxBatchID:
		return badReport("A batch needs an id of 1 to %d bytes.", MaxBatchID)
	case len(calls) > MaxReported:
		return badReport("A batch may have at most %d rows.", MaxReported)
	}
	for i := range id {
		if id[i] < '!' || id[i] > '~' {
			return badReport("A batch's id must be of printable ASCII characters without spaces.")
		}
	}
	return nil
}

func checkCalls(now time.Time, calls []Reported) error {
	for i, c := range calls {
		switch {
		case c.Calls < 1 || c.Calls > MaxCalls:
			return badReport("Row %d: the number of calls must be 1 to %d.", i, MaxCalls)
		case c.StatusClass < 0 || c.StatusClass > 5:
			return badReport("Row %d: the status class must be 1 to 5.", i)
		case c.Code == "" && c.StatusClass == 0:
			return badReport("Row %d: there is neither a code nor a status class.", i)
		case !c.InTime():
			return badReport("Row %d: the latency must be at most %d ms for each call, and %d ms together.", i, slowest.Milliseconds(), MaxLatency.Milliseconds())
		case c.At.Before(now.Add(-acceptsBack)) || c.At.After(now.Add(acceptsAhead)):
			return badReport("Row %d: the time must be within the last 24 hours.", i)
		}
	}
	return nil
}
