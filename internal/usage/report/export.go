package report

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/usagesql"
)

// exportTimeout bounds the statement of an export.
const exportTimeout = 5 * time.Minute

// Check returns the error that Rows would return for an invalid query, without
// reading counts.
func (s *Reader) Check(ctx context.Context, q usage.Query) error {
	points, err := pointsOf(&q)
	if err != nil {
		return err
	}
	_, err = s.plan(ctx, &q, points...)
	return err
}

// Rows calls yield for each combination of account, app, credential, product, endpoint
// and code that had calls in a point of the query, in the order of time. It keeps one
// point in memory at a time. It returns the first error of yield; its own errors are
// those of Report.
func (s *Reader) Rows(ctx context.Context, q usage.Query, yield func(usage.Row) error) (err error) {
	points, err := pointsOf(&q)
	if err != nil {
		return err
	}
	p, err := s.plan(ctx, &q, points...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(database.Patient(ctx, exportTimeout), exportTimeout)
	defer cancel()
	tx, err := s.db.Begin(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return database.Fault(err)
	}
	defer func() { _ = tx.Rollback() }() // it is read-only
	const names = `u.account_id, u.app_id, u.credential_id, u.product_id, u.endpoint_id, u.code`
	sel := newSelection(s.db, names)
	sel.read(p, sel.conditions(&q))
	rows, err := tx.QueryContext(ctx, `SELECT u.at, `+names+`, `+usagesql.Sum(s.db, "u.n")+` FROM `+sel.union()+
		` GROUP BY u.at, `+names+` ORDER BY u.at`, sel.Values...)
	if err != nil {
		return database.Fault(err)
	}
	defer rows.Close()
	e := &export{points: points, whole: func(p span) bool { return isWhole(&q, p) }, yield: yield, current: map[rowKey]int64{}}
	for rows.Next() {
		if err := e.add(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return database.Fault(err)
	}
	return e.flush()
}

// rowKey is what the calls of a row have in common besides the point.
type rowKey struct {
	account, app, credential, product, endpoint uuid.UUID
	code                                        string
}

// export sums rows, which are read in the order of time, by points.
type export struct {
	points  []span
	whole   func(span) bool
	yield   func(usage.Row) error
	point   int // the index of the current one
	current map[rowKey]int64
}

// add adds the current row of a result, and yields the point before if it is complete.
func (e *export) add(rows *sql.Rows) error {
	var at usagesql.Time
	var k rowKey
	var n int64
	if err := rows.Scan(&at, &k.account, &k.app, &k.credential, &k.product, &k.endpoint, &k.code, &n); err != nil {
		return err
	}
	if i := pointOf(e.points, at.Time); i != e.point {
		if err := e.flush(); err != nil {
			return err
		}
		e.point = i
	}
	e.current[k] = usage.Add(e.current[k], n)
	return nil
}

// flush yields the rows of the current point.
func (e *export) flush() error {
	out := make([]usage.Row, 0, len(e.current))
	if len(e.current) == 0 {
		return nil
	}
	p := e.points[e.point]
	whole := e.whole(p)
	for k, n := range e.current {
		out = append(out, usage.Row{Start: p.from, End: p.to, Account: k.account, App: k.app, Credential: k.credential,
			Product: k.product, Endpoint: k.endpoint, Code: k.code, Calls: n, Whole: whole})
	}
	clear(e.current)
	slices.SortFunc(out, func(a, b usage.Row) int { return strings.Compare(sortKey(&a), sortKey(&b)) })
	for _, r := range out {
		if err := e.yield(r); err != nil {
			return err
		}
	}
	return nil
}

// sortKey orders the rows of a point, so that exports of the same counts are equal.
func sortKey(r *usage.Row) string {
	return string(slices.Concat(r.Account[:], r.App[:], r.Credential[:], r.Product[:], r.Endpoint[:], []byte(r.Code)))
}
