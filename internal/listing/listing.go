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
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"entgo.io/ent/dialect"
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
	// Statements are reused; nil builds every statement anew.
	Statements *Statements
	// Unions says that Together sends the statements of several reads as one: to
	// Postgres. Of other databases it makes no sense to read ahead.
	Unions bool
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
	// Columns are the columns to read besides the id and those of the order; empty
	// for all.
	Columns []string
	// Wanted says what else to compute besides the rows.
	Wanted paging.Wanted
	// Edges are what to read of objects that the rows refer to.
	Edges []Edge `json:"-"`
}

// Order is the order of a list.
type Order struct {
	// By is the name of one of the list's keys; empty for the first.
	By   string
	Desc bool
}

// Query is implemented by the ent query of every node; T is its row.
type Query[T any] interface {
	// Statement returns the statement that reads some columns, all if there are
	// none, of the rows that the row policies allow.
	Statement(ctx context.Context, columns []string) (*sql.Selector, error)
	// Columns returns the names of all columns.
	Columns() []string
	// Assign returns the function that assigns a column's value to a row.
	Assign(column string) func(row T, v any) error
	// Row returns an empty row for some columns; nil means all.
	Row(columns []string) T
	Driver() dialect.Driver
}

// Source is the queries for the rows of a list.
type Source[T any] struct {
	// of is the type of the filter, and filter is it as JSON.
	of     reflect.Type
	filter string
	fresh  func() Query[T]
}

// All returns the source of all rows. query must depend on nothing but what it
// was made with when the program started, because its statement is reused.
func All[T any](query func() Query[T]) Source[T] { return Source[T]{fresh: query} }

// Filtered returns the source of the rows that a filter matches: beside it, query
// must depend on nothing that changes, except for ids and times.
func Filtered[T, F any](filter F, query func(F) Query[T]) Source[T] {
	out := Source[T]{of: reflect.TypeFor[F](), fresh: func() Query[T] { return query(filter) }}
	if !reflect.ValueOf(&filter).Elem().IsZero() {
		text, err := json.Marshal(filter)
		if err != nil {
			panic(fmt.Sprintf("listing: a filter does not marshal: %v", err)) // a fault of the program
		}
		out.filter = string(text)
	}
	return out
}

// List describes a kind of list.
type List[T any] struct {
	// Name binds cursors to the list.
	Name string
	ID   func(T) uuid.UUID
	// Keys are what the list may be ordered by; rows with equal keys are ordered
	// by id.
	Keys []Key[T]
}

// Key is a column that a list may be ordered by.
type Key[T any] struct {
	// Name is the name that an Order has for it.
	Name string
	// Column is never NULL, unless Nulls says where such rows are.
	Column string
	Type   Type
	Nulls  Nulls
	// Value returns a row's value of the column: a string, a time.Time or an
	// int64, as Type says; a *time.Time if the column may be NULL.
	Value func(T) any
}

// settle settles a row of which a value depends on the time.
func settle(r Reader, row any) {
	if s, ok := row.(settled); ok {
		s.Settle(r.Now())
	}
}

// columnsWith returns the columns to select if some are asked for: the id, and
// each once; nil, which means all, if none are.
func columnsWith(asked []string, further ...string) []string {
	if len(asked) == 0 {
		return nil
	}
	out := make([]string, 0, 1+len(further)+len(asked))
	for _, columns := range [][]string{{IDColumn}, further, asked} {
		for _, c := range columns {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}
