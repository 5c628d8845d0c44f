package usage

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
)

// mostInBatch bounds the rows of one transaction, and so how long it holds locks.
const mostInBatch = 4096

// counted is a row of usage_minutes to be added.
type counted struct {
	id uuid.UUID
	at time.Time
	Call
	calls int64
}

// takeBatch notes that a batch is taken in; fresh is false if it was before.
// It is a transaction's first statement: whoever brings the same batch at the
// same moment waits here.
func takeBatch(ctx context.Context, tx *database.Tx, id string, now time.Time) (fresh bool, err error) {
	r, err := tx.ExecContext(ctx, `INSERT INTO usage_batches (id, received_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, id, now)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

// callColumns are the columns of a bulk of counts.
func callColumns() []column {
	return []column{
		{"id", uuids}, {"organization_id", uuids}, {"at", times}, {"account_id", uuids}, {"app_id", uuids},
		{"credential_id", uuids}, {"product_id", uuids}, {"endpoint_id", uuids}, {"code", texts}, {"calls", ints},
	}
}

const callNames = `id, organization_id, at, account_id, app_id, credential_id, product_id, endpoint_id, code, calls`

// addition is what a table has besides.
type addition struct {
	columns, values, update string
	// only is a condition on rows that are there already.
	only string
}

// addCalls adds rows, each of which is there once, to a table. They are sorted
// by id first, so that nodes that add to the same rows do not deadlock. It
// returns how many rows were written: all, but for those that also.only leaves.
func addCalls(ctx context.Context, db *database.DB, tx *database.Tx, table string, also addition, rows []counted) (written int64, err error) {
	for chunk := range slices.Chunk(byID(rows), mostInBatch) {
		b := newBulk(db, len(chunk), callColumns()...)
		for _, r := range chunk {
			b.id(r.id, r.Organization)
			b.time(r.at)
			b.id(r.Account, r.App, r.Credential, r.Product, r.Endpoint)
			b.text(r.Code)
			b.int(r.calls)
		}
		text := `INSERT INTO ` + table + ` AS t (` + callNames + also.columns + `) SELECT ` + callNames + also.values + ` FROM ` + b.source(1) +
			` WHERE true ON CONFLICT (id) DO UPDATE SET ` + sumIs("t", "calls", "calls") + also.update + also.only
		r, err := tx.ExecContext(ctx, text, b.args()...)
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

// byID returns the rows in the order of their ids, without moving them: they are
// large.
func byID(rows []counted) []*counted {
	out := make([]*counted, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}
	slices.SortFunc(out, func(a, b *counted) int { return bytes.Compare(a.id[:], b.id[:]) })
	return out
}

// addMinutes adds to the minutes, from where a roll-up takes them.
func addMinutes(ctx context.Context, db *database.DB, tx *database.Tx, rows []counted) error {
	_, err := addCalls(ctx, db, tx, "usage_minutes", addition{update: ", due = true"}, rows)
	return err
}

// addRolled adds to the minutes, hours and days at once: with rows that many
// calls have gone into, that is less work than a roll-up.
func addRolled(ctx context.Context, db *database.DB, tx *database.Tx, rows []counted) error {
	rolled := addition{columns: ", rolled, due", values: ", calls, false", update: ", " + sumIs("t", "rolled", "calls")}
	if _, err := addCalls(ctx, db, tx, "usage_minutes", rolled, rows); err != nil || len(rows) == 0 {
		return err
	}
	return addHoursAndDays(ctx, db, tx, rows)
}
