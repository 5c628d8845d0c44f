package change

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/rowscan"
	"portico/internal/viewer"
)

// noKeyUpdate does not block references to the rows that it locks: if a foreign key's
// check waited for this lock, its transaction could hold a lock that this one needs next.
const noKeyUpdate = "FOR NO KEY UPDATE"

// lockable is a query that can lock the rows it reads until the transaction
// ends. SQLite allows one writer at a time and needs no lock.
type lockable[Q any] interface {
	ForUpdate(...sql.LockOption) Q
	ForShare(...sql.LockOption) Q
}

// LockForUpdate locks the rows against changes. It does not block references to
// them.
func LockForUpdate[Q lockable[Q]](tx *Tx, q Q) Q {
	if tx.postgres {
		return q.ForUpdate(sql.WithLockClause(noKeyUpdate))
	}
	return q
}

// LockForShare locks the rows against changes; other transactions may hold the
// same lock.
func LockForShare[Q lockable[Q]](tx *Tx, q Q) Q {
	if tx.postgres {
		return q.ForShare()
	}
	return q
}

// rowQuery is the query for rows of type T that ent/db has for each node.
type rowQuery[T any] interface {
	Statement(ctx context.Context, columns []string) (*sql.Selector, error)
	Driver() dialect.Driver
	Columns() []string
	Row(columns []string) T
	Assign(column string) func(T, any) error
}

// table is a table's client. Its queries have no conditions, so that a row's id and the
// viewer are all that a statement depends on.
type table[Q any] interface{ Query() Q }

// LockRowForUpdate is LockForUpdate for the row with an id: of reads some of its
// columns; none for all. The statement is kept. If there is no such row for the
// viewer, db.IsNotFound is true for the error.
func LockRowForUpdate[T any, Q rowQuery[T]](ctx context.Context, tx *Tx, of table[Q], id uuid.UUID, columns ...string) (T, error) {
	return lockRow(ctx, tx, of.Query(), noKeyUpdate, id, columns)
}

// LockRowForShare is LockForShare as LockRowForUpdate is LockForUpdate.
func LockRowForShare[T any, Q rowQuery[T]](ctx context.Context, tx *Tx, of table[Q], id uuid.UUID, columns ...string) (T, error) {
	return lockRow(ctx, tx, of.Query(), "FOR SHARE", id, columns)
}

func lockRow[T any, Q rowQuery[T]](ctx context.Context, tx *Tx, q Q, clause string, id uuid.UUID, columns []string) (none T, err error) {
	if !tx.postgres {
		clause = ""
	}
	if len(columns) == 0 {
		columns = nil
	}
	s, err := locking(ctx, tx.locks, q, clause, columns)
	if err != nil {
		return none, err
	}
	var rows sql.Rows
	if err := q.Driver().Query(ctx, s.text, s.values(tx.locks, viewer.Current(ctx), id), &rows); err != nil {
		return none, err
	}
	defer func() { _ = rows.Close() }() // rows.Err has the error
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return none, err
		}
		return none, &db.NotFoundError{}
	}
	row := q.Row(columns)
	cells := make([]any, len(s.assign))
	for i, assign := range s.assign {
		cells[i] = rowscan.Cell(func(v any) error { return assign(row, v) })
	}
	if err := rows.Scan(cells...); err != nil {
		return none, err
	}
	return row, rows.Close()
}

// Locks keeps the statements that lock one row. There are as many as the program has
// ways to call LockRowForUpdate and LockRowForShare, by viewers of each role.
type Locks struct {
	all   sync.Map // of lockShape to *lockStatement
	marks viewer.Marks
	// row stands for the row's id.
	row uuid.UUID
}

func newLocks() *Locks { return &Locks{marks: viewer.NewMarks(), row: uuid.New()} }

// Purge forgets the statements, for tests that change the row policies.
func (l *Locks) Purge() { l.all.Clear() }

// lockShape is everything that the text of a statement depends on.
type lockShape struct {
	rows            reflect.Type
	clause, columns string
	viewer          viewer.Viewer
}

// lockStatement is the text of a statement, and how its row is scanned.
type lockStatement[T any] struct {
	text string
	// args are marks, and constants of the row policy.
	args   []any
	assign []func(T, any) error
}

// locking returns the statement that reads and locks a row as the row policies allow.
func locking[T any, Q rowQuery[T]](ctx context.Context, l *Locks, q Q, clause string, columns []string) (*lockStatement[T], error) {
	marked := l.marks.Marked(viewer.Current(ctx))
	shape := lockShape{reflect.TypeFor[T](), clause, strings.Join(columns, ","), marked}
	if kept, ok := l.all.Load(shape); ok {
		return kept.(*lockStatement[T]), nil
	}
	if columns == nil {
		columns = q.Columns()
	}
	query, err := q.Statement(viewer.NewContext(ctx, marked), columns)
	if err != nil {
		return nil, err
	}
	query.Where(sql.EQ(query.C("id"), l.row))
	if clause != "" {
		query.For(sql.LockUpdate, sql.WithLockClause(clause))
	}
	s := &lockStatement[T]{}
	s.text, s.args = query.Query()
	if err := query.Err(); err != nil {
		return nil, err
	}
	for _, c := range columns {
		assign := q.Assign(c)
		if assign == nil {
			return nil, fmt.Errorf("change: no column %q", c)
		}
		s.assign = append(s.assign, assign)
	}
	for _, a := range s.args {
		if !l.keeps(a) {
			return nil, fmt.Errorf("change: %T in a statement that is kept", a)
		}
	}
	l.all.Store(shape, s)
	return s, nil
}

// keeps reports whether an argument may be kept: it is a mark, or a text of the policy's
// own, such as a status. Anything else could be of one viewer.
func (l *Locks) keeps(arg any) bool {
	switch a := arg.(type) {
	case string:
		return true
	case uuid.UUID:
		_, marks := l.marks.IDOf(viewer.Viewer{}, a)
		return marks || a == l.row
	}
	return false
}

// values returns the arguments for a viewer and a row.
func (s *lockStatement[T]) values(l *Locks, v viewer.Viewer, row uuid.UUID) []any {
	out := make([]any, len(s.args))
	for i, a := range s.args {
		out[i] = a
		if mark, ok := a.(uuid.UUID); !ok {
			continue
		} else if id, ok := l.marks.IDOf(v, mark); ok {
			out[i] = id
		} else {
			out[i] = row
		}
	}
	return out
}
