// Package source reads from the database, by hand-written SQL, what key caches hold:
// catalogues, accounts, apps with their subscriptions, and credentials; what of it
// some events have touched; and the tokens of gateways and the nodes that serve them.
//
// It only reads, and keeps nothing: when to read, and what a verdict follows from the
// rows, is up to package gateway. Errors of the database are returned as they are.
package source

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/google/uuid"

	"portico/internal/database"
)

// Reader reads from one database. It is safe for concurrent use.
type Reader struct{ db *database.DB }

// New returns a Reader.
func New(db *database.DB) *Reader { return &Reader{db: db} }

// in is database.InList.
func (s *Reader) in(column, placeholder string) string {
	return database.InList(s.db.Dialect(), column, placeholder)
}

// list returns the argument of in.
func (s *Reader) list(ids []uuid.UUID) any { return database.List(s.db.Dialect(), ids) }

// each runs a query and scans its rows.
func (s *Reader) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// decode parses a JSON column into v; NULL leaves v unchanged.
func decode(column []byte, v any) error {
	if len(column) == 0 {
		return nil
	}
	return json.Unmarshal(column, v)
}

// IDs is a set of ids.
type IDs map[uuid.UUID]bool

// List returns the ids, in no order.
func (s IDs) List() []uuid.UUID {
	out := make([]uuid.UUID, 0, len(s))
	for id := range s {
		out = append(out, id)
	}
	return out
}

// scan adds the id in a row.
func (s IDs) scan(r *sql.Rows) error {
	var id uuid.UUID
	err := r.Scan(&id)
	s[id] = true
	return err
}
