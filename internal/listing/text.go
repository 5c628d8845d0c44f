package listing

import (
	"context"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// sqlText is the text of a statement. Whatever differs between the requests of its
// shape is an argument.
type sqlText struct {
	text string
	// args are constants of the shape, and slots.
	args   []any
	driver dialect.Driver
	// kept is the cache that has the statement; nil if it serves one request only.
	kept *Statements
}

// run sends the statement with a request's values, alone or with others; see Together.
func (q *sqlText) run(ctx context.Context, v values, d destination) error {
	args := make([]any, len(q.args))
	for i, a := range q.args {
		if slot, ok := a.(slot); ok {
			a = v.of(slot, q.driver.Dialect())
		}
		args[i] = a
	}
	if g, ok := ctx.Value(gatheringKey{}).(*gathering); ok && q.driver.Dialect() == dialect.Postgres {
		return g.send(ctx, &waiting{sqlText: q, args: args, to: part{destination: d, cells: d.into(nil)}})
	}
	return send(ctx, q.driver, q.text, args, d)
}

// send runs a statement and scans its rows.
func send(ctx context.Context, on dialect.Driver, text string, args []any, d destination) error {
	var rows sql.Rows
	if err := on.Query(ctx, text, args, &rows); err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err has the error
	to := d.into(nil)
	for rows.Next() {
		d.next()
		if err := rows.Scan(to...); err != nil {
			return err
		}
		d.found()
	}
	return rows.Err()
}
