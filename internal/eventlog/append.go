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
	// ActorAccount is the name of the account for which a developer acted, in an event that
	// another account reads: it stands in the place of the developer, whom that account does
	// not know. "" in all others.
	ActorAccount string
	// Changes are the attributes that changed; never a secret.
	Changes []domain.Change
}

// Tx is the transaction of the change.
type Tx interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// columns are those of a row, in the order of rowArgs, without the position.
const columns = `id, organization_id, type, payload_version, at, actor_role, actor_id, actor_name, actor_token_id, address, request_id, subject_type, subject_id, subject_name, account_id, app_id, reason, changes`

const columnCount = 18

// chunk bounds the parameters of one statement: SQLite takes ever longer to
// number them, and long texts are not cached as prepared statements.
const chunk = 20

// Insertion is a statement that inserts a row, with the placeholders $1, $2, …
type Insertion struct {
	Text string
	Args []any
}

// Append writes entries as the organization's next events, in their order. It
// must be the last statement of the transaction: from here to the commit the
// organization's other writers wait.
func Append(ctx context.Context, tx Tx, dialectName string, organization uuid.UUID, at time.Time, entries ...Entry) error {
	return AppendWith(ctx, tx, Insertion{}, dialectName, organization, at, entries...)
}

// AppendWith is Append for events about a row that it inserts before them: on
// Postgres by the same statement, which saves a round trip. Without events, the row
// alone is inserted.
func AppendWith(ctx context.Context, tx Tx, row Insertion, dialectName string, organization uuid.UUID, at time.Time, entries ...Entry) error {
	if row.Text != "" && (dialectName != dialect.Postgres || len(entries) == 0) {
		if _, err := tx.ExecContext(ctx, row.Text, row.Args...); err != nil {
			return err
		}
		row = Insertion{}
	}
	for len(entries) > 0 {
		n := min(chunk, len(entries))
		if err := appendChunk(ctx, tx, row, dialectName, organization, at, entries[:n]); err != nil {
			return err
		}
		row, entries = Insertion{}, entries[n:]
	}
	return nil
}

func appendChunk(ctx context.Context, tx Tx, row Insertion, dialectName string, organization uuid.UUID, at time.Time, entries []Entry) error {
	args := make([]any, 0, len(row.Args)+2+len(entries)*columnCount)
	args = append(append(args, row.Args...), organization, int64(len(entries)))
	if dialectName != dialect.Postgres {
		// SQLite has no INSERT inside WITH: allocate the positions first.
		last, err := allocatePositions(ctx, tx, args)
		if err != nil {
			return err
		}
		args = append(args[:0], last)
	}
	for _, e := range entries {
		values, err := rowArgs(ctx, organization, at, e)
		if err != nil {
			return err
		}
		args = append(args, values...)
	}
	_, err := tx.ExecContext(ctx, insertSQL(dialectName, row, len(entries)), args...)
	return err
}

const (
	intoPositions = `INSERT INTO event_positions (id, last) `
	drawPositions = ` ON CONFLICT (id) DO UPDATE SET last = event_positions.last + excluded.last RETURNING last`
	allocateSQL   = intoPositions + `VALUES ($1, $2)` + drawPositions
)

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

// insertSQL returns the statement for n events; n is at most chunk. On Postgres it
// inserts a row, too, unless that has no text.
func insertSQL(dialectName string, row Insertion, n int) string {
	next, last := 2, "$1"
	text := make([]byte, 0, 512+len(row.Text)+n*6*columnCount)
	if dialectName == dialect.Postgres {
		next, last = len(row.Args)+3, "(SELECT last FROM drawn)"
		text = append(text, "WITH "...)
		if row.Text == "" {
			text = append(text, "drawn AS ("+allocateSQL+") "...)
		} else {
			text = append(text, "inserted AS ("+row.Text+" RETURNING 1), "+drawnAfter(len(row.Args))...)
		}
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

// drawnAfter allocates positions once a row is inserted that has n arguments. It
// reads from that, so that the organization's other writers do not wait for the row.
func drawnAfter(n int) string {
	organization, count := strconv.Itoa(n+1), strconv.Itoa(n+2)
	return "drawn AS (" + intoPositions + "SELECT $" + organization + "::uuid, $" + count + "::bigint FROM inserted" + drawPositions + ") "
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
	if e.ActorAccount != "" && !v.ActsForOrganization() {
		v = viewer.Viewer{Role: v.Role, Name: e.ActorAccount, RequestID: v.RequestID}
		actor = nil
	}
	return []any{
		id, organization, string(e.Type), 1, at, string(v.Role), nullable(actor), v.Name, nullable(&v.TokenID), v.Address, v.RequestID,
		string(e.Subject), e.SubjectID, e.SubjectName, nullable(e.AccountID), nullable(e.AppID), e.Reason, string(text),
	}, nil
}

func nullable(id *uuid.UUID) any {
	if id == nil || *id == uuid.Nil {
		return nil
	}
	return *id
}
