package usage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/fault"
)

const (
	// MaxReported is the most calls, as rows, that one batch may report.
	MaxReported = 1000
	// mostCalls is the most that one of them may count.
	mostCalls = 1_000_000_000
	// acceptsBack and acceptsAhead bound the times of reported calls.
	acceptsBack  = 24 * time.Hour
	acceptsAhead = 5 * time.Minute
	// MaxBatchID is the longest id of a batch, in bytes.
	MaxBatchID = 100
	// slowest is the longest mean latency of reported calls.
	slowest = time.Hour
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
	minutes, upstream := sumUp(by.Organization, calls)
	if err := addMinutes(ctx, s.db, tx, minutes); err != nil {
		return err
	}
	if err := addUpstream(ctx, s.db, tx, upstream); err != nil {
		return err
	}
	if err := s.addTaken(ctx, tx, by.Organization, minutes); err != nil {
		return err
	}
	return touchUsed(ctx, s.db, tx, minutes)
}

func badReport(format string, args ...any) error {
	return fault.New(fault.BadUserInput, fmt.Sprintf(format, args...))
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
		case c.Calls < 1 || c.Calls > mostCalls:
			return badReport("Row %d: the number of calls must be 1 to %d.", i, mostCalls)
		case c.StatusClass < 0 || c.StatusClass > 5:
			return badReport("Row %d: the status class must be 1 to 5.", i)
		case c.Code == "" && c.StatusClass == 0:
			return badReport("Row %d: there is neither a code nor a status class.", i)
		case c.Latency < 0 || c.Latency/time.Duration(c.Calls) > slowest:
			return badReport("Row %d: the latency is out of range.", i)
		case c.At.Before(now.Add(-acceptsBack)) || c.At.After(now.Add(acceptsAhead)):
			return badReport("Row %d: the time must be within the last 24 hours.", i)
		}
	}
	return nil
}

// answered is a row of usage_upstreams to be added.
type answered struct {
	Reported
	id uuid.UUID
	// micros is the latency of all of them together: nanoseconds would not fit.
	micros int64
}

// sumUp puts what counts in the same row together.
func sumUp(organization uuid.UUID, calls []Reported) ([]counted, map[uuid.UUID]answered) {
	sums, upstream := map[uuid.UUID]counted{}, map[uuid.UUID]answered{}
	for _, c := range calls {
		c.Organization = organization
		if c.Code != "" {
			at := Minute.floor(c.At, time.UTC)
			r := counted{id: c.id(at), at: at, Call: c.Call, calls: c.Calls}
			r.calls += sums[r.id].calls
			sums[r.id] = r
		}
		if c.StatusClass > 0 {
			c.At = Hour.floor(c.At, time.UTC)
			a := answered{c, c.upstreamID(), c.Latency.Microseconds()}
			a.Calls += upstream[a.id].Calls
			a.micros += upstream[a.id].micros
			upstream[a.id] = a
		}
	}
	minutes := make([]counted, 0, len(sums))
	for _, r := range sums {
		minutes = append(minutes, r)
	}
	return minutes, upstream
}

// upstreamID names the row that counts such answers.
func (r *Reported) upstreamID() uuid.UUID {
	same := Call{Organization: r.Organization, Account: r.Account, App: r.App, Credential: r.Credential, Product: r.Product}
	same.Code = strconv.Itoa(r.StatusClass)
	return same.id(r.At)
}

func addUpstream(ctx context.Context, db *database.DB, tx *database.Tx, rows map[uuid.UUID]answered) error {
	if len(rows) == 0 {
		return nil
	}
	b := newBulk(db, len(rows), column{"id", uuids}, column{"organization_id", uuids}, column{"at", times}, column{"account_id", uuids}, column{"app_id", uuids},
		column{"credential_id", uuids}, column{"product_id", uuids}, column{"status_class", ints}, column{"calls", ints}, column{"latency_us", ints})
	for _, id := range inOrder(rows) {
		r := rows[id]
		b.id(id, r.Organization)
		b.time(r.At)
		b.id(r.Account, r.App, r.Credential, r.Product)
		b.int(int64(r.StatusClass))
		b.int(r.Calls)
		b.int(r.micros)
	}
	const names = `id, organization_id, at, account_id, app_id, credential_id, product_id, status_class, calls, latency_us`
	_, err := tx.ExecContext(ctx, `INSERT INTO usage_upstreams AS t (`+names+`) SELECT `+names+` FROM `+b.source(1)+
		` WHERE true ON CONFLICT (id) DO UPDATE SET calls = t.calls + excluded.calls, latency_us = t.latency_us + excluded.latency_us`, b.args()...)
	return err
}
