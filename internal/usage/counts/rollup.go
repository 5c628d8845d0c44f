package counts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/zone"
	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/usagesql"
)

// rollUpRows is the maximum number of minutes rolled up in one transaction.
const rollUpRows = 2000

// RollUp adds the minutes that are over to hours and days, as far as they are not
// yet part of them. Any number of nodes may do it concurrently, and calls may come
// late: a row to which calls are added is due again. Calls of an unknown
// organization are not rolled up, since its time zone is unknown, and RollUp returns
// an error that names the organization.
func (s *Store) RollUp(ctx context.Context) error {
	until := usage.FirstID(usage.Minute.Start(s.clock.Now(), time.UTC))
	for {
		n := 0
		err := s.db.InTx(ctx, func(tx *database.Tx) (err error) {
			n, err = s.rollUpSome(ctx, tx, until)
			return err
		})
		if err != nil {
			return database.Fault(err)
		}
		if n < rollUpRows {
			return s.checkOrganizations(ctx)
		}
	}
}

// checkOrganizations returns an error if there are due calls of an organization
// that does not exist.
func (s *Store) checkOrganizations(ctx context.Context) error {
	var id uuid.UUID
	err := s.db.QueryRowContext(ctx, `SELECT organization_id FROM usage_minutes
		WHERE due AND organization_id NOT IN (SELECT id FROM organizations) LIMIT 1`).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return database.Fault(err)
	}
	return errUnknownOrganization(id)
}

func errUnknownOrganization(id uuid.UUID) error {
	return fmt.Errorf("usage: there are calls of the organization %s, which is not known; they are not added to hours and days", id)
}

// rollUpSome rolls up the oldest due rows with ids below until, and returns how
// many there were.
func (s *Store) rollUpSome(ctx context.Context, tx *database.Tx, until uuid.UUID) (int, error) {
	rows, ids, err := s.lockDueRows(ctx, tx, until)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if err := addHoursAndDays(ctx, s.db, tx, rows); err != nil {
		return 0, err
	}
	args := &usagesql.Args{DB: s.db}
	_, err = tx.ExecContext(ctx, `UPDATE usage_minutes SET rolled = calls, due = false WHERE `+args.AnyOf("id", ids), args.Values...)
	return len(rows), err
}

// addHoursAndDays adds minutes to the hours and days that contain them, in the
// organizations' time zones.
func addHoursAndDays(ctx context.Context, db *database.DB, tx Tx, rows []Row) error {
	zones, err := loadZones(ctx, tx)
	if err != nil {
		return err
	}
	for _, to := range []struct {
		table    string
		interval usage.Interval
	}{{"usage_hours", usage.Hour}, {"usage_days", usage.Day}} {
		sums, err := sumByBucket(rows, to.interval, zones)
		if err != nil {
			return err
		}
		if _, err := upsert(ctx, db, tx, to.table, additions{}, sums); err != nil {
			return err
		}
	}
	return nil
}

// lockDueRows reads due rows and locks them in the order of their ids, as all who
// add to them do. Calls is the part that is not rolled up yet.
func (s *Store) lockDueRows(ctx context.Context, tx *database.Tx, until uuid.UUID) (out []Row, ids []uuid.UUID, err error) {
	lock := ""
	if usagesql.Postgres(s.db) {
		lock = " FOR NO KEY UPDATE"
	}
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(`SELECT id, organization_id, at, account_id, app_id, credential_id, product_id, endpoint_id, code, %s
		FROM usage_minutes WHERE due AND id < $1 AND organization_id IN (SELECT id FROM organizations) ORDER BY id LIMIT %d%s`,
		usagesql.Capped(s.db, "calls - rolled"), rollUpRows, lock), until)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r Row
		if err := rows.Scan(&r.ID, &r.Organization, &r.At, &r.Account, &r.App, &r.Credential, &r.Product, &r.Endpoint, &r.Code, &r.Calls); err != nil {
			return nil, nil, err
		}
		out, ids = append(out, r), append(ids, r.ID)
	}
	return out, ids, rows.Err()
}

// sumByBucket sums rows by the hours or days that contain them.
func sumByBucket(rows []Row, to usage.Interval, zones map[uuid.UUID]*time.Location) (out []Row, err error) {
	indices := map[uuid.UUID]int{} // in out
	for _, r := range rows {
		zone, known := zones[r.Organization]
		if !known {
			return nil, errUnknownOrganization(r.Organization)
		}
		r.At = to.Start(r.At, zone)
		r.ID = usage.MoveID(r.ID, r.At)
		if i, ok := indices[r.ID]; ok {
			out[i].Calls = usage.Add(out[i].Calls, r.Calls)
			continue
		}
		indices[r.ID] = len(out)
		out = append(out, r)
	}
	return out, nil
}

// loadZones reads the time zones of all organizations, which are few.
func loadZones(ctx context.Context, tx Tx) (map[uuid.UUID]*time.Location, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, time_zone FROM organizations`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	zones := map[uuid.UUID]*time.Location{}
	for rows.Next() {
		var id uuid.UUID
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		if zones[id], err = zone.Load(name); err != nil {
			return nil, fmt.Errorf("usage: the time zone of an organization: %w", err)
		}
	}
	return zones, rows.Err()
}
