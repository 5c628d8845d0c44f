package usage

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
)

// exportTime is how long the statement of an export may take.
const exportTime = 5 * time.Minute

// Check returns what Rows would refuse a query for, without reading any.
func (s *Store) Check(ctx context.Context, q Query) error {
	points, err := q.spans()
	if err != nil {
		return err
	}
	_, err = s.plan(ctx, &q, points...)
	return err
}

// Rows calls yield for each combination of account, app, key, product, endpoint
// and code that had calls in a point of the query, in the order of time. Memory
// is used for one point at a time. It stops with yield's error; its own are
// those of Report.
func (s *Store) Rows(ctx context.Context, q Query, yield func(Row) error) (err error) {
	points, err := q.spans()
	if err != nil {
		return err
	}
	p, err := s.plan(ctx, &q, points...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(database.Patient(ctx, exportTime), exportTime)
	defer cancel()
	tx, err := s.db.Begin(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return database.Fault(err)
	}
	defer func() { _ = tx.Rollback() }() // it only read
	const names = `u.account_id, u.app_id, u.credential_id, u.product_id, u.endpoint_id, u.code`
	sel := &selection{db: s.db, dimensions: names}
	sel.read(p, sel.conditions(&q))
	rows, err := tx.QueryContext(ctx, `SELECT u.at, `+names+`, `+sumOf(s.db, "u.n")+` FROM `+sel.union()+
		` GROUP BY u.at, `+names+` ORDER BY u.at`, sel.args...)
	if err != nil {
		return database.Fault(err)
	}
	defer rows.Close()
	e := &export{points: points, yield: yield, current: map[rowKey]int64{}}
	for rows.Next() {
		if err := e.take(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return database.Fault(err)
	}
	return e.flush()
}

// rowKey is what the calls of a point are told apart by.
type rowKey struct {
	account, app, credential, product, endpoint uuid.UUID
	code                                        string
}

// export puts rows, which come in the order of time, together to points.
type export struct {
	points  []span
	yield   func(Row) error
	point   int
	current map[rowKey]int64
}

func (e *export) take(rows *sql.Rows) error {
	var at moment
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
	e.current[k] = plus(e.current[k], n)
	return nil
}

// flush returns what the current point has.
func (e *export) flush() error {
	out := make([]Row, 0, len(e.current))
	for k, n := range e.current {
		p := e.points[e.point]
		out = append(out, Row{Start: p.from, End: p.to, Account: k.account, App: k.app, Credential: k.credential,
			Product: k.product, Endpoint: k.endpoint, Code: k.code, Calls: n})
	}
	clear(e.current)
	slices.SortFunc(out, func(a, b Row) int { return strings.Compare(a.sortKey(), b.sortKey()) })
	for _, r := range out {
		if err := e.yield(r); err != nil {
			return err
		}
	}
	return nil
}

// sortKey makes exports of the same counts equal.
func (r *Row) sortKey() string {
	return string(slices.Concat(r.Account[:], r.App[:], r.Credential[:], r.Product[:], r.Endpoint[:], []byte(r.Code)))
}
