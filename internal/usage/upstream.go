package usage

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
)

// answered is a row of usage_upstreams to be added.
type answered struct {
	Reported
	id uuid.UUID
	// micros is the latency of all of them together: nanoseconds would not fit.
	micros int64
}

// sumUp puts what counts in the same row together.
func sumUp(calls []Reported) ([]counted, map[uuid.UUID]answered) {
	sums, upstream := map[uuid.UUID]counted{}, map[uuid.UUID]answered{}
	for _, c := range calls {
		if c.Code != "" {
			at := Minute.floor(c.At, time.UTC)
			r := counted{id: c.id(at), at: at, Call: c.Call, calls: c.Calls}
			r.calls = plus(r.calls, sums[r.id].calls)
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

// upstreamID names the row that counts such answers, which is an hour's.
func (r *Reported) upstreamID() uuid.UUID {
	same := Call{Organization: r.Organization, Account: r.Account, App: r.App, Credential: r.Credential, Product: r.Product}
	same.Code = strconv.Itoa(r.StatusClass)
	return same.id(Hour.floor(r.At, time.UTC))
}

// sum is what a stored row holds.
type sum struct{ calls, micros int64 }

// fit refuses the first report that is too much for the rows that it adds to.
func (s *Store) fit(ctx context.Context, tx *database.Tx, calls []Reported) error {
	var ids [2][]uuid.UUID
	for i := range calls {
		ids[0] = append(ids[0], calls[i].id(Minute.floor(calls[i].At, time.UTC)))
		ids[1] = append(ids[1], calls[i].upstreamID())
	}
	minutes, err := s.stored(ctx, tx, "usage_minutes", "0", ids[0])
	if err != nil {
		return err
	}
	hours, err := s.stored(ctx, tx, "usage_upstreams", "latency_us", ids[1])
	if err != nil {
		return err
	}
	for i := range calls {
		c, minute, hour := &calls[i], ids[0][i], ids[1][i]
		switch m, h := minutes[minute], hours[hour]; {
		case c.Code != "" && m.calls > mostInMinute-c.Calls:
			return badReport("Row %d: of one kind, no more than %d calls can be counted in a minute.", i, mostInMinute)
		case c.StatusClass > 0 && h.calls > mostInHour-c.Calls:
			return badReport("Row %d: of one kind, no more than %d answers can be counted in an hour.", i, mostInHour)
		case c.StatusClass > 0 && h.micros > mostMicros-c.Latency.Microseconds():
			return badReport("Row %d: of one kind, no more than %d ms of latency can be counted in an hour.", i, mostMicros/1000)
		}
		if c.Code != "" {
			minutes[minute] = sum{minutes[minute].calls + c.Calls, 0}
		}
		if c.StatusClass > 0 {
			hours[hour] = sum{hours[hour].calls + c.Calls, hours[hour].micros + c.Latency.Microseconds()}
		}
	}
	return nil
}

// stored reads what rows of a table hold.
func (s *Store) stored(ctx context.Context, tx *database.Tx, table, micros string, ids []uuid.UUID) (map[uuid.UUID]sum, error) {
	sel := &selection{db: s.db}
	in := sel.anyOf("id", ids)
	rows, err := tx.QueryContext(ctx, `SELECT id, `+atMost(s.db, "calls")+`, `+atMost(s.db, micros)+` FROM `+table+` WHERE `+in, sel.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[uuid.UUID]sum{}
	for rows.Next() {
		var id uuid.UUID
		var holds sum
		if err := rows.Scan(&id, &holds.calls, &holds.micros); err != nil {
			return nil, err
		}
		out[id] = holds
	}
	return out, rows.Err()
}

// all refuses a report when not all its rows were written: others have filled
// one since fit looked.
func all(rows int, written int64) error {
	if written != int64(rows) {
		return badReport("More was reported at the same moment than can be counted. Report less at once.")
	}
	return nil
}

// addReported adds what gateways decided on their own.
func (s *Store) addReported(ctx context.Context, tx *database.Tx, rows []counted) error {
	room := addition{update: ", due = true", only: fmt.Sprintf(" WHERE t.calls <= %d - excluded.calls", mostInMinute)}
	written, err := addCalls(ctx, s.db, tx, "usage_minutes", room, rows)
	if err != nil {
		return err
	}
	return all(len(rows), written)
}

// addUpstream adds what was answered behind gateways.
func (s *Store) addUpstream(ctx context.Context, tx *database.Tx, rows map[uuid.UUID]answered) error {
	if len(rows) == 0 {
		return nil
	}
	b := newBulk(s.db, len(rows), column{"id", uuids}, column{"organization_id", uuids}, column{"at", times}, column{"account_id", uuids}, column{"app_id", uuids},
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
	room := fmt.Sprintf(" WHERE t.calls <= %d - excluded.calls AND t.latency_us <= %d - excluded.latency_us", mostInHour, int64(mostMicros))
	r, err := tx.ExecContext(ctx, `INSERT INTO usage_upstreams AS t (`+names+`) SELECT `+names+` FROM `+b.source(1)+
		` WHERE true ON CONFLICT (id) DO UPDATE SET calls = t.calls + excluded.calls, latency_us = t.latency_us + excluded.latency_us`+room, b.args()...)
	if err != nil {
		return err
	}
	written, err := r.RowsAffected()
	if err != nil {
		return err
	}
	return all(len(rows), written)
}
