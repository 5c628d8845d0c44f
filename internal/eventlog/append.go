package eventlog

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// Entry describes a change. The actor and the address come from the context's
// viewer, the position from the log.
type Entry struct {
	// ID is the event's id; if it is zero, a new one is created.
	ID   uuid.UUID
	Type Type
	// Subject, SubjectID and SubjectName are the object that changed: its public
	// type, row id and name.
	Subject     nodeid.Kind
	SubjectID   uuid.UUID
	SubjectName string
	// AccountID is the account whose developers may read the event, AppID the
	// app in whose timeline it appears; nil for none.
	AccountID, AppID *uuid.UUID
	// Reason is the text that the actor entered.
	Reason string
	// Changes are the attributes that changed; never a secret.
	Changes []domain.Change
}

// Tx is the transaction of the change.
type Tx interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// columns are those of a row, in the order of rowArgs, without the position.
const columns = `id, organization_id, type, payload_version, at, actor_role, actor_id, actor_name, address, request_id, subject_type, subject_id, subject_name, account_id, app_id, reason, changes`

const columnCount = 17

// chunk bounds the parameters of one statement: SQLite takes ever longer to
// number them, and long texts are not cached as prepared statements.
const chunk = 20

// Append writes entries as the organization's next events, in their order. It
// must be the last statement of the transaction: from here to the commit the
// organization's other writers wait.
func Append(ctx context.Context, tx Tx, dialectName string, organization uuid.UUID, at time.Time, entries ...Entry) error {
	for len(entries) > 0 {
		n := min(chunk, len(entries))
		if err := appendChunk(ctx, tx, dialectName, organization, at, entries[:n]); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

func appendChunk(ctx context.Context, tx Tx, dialectName string, organization uuid.UUID, at time.Time, entries []Entry) error {
	args := []any{organization, int64(len(entries))}
	if dialectName != dialect.Postgres {
		// SQLite has no INSERT inside WITH: allocate the positions first.
		last, err := allocatePositions(ctx, tx, args)
		if err != nil {
			return err
		}
		args = []any{last}
	}
	for _, e := range entries {
		row, err := rowArgs(ctx, organization, at, e)
		if err != nil {
			return err
		}
		args = append(args, row...)
	}
	_, err := tx.ExecContext(ctx, insertSQL(dialectName, len(entries)), args...)
	return err
}

const allocateSQL = `INSERT INTO event_positions (id, last) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET last = event_positions.last + excluded.last RETURNING last`

// allocatePositions reserves positions in the organization's log and returns
// the last one.
func allocatePositions(ctx context.Context, tx Tx, args []any) (last int64, err error) {
	rows, err := tx.QueryContext(ctx, allocateSQL, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if !rows.Next() {
		return 0, fmt.Errorf("eventlog: no position drawn: %w", rows.Err())
	}
	if err := rows.Scan(&last); err != nil {
		return 0, err
	}
	return last, rows.Err()
}

// Has reports whether an event is in the organization's log. It waits for a
// transaction that is writing there, and others wait until tx ends: an event
// that is absent is not added later by a transaction that had already begun to
// write.
func Has(ctx context.Context, tx Tx, organization, id uuid.UUID) (found bool, err error) {
	if _, err := allocatePositions(ctx, tx, []any{organization, int64(0)}); err != nil {
		return false, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT 1 FROM events WHERE id = $1`, id)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	return rows.Next(), rows.Err()
}

// insertSQL returns the statement for n events; n is at most chunk.
func insertSQL(dialectName string, n int) string {
	next, last := 2, "$1"
	text := make([]byte, 0, 512+n*6*columnCount)
	if dialectName == dialect.Postgres {
		next, last = 3, "(SELECT last FROM drawn)"
		text = append(text, "WITH drawn AS ("+allocateSQL+") "...)
	}
	text = append(text, "INSERT INTO events (position, "+columns+") VALUES "...)
	for i := range n {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = append(append(text, '('), last...)
		text = strconv.AppendInt(append(text, " - "...), int64(n-1-i), 10)
		for range columnCount {
			text = strconv.AppendInt(append(text, ", $"...), int64(next), 10)
			next++
		}
		text = append(text, ')')
	}
	return string(text)
}

func rowArgs(ctx context.Context, organization uuid.UUID, at time.Time, e Entry) ([]any, error) {
	v := viewer.Current(ctx)
	id, err := e.ID, error(nil)
	if id == uuid.Nil {
		if id, err = uuid.NewV7(); err != nil {
			return nil, err
		}
	}
	changes := e.Changes
	if changes == nil {
		changes = []domain.Change{}
	}
	text, err := json.Marshal(changes)
	if err != nil {
		return nil, err
	}
	var actor *uuid.UUID
	if v.UserID != uuid.Nil {
		actor = &v.UserID
	}
	return []any{
		id, organization, string(e.Type), 1, at, string(v.Role), nullable(actor), v.Name, v.Address, v.RequestID,
		string(e.Subject), e.SubjectID, e.SubjectName, nullable(e.AccountID), nullable(e.AppID), e.Reason, string(text),
	}, nil
}

func nullable(id *uuid.UUID) any {
	if id == nil || *id == uuid.Nil {
		return nil
	}
	return *id
}
