package eventlog

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Line is an event as followers of the log read it.
type Line struct {
	Position  int64
	Type      Type
	At        time.Time
	SubjectID uuid.UUID
	AccountID *uuid.UUID
	AppID     *uuid.UUID
}

// Source runs the queries that read the log.
type Source interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ErrGap means that the log does not continue at a position: events after it
// were purged, or the log ends before it because an older state of the database
// was restored. A follower must start anew.
var ErrGap = errors.New("the log does not go on from this position")

// Read returns up to limit events of an organization after a position, in
// order; none if the log ends there. A follower that passes the last position
// it received misses no event: Read returns ErrGap if it would.
func Read(ctx context.Context, src Source, organization uuid.UUID, after int64, limit int) ([]Line, error) {
	lines, err := read(ctx, src, organization, after, limit)
	if err == nil && len(lines) == 0 {
		var head int64
		if head, err = Head(ctx, src, organization); err != nil || head == after {
			return nil, err
		}
		// Either events were added in between, or there is a gap.
		lines, err = read(ctx, src, organization, after, limit)
	}
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 || lines[0].Position != after+1 {
		return nil, ErrGap
	}
	return lines, nil
}

// read returns the existing events after a position.
func read(ctx context.Context, src Source, organization uuid.UUID, after int64, limit int) ([]Line, error) {
	rows, err := src.QueryContext(ctx,
		`SELECT position, type, at, subject_id, account_id, app_id FROM events WHERE organization_id = $1 AND position > $2 ORDER BY position LIMIT $3`,
		organization, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Line
	for rows.Next() {
		var l Line
		var account, app uuid.NullUUID
		if err := rows.Scan(&l.Position, &l.Type, &l.At, &l.SubjectID, &account, &app); err != nil {
			return nil, err
		}
		if account.Valid {
			l.AccountID = &account.UUID
		}
		if app.Valid {
			l.AppID = &app.UUID
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// Head returns the last position of an organization's log; 0 before its first
// event.
func Head(ctx context.Context, src Source, organization uuid.UUID) (int64, error) {
	rows, err := src.QueryContext(ctx, `SELECT last FROM event_positions WHERE id = $1`, organization)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var last int64
	if rows.Next() {
		if err := rows.Scan(&last); err != nil {
			return 0, err
		}
	}
	return last, rows.Err()
}
