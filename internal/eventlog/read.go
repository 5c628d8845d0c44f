package eventlog

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Line is an event as those who follow the log read it.
type Line struct {
	Position  int64
	Type      Type
	At        time.Time
	SubjectID uuid.UUID
	AccountID *uuid.UUID
	AppID     *uuid.UUID
}

// Source is where the log is read.
type Source interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ErrGap says that the log does not go on from a position: events beyond it
// were purged, or it ends before it, as after an older state of the database
// was restored. Whoever follows it from there must begin anew.
var ErrGap = errors.New("the log does not go on from this position")

// Read returns up to limit events of an organization beyond a position, in order;
// none when that is where the log ends. A follower that passes on the last
// position it was given misses none: where it would it is given ErrGap.
func Read(ctx context.Context, src Source, organization uuid.UUID, after int64, limit int) ([]Line, error) {
	lines, err := read(ctx, src, organization, after, limit)
	if err == nil && len(lines) == 0 {
		var head int64
		if head, err = Head(ctx, src, organization); err != nil || head == after {
			return nil, err
		}
		// They came in between, or else there is a gap.
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

// read returns the events that there are.
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

// Head returns the position an organization's log has reached; 0 before its first event.
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
