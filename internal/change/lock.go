package change

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/listing"
)

// noKeyUpdate does not block references to the rows that it locks: if a foreign key's
// check waited for this lock, its transaction could hold a lock that this one needs next.
const noKeyUpdate = "FOR NO KEY UPDATE"

// lockable is a query that can lock the rows it reads until the transaction
// ends. SQLite allows one writer at a time and needs no lock.
type lockable[Q any, O ~func(*sql.Selector)] interface {
	Order(...O) Q
	ForUpdate(...sql.LockOption) Q
	ForShare(...sql.LockOption) Q
}

// LockForUpdate locks the rows against changes. It does not block references to
// them. They are locked in the query's own order, and those that are equal in it, or
// all if it has none, in the order of their ids: two transactions that lock the same
// rows do not wait for one another.
func LockForUpdate[Q lockable[Q, O], O ~func(*sql.Selector)](tx *Tx, q Q) Q {
	q = q.Order(byID)
	if tx.postgres {
		return q.ForUpdate(sql.WithLockClause(noKeyUpdate))
	}
	return q
}

// LockForShare locks the rows against changes, in the order of LockForUpdate; other
// transactions may hold the same lock.
func LockForShare[Q lockable[Q, O], O ~func(*sql.Selector)](tx *Tx, q Q) Q {
	q = q.Order(byID)
	if tx.postgres {
		return q.ForShare()
	}
	return q
}

// byID sorts by what every table has.
func byID(s *sql.Selector) { s.OrderBy(s.C("id")) }

// ForUpdate returns the text of a statement of one's own, such that it locks the rows it
// reads as LockForUpdate does.
func (tx *Tx) ForUpdate(text string) string {
	if tx.postgres {
		return text + " " + noKeyUpdate
	}
	return text
}

// table is a table's client. Its queries have no conditions, so that a row's id and the
// viewer are all that a statement depends on.
type table[Q any] interface{ Query() Q }

// LockRowForUpdate is LockForUpdate for the row with an id: of reads some of its
// columns; none for all. The statement is kept. If there is no such row for the
// viewer, db.IsNotFound is true for the error.
func LockRowForUpdate[T any, Q listing.Query[T]](ctx context.Context, tx *Tx, of table[Q], id uuid.UUID, columns ...string) (T, error) {
	return lockRow(ctx, tx, of.Query(), noKeyUpdate, id, columns)
}

// LockRowForShare is LockForShare as LockRowForUpdate is LockForUpdate.
func LockRowForShare[T any, Q listing.Query[T]](ctx context.Context, tx *Tx, of table[Q], id uuid.UUID, columns ...string) (T, error) {
	return lockRow(ctx, tx, of.Query(), "FOR SHARE", id, columns)
}

func lockRow[T any](ctx context.Context, tx *Tx, q listing.Query[T], clause string, id uuid.UUID, columns []string) (T, error) {
	if !tx.postgres {
		clause = ""
	}
	row, ok, err := listing.ReadRow(ctx, tx.statements, q, clause, id, columns)
	if err == nil && !ok {
		err = &db.NotFoundError{}
	}
	return row, err
}
