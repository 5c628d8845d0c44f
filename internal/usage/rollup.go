package usage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/zone"
	"portico/internal/database"
)

// mostRolled bounds the minutes that are rolled up in one transaction.
const mostRolled = 2000

// RollUp adds to hours and days what the minutes that are over hold and those
// do not yet. Any number of nodes may do it at once, and calls may come late: a
// row to which something is added becomes due again. Calls of an organization
// that is not known wait, and are an error: nobody can say on which day they were.
func (s *Store) RollUp(ctx context.Context) error {
	until := firstID(Minute.floor(s.clock.Now(), time.UTC))
	for {
		n := 0
		err := s.db.InTx(ctx, func(tx *database.Tx) (err error) {
			n, err = s.rollSome(ctx, tx, until)
			return err
		})
		if err != nil {
			return database.Fault(err)
		}
		if n < mostRolled {
			return s.stranded(ctx)
		}
	}
}

// stranded returns an error that names an organization that has calls and is not
// known, nil where there is none.
func (s *Store) stranded(ctx context.Context) error {
	var id uuid.UUID
	err := s.db.QueryRowContext(ctx, `SELECT organization_id FROM usage_minutes
		WHERE due AND organization_id NOT IN (SELECT id FROM organizations) LIMIT 1`).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return database.Fault(err)
	}
	return unknownOrganization(id)
}

func unknownOrganization(id uuid.UUID) error {
	return fmt.Errorf("usage: there are calls of the organization %s, which is not known; they are not added to hours and days", id)
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
		sums, err := together(rows, to.interval, zones)
		if err != nil {
			return err
		}
		if _, err := addCalls(ctx, db, tx, to.table, addition{}, sums); err != nil {
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
		endpoint_id, code, %s FROM usage_minutes WHERE due AND id < $1 AND organization_id IN (SELECT id FROM organizations) ORDER BY id LIMIT %d%s`, atMost(s.db, "calls - rolled"), mostRolled, lock), until)
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
func together(rows []counted, to Interval, zones zones) (out []counted, err error) {
	sums := map[uuid.UUID]int{}
	for _, r := range rows {
		zone, known := zones[r.Organization]
		if !known {
			return nil, unknownOrganization(r.Organization)
		}
		r.at = to.floor(r.at, zone)
		r.id = movedTo(r.id, r.at)
		if i, ok := sums[r.id]; ok {
			out[i].calls = plus(out[i].calls, r.calls)
			continue
		}
		sums[r.id] = len(out)
		out = append(out, r)
	}
	return out, nil
}

// zones are the organizations' time zones.
type zones map[uuid.UUID]*time.Location

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
