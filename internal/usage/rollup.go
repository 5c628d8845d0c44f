package usage

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/zone"
)

// mostRolled bounds the minutes that are rolled up in one transaction.
const mostRolled = 2000

// RollUp adds to hours and days what the minutes that are over hold and those
// do not yet. Any number of nodes may do it at once, and calls may come late: a
// row to which something is added becomes due again.
func (s *Store) RollUp(ctx context.Context) error {
	until := firstID(Minute.floor(s.clock.Now(), time.UTC))
	for {
		n := 0
		err := s.db.InTx(ctx, func(tx *database.Tx) (err error) {
			n, err = s.rollSome(ctx, tx, until)
			return err
		})
		if err != nil || n < mostRolled {
			return database.Fault(err)
		}
	}
}

// rollSome rolls up the oldest rows that are due and tells how many there were.
func (s *Store) rollSome(ctx context.Context, tx *database.Tx, until uuid.UUID) (int, error) {
	rows, ids, err := s.dueRows(ctx, tx, until)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if err := addHoursAndDays(ctx, s.db, tx, rows); err != nil {
		return 0, err
	}
	sel := &selection{db: s.db}
	_, err = tx.ExecContext(ctx, `UPDATE usage_minutes SET rolled = calls, due = false WHERE `+sel.anyOf("id", ids), sel.args...)
	return len(rows), err
}

// addHoursAndDays adds minutes to the hours and days they are in, by the
// organizations' time zones.
func addHoursAndDays(ctx context.Context, db *database.DB, tx *database.Tx, rows []counted) error {
	zones := zones{}
	if err := zones.load(ctx, tx); err != nil {
		return err
	}
	for _, to := range []struct {
		table    string
		interval Interval
	}{{"usage_hours", Hour}, {"usage_days", Day}} {
		if _, err := addCalls(ctx, db, tx, to.table, addition{}, together(rows, to.interval, zones)); err != nil {
			return err
		}
	}
	return nil
}

// dueRows reads rows and locks them, in the order of their ids as whoever adds
// to them does. Calls is what is not rolled up yet.
func (s *Store) dueRows(ctx context.Context, tx *database.Tx, until uuid.UUID) (out []counted, ids []uuid.UUID, err error) {
	lock := ""
	if (&selection{db: s.db}).postgres() {
		lock = " FOR NO KEY UPDATE"
	}
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(`SELECT id, organization_id, at, account_id, app_id, credential_id, product_id,
		endpoint_id, code, %s FROM usage_minutes WHERE due AND id < $1 ORDER BY id LIMIT %d%s`, atMost(s.db, "calls - rolled"), mostRolled, lock), until)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r counted
		if err := rows.Scan(&r.id, &r.Organization, &r.at, &r.Account, &r.App, &r.Credential, &r.Product, &r.Endpoint, &r.Code, &r.calls); err != nil {
			return nil, nil, err
		}
		out, ids = append(out, r), append(ids, r.id)
	}
	return out, ids, rows.Err()
}

// together sums rows up by their hours or days.
func together(rows []counted, to Interval, zones zones) []counted {
	sums := map[uuid.UUID]int{}
	var out []counted
	for _, r := range rows {
		r.at = to.floor(r.at, zones.of(r.Organization))
		r.id = movedTo(r.id, r.at)
		if i, ok := sums[r.id]; ok {
			out[i].calls = plus(out[i].calls, r.calls)
			continue
		}
		sums[r.id] = len(out)
		out = append(out, r)
	}
	return out
}

// zones are the organizations' time zones.
type zones map[uuid.UUID]*time.Location

// of gives an organization's zone; UTC if it is not known.
func (z zones) of(organization uuid.UUID) *time.Location {
	if l := z[organization]; l != nil {
		return l
	}
	return time.UTC
}

// load reads the zones of all organizations, which are few.
func (z zones) load(ctx context.Context, tx *database.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT id, time_zone FROM organizations`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		l, err := zone.Load(name)
		if err != nil {
			return fmt.Errorf("usage: the time zone of an organization: %w", err)
		}
		z[id] = l
	}
	return rows.Err()
}
