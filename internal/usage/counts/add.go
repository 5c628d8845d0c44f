package counts

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/usagesql"
)

// ChunkRows is the maximum number of rows in one statement.
const ChunkRows = 4096

// Row is a count that is to be added to a table.
type Row struct {
	ID uuid.UUID
	// At is the start of the minute, hour or day.
	At time.Time
	usage.Call
	Calls int64
}

// Execer executes statements in a transaction.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Tx is a transaction.
type Tx interface {
	Execer
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// AddMinutes adds rows to the minutes; RollUp will add them to hours and days. No
// two rows may have the same id.
func AddMinutes(ctx context.Context, db *database.DB, tx *database.Tx, rows []Row) error {
	_, err := upsert(ctx, db, tx, "usage_minutes", additions{update: ", due = true"}, rows)
	return err
}

// AddReported is AddMinutes for reported calls: a minute to which a row would add
// more than usage.MaxPerMinute is left as it is. It returns the number of rows that
// were added.
func AddReported(ctx context.Context, db *database.DB, tx *database.Tx, rows []Row) (added int64, err error) {
	where := fmt.Sprintf(" WHERE t.calls <= %d - excluded.calls", usage.MaxPerMinute)
	return upsert(ctx, db, tx, "usage_minutes", additions{update: ", due = true", where: where}, rows)
}

// AddRolledUp adds rows to the minutes, hours and days at once. For rows that count
// many calls each this is less work than AddMinutes and RollUp.
func AddRolledUp(ctx context.Context, db *database.DB, tx *database.Tx, rows []Row) error {
	if _, err := upsert(ctx, db, tx, "usage_minutes", rolledUp(), rows); err != nil || len(rows) == 0 {
		return err
	}
	return addHoursAndDays(ctx, db, tx, rows)
}

// AddHistory adds minutes of the past to hours and days. The minutes themselves are
// stored only since a time.
func AddHistory(ctx context.Context, db *database.DB, tx Tx, rows []Row, minutesSince time.Time) error {
	recent := slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.At.Before(minutesSince) })
	if _, err := upsert(ctx, db, tx, "usage_minutes", rolledUp(), recent); err != nil {
		return err
	}
	return addHoursAndDays(ctx, db, tx, rows)
}

// rolledUp returns the additions for minutes that are part of hours and days.
func rolledUp() additions {
	return additions{columns: ", rolled, due", values: ", calls, false", update: ", " + usagesql.SetSum("t", "rolled", "calls")}
}

// rowColumns are the columns of a Row, in the order of rowNames.
func rowColumns() []usagesql.Column {
	return []usagesql.Column{
		{Name: "id", Type: usagesql.UUID}, {Name: "organization_id", Type: usagesql.UUID}, {Name: "at", Type: usagesql.Timestamp},
		{Name: "account_id", Type: usagesql.UUID}, {Name: "app_id", Type: usagesql.UUID}, {Name: "credential_id", Type: usagesql.UUID},
		{Name: "product_id", Type: usagesql.UUID}, {Name: "endpoint_id", Type: usagesql.UUID}, {Name: "code", Type: usagesql.Text}, {Name: "calls", Type: usagesql.BigInt},
	}
}

const rowNames = `id, organization_id, at, account_id, app_id, credential_id, product_id, endpoint_id, code, calls`

// additions extend the statement of upsert for one table.
type additions struct {
	// columns and values are further columns of new rows; update are further
	// assignments for rows that exist.
	columns, values, update string
	// where restricts which of the rows that exist are updated.
	where string
}

// upsert adds rows to a table. They are sorted by id first, so that nodes that add
// to the same rows do not deadlock. It returns the number of rows that were
// written: all, except for those that also.where excludes.
func upsert(ctx context.Context, db *database.DB, tx Execer, table string, also additions, rows []Row) (written int64, err error) {
	for chunk := range slices.Chunk(sortedByID(rows), ChunkRows) {
		b := usagesql.NewBulk(db, len(chunk), rowColumns()...)
		for _, r := range chunk {
			b.ID(r.ID, r.Organization)
			b.Time(r.At)
			b.ID(r.Account, r.App, r.Credential, r.Product, r.Endpoint)
			b.Text(r.Code)
			b.Int(r.Calls)
		}
		text := `INSERT INTO ` + table + ` AS t (` + rowNames + also.columns + `) SELECT ` + rowNames + also.values + ` FROM ` + b.Source(1) +
			` WHERE true ON CONFLICT (id) DO UPDATE SET ` + usagesql.SetSum("t", "calls", "calls") + also.update + also.where
		r, err := tx.ExecContext(ctx, text, b.Args()...)
		if err != nil {
			return written, err
		}
		n, err := r.RowsAffected()
		if written += n; err != nil {
			return written, err
		}
	}
	return written, nil
}

// sortedByID returns pointers to the rows in the order of their ids. The rows are
// large, so they are not moved.
func sortedByID(rows []Row) []*Row {
	out := make([]*Row, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}
	slices.SortFunc(out, func(a, b *Row) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return out
}
