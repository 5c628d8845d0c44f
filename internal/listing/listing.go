// Package listing reads ent rows: a page of a list (ReadPage), the same page of
// the lists of many parents (ReadPages), and rows by id (ReadByID), each in one
// statement. It knows no entity and no rule: a List says how rows are ordered,
// a query which rows there are, and the row policies which of them the viewer
// may see.
//
// Arguments that are not valid, and cursors of other lists, are BAD_USER_INPUT.
package listing

import (
	"context"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/paging"
)

// Reader is what all lists of a program share.
type Reader struct {
	Keys CursorKeys
	// Fault returns the error to show for an error of the database.
	Fault func(error) error
	// Now returns the time for which rows are settled.
	Now func() time.Time
}

// settled is implemented by rows of which a value depends on the time of
// reading.
type settled interface{ Settle(now time.Time) }

// CursorKeys provides the keys that authenticate cursors.
type CursorKeys interface {
	// CursorKey returns the key that seals new cursors, and its id.
	CursorKey() (id string, secret []byte)
	// CursorKeyByID returns a key whose cursors are still valid.
	CursorKeyByID(id string) (secret []byte, ok bool)
}

// IDColumn is the column of every row's id.
const IDColumn = "id"

// Request says which page of a list to read, and what of it.
type Request struct {
	Args paging.Args
	// Columns are the columns to read besides the id and what the list needs;
	// empty for all.
	Columns []string
	// Wanted says what else to compute besides the rows.
	Wanted paging.Wanted
}

// Order is the order of a list.
type Order struct {
	// By is the name of one of the list's keys; empty for the first.
	By   string
	Desc bool
}

// Row is implemented by every entity.
type Row interface {
	Value(name string) (ent.Value, error)
}

// Query is implemented by every ent query; S is the result of its Select.
type Query[T Row, S any] interface {
	Modify(...func(*sql.Selector)) S
	Select(...string) S
	All(context.Context) ([]T, error)
}

// List describes a kind of list.
type List[T Row] struct {
	// Name binds cursors to the list.
	Name string
	ID   func(T) uuid.UUID
	// Keys are what the list may be ordered by; rows with equal keys are ordered
	// by id.
	Keys []Key[T]
	// Needs are the columns that are always read, besides the id.
	Needs []string
}

// Key is a column that a list may be ordered by.
type Key[T Row] struct {
	// Name is the name that an Order has for it.
	Name string
	// Column is never NULL.
	Column string
	Type   Type
	// Value returns a row's value of the column: a string, a time.Time or an
	// int64, as Type says.
	Value func(T) any
}

// all reads the rows of a query.
func all[T Row, S any](ctx context.Context, r Reader, q Query[T, S]) ([]T, error) {
	rows, err := q.All(ctx)
	if err != nil {
		return nil, r.Fault(err)
	}
	if len(rows) == 0 {
		return rows, nil
	}
	if _, ok := any(rows[0]).(settled); ok {
		now := r.Now()
		for _, row := range rows {
			any(row).(settled).Settle(now)
		}
	}
	return rows, nil
}

// Columns returns the columns to select if some are asked for: the id, what the
// list needs, and those; nil, which means all, if none are.
func (l List[T]) Columns(asked ...string) []string {
	if len(asked) == 0 {
		return nil
	}
	out := make([]string, 0, 1+len(l.Needs)+len(asked))
	seen := make(map[string]bool, cap(out))
	for _, columns := range [][]string{{IDColumn}, l.Needs, asked} {
		for _, c := range columns {
			if !seen[c] {
				seen[c] = true
				out = append(out, c)
			}
		}
	}
	return out
}
