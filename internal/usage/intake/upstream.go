package intake

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/counts"
	"portico/internal/usage/usagesql"
)

// upstreamRow is a row that is to be added to usage_upstreams.
type upstreamRow struct {
	usage.Reported
	id uuid.UUID
	// micros is the latency of all its calls in microseconds: the sum of
	// nanoseconds could overflow.
	micros int64
}

// sumReported sums what is counted in the same row.
func sumReported(calls []usage.Reported) ([]counts.Row, map[uuid.UUID]upstreamRow) {
	sums, upstream := map[uuid.UUID]counts.Row{}, map[uuid.UUID]upstreamRow{}
	for _, c := range calls {
		if c.Code != "" {
			at := usage.Minute.Start(c.At, time.UTC)
			r := counts.Row{ID: c.ID(at), At: at, Call: c.Call, Calls: c.Calls}
			r.Calls = usage.Add(r.Calls, sums[r.ID].Calls)
			sums[r.ID] = r
		}
		if c.StatusClass > 0 {
			c.At = usage.Hour.Start(c.At, time.UTC)
			u := upstreamRow{c, upstreamID(&c), c.Latency.Microseconds()}
			u.Calls += upstream[u.id].Calls
			u.micros += upstream[u.id].micros
			upstream[u.id] = u
		}
	}
	minutes := make([]counts.Row, 0, len(sums))
	for _, r := range sums {
		minutes = append(minutes, r)
	}
	return minutes, upstream
}

// upstreamID returns the id of the row of usage_upstreams, which is for an hour.
func upstreamID(r *usage.Reported) uuid.UUID {
	call := usage.Call{Organization: r.Organization, Account: r.Account, App: r.App, Credential: r.Credential, Product: r.Product}
	call.Code = strconv.Itoa(r.StatusClass)
	return call.ID(usage.Hour.Start(r.At, time.UTC))
}

// storedSum is what a row has counted.
type storedSum struct{ calls, micros int64 }

// checkCapacity returns an error that names the first call that would fill a row
// beyond the bounds of package usage.
func (s *Store) checkCapacity(ctx context.Context, tx *database.Tx, calls []usage.Reported) error {
	var ids [2][]uuid.UUID
	for i := range calls {
		ids[0] = append(ids[0], calls[i].ID(usage.Minute.Start(calls[i].At, time.UTC)))
		ids[1] = append(ids[1], upstreamID(&calls[i]))
	}
	minutes, err := s.storedSums(ctx, tx, "usage_minutes", "0", ids[0])
	if err != nil {
		return err
	}
	hours, err := s.storedSums(ctx, tx, "usage_upstreams", "latency_us", ids[1])
	if err != nil {
		return err
	}
	for i := range calls {
		c, minute, hour := &calls[i], ids[0][i], ids[1][i]
		switch m, h := minutes[minute], hours[hour]; {
		case c.Code != "" && m.calls > usage.MaxPerMinute-c.Calls:
			return badReport("Row %d: of one kind, no more than %d calls can be counted in a minute.", i, usage.MaxPerMinute)
		case c.StatusClass > 0 && h.calls > usage.MaxPerHour-c.Calls:
			return badReport("Row %d: of one kind, no more than %d answers can be counted in an hour.", i, usage.MaxPerHour)
		case c.StatusClass > 0 && h.micros > usage.MaxMicrosPerHour-c.Latency.Microseconds():
			return badReport("Row %d: of one kind, no more than %d ms of latency can be counted in an hour.", i, usage.MaxMicrosPerHour/1000)
		}
		if c.Code != "" {
			minutes[minute] = storedSum{minutes[minute].calls + c.Calls, 0}
		}
		if c.StatusClass > 0 {
			hours[hour] = storedSum{hours[hour].calls + c.Calls, hours[hour].micros + c.Latency.Microseconds()}
		}
	}
	return nil
}

// storedSums reads rows of a table; micros is the expression of their latency.
func (s *Store) storedSums(ctx context.Context, tx *database.Tx, table, micros string, ids []uuid.UUID) (map[uuid.UUID]storedSum, error) {
	args := &usagesql.Args{DB: s.db}
	in := args.AnyOf("id", ids)
	rows, err := tx.QueryContext(ctx, `SELECT id, `+usagesql.Capped(s.db, "calls")+`, `+usagesql.Capped(s.db, micros)+` FROM `+table+` WHERE `+in, args.Values...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[uuid.UUID]storedSum{}
	for rows.Next() {
		var id uuid.UUID
		var sum storedSum
		if err := rows.Scan(&id, &sum.calls, &sum.micros); err != nil {
			return nil, err
		}
		out[id] = sum
	}
	return out, rows.Err()
}

// checkWritten returns an error if not all rows of a report were written: since
// checkCapacity, concurrent reports have filled one.
func checkWritten(rows int, written int64) error {
	if written != int64(rows) {
		return badReport("More was reported at the same moment than can be counted. Report less at once.")
	}
	return nil
}

// addMinutes adds calls that gateways decided about by themselves.
func (s *Store) addMinutes(ctx context.Context, tx *database.Tx, rows []counts.Row) error {
	added, err := counts.AddReported(ctx, s.db, tx, rows)
	if err != nil {
		return err
	}
	return checkWritten(len(rows), added)
}

// addUpstream adds the responses to calls behind gateways.
func (s *Store) addUpstream(ctx context.Context, tx *database.Tx, rows map[uuid.UUID]upstreamRow) error {
	if len(rows) == 0 {
		return nil
	}
	b := usagesql.NewBulk(s.db, len(rows), usagesql.Column{Name: "id", Type: usagesql.UUID}, usagesql.Column{Name: "organization_id", Type: usagesql.UUID},
		usagesql.Column{Name: "at", Type: usagesql.Timestamp}, usagesql.Column{Name: "account_id", Type: usagesql.UUID}, usagesql.Column{Name: "app_id", Type: usagesql.UUID},
		usagesql.Column{Name: "credential_id", Type: usagesql.UUID}, usagesql.Column{Name: "product_id", Type: usagesql.UUID}, usagesql.Column{Name: "status_class", Type: usagesql.BigInt},
		usagesql.Column{Name: "calls", Type: usagesql.BigInt}, usagesql.Column{Name: "latency_us", Type: usagesql.BigInt})
	for _, id := range sortedIDs(rows) {
		r := rows[id]
		b.ID(id, r.Organization)
		b.Time(r.At)
		b.ID(r.Account, r.App, r.Credential, r.Product)
		b.Int(int64(r.StatusClass))
		b.Int(r.Calls)
		b.Int(r.micros)
	}
	const names = `id, organization_id, at, account_id, app_id, credential_id, product_id, status_class, calls, latency_us`
	where := fmt.Sprintf(" WHERE t.calls <= %d - excluded.calls AND t.latency_us <= %d - excluded.latency_us", usage.MaxPerHour, int64(usage.MaxMicrosPerHour))
	r, err := tx.ExecContext(ctx, `INSERT INTO usage_upstreams AS t (`+names+`) SELECT `+names+` FROM `+b.Source(1)+
		` WHERE true ON CONFLICT (id) DO UPDATE SET calls = t.calls + excluded.calls, latency_us = t.latency_us + excluded.latency_us`+where, b.Args()...)
	if err != nil {
		return err
	}
	written, err := r.RowsAffected()
	if err != nil {
		return err
	}
	return checkWritten(len(rows), written)
}
