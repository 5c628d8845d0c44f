package mail

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/zone"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/eventlog"
)

const (
	// oldest is how old an event may be that still causes a letter. Older ones are
	// of a time in which no mail was set up.
	oldest = 3 * day
	// batch is how many events are read at once.
	batch = 200
	// dailyHour is when daily letters are due, in the organization's time zone.
	dailyHour = 8
)

// cursor is how far the log of an organization has been read.
type cursor struct {
	organization       uuid.UUID
	position, sequence int64
	// head is the last position of the log.
	head int64
}

// delivery is a letter to be noted.
type delivery struct {
	kind      domain.MailKind
	cause     string
	event     *uuid.UUID
	recipient uuid.UUID
	// due is when it is written; zero for now.
	due time.Time
}

// Begin marks that mail has begun, once in the life of a database: what the logs have
// so far causes no letters.
func (svc *Service) Begin(ctx context.Context) error {
	return svc.database.InTx(ctx, func(tx *database.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO mail_cursors (id) VALUES ($1) ON CONFLICT (id) DO NOTHING`, uuid.Nil)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO mail_cursors (id, position) SELECT id, last FROM event_positions`)
		return err
	})
}

// follow notes the letters that new events cause, in every organization.
func (svc *Service) follow(ctx context.Context) error {
	var all []cursor
	err := each(ctx, svc.database, func(rows *sql.Rows) error {
		var c cursor
		err := rows.Scan(&c.organization, &c.head, &c.position, &c.sequence)
		all = append(all, c)
		return err
	}, `SELECT p.id, p.last, COALESCE(c.position, 0), COALESCE(c.sequence, 0)
		FROM event_positions p LEFT JOIN mail_cursors c ON c.id = p.id WHERE p.last > COALESCE(c.position, 0) ORDER BY p.id`)
	if err != nil {
		return err
	}
	for _, c := range all {
		for more := true; more; {
			if more, err = svc.followOne(ctx, &c); err != nil {
				return err
			}
		}
	}
	return nil
}

// followOne reads some events of an organization, and reports whether there are more.
func (svc *Service) followOne(ctx context.Context, c *cursor) (more bool, err error) {
	of := causes()
	types := make([]string, 0, len(of))
	for t := range of {
		types = append(types, string(t))
	}
	inside := within(ctx, c.organization)
	events, err := svc.client.Event.Query().
		Where(event.OrganizationID(c.organization), event.PositionGT(c.position), event.PositionLTE(c.head), event.TypeIn(types...)).
		Order(event.ByPosition()).Limit(batch).All(inside)
	if err != nil {
		return false, err
	}
	next := c.head
	if len(events) == batch {
		next = events[batch-1].Position
	}
	r := svc.newReader()
	var letters []delivery
	for _, e := range events {
		if e.At.Before(r.now.Add(-oldest)) {
			continue
		}
		for _, k := range of[eventlog.Type(e.Type)] {
			caused, err := k.deliveries(inside, r, e)
			if err != nil {
				return false, err
			}
			letters = append(letters, caused...)
		}
	}
	moved, err := svc.note(ctx, c, letters, `position`, next, c.position)
	c.position = next
	return moved && next < c.head, err
}

// deliveries returns the letters of a kind that an event causes.
func (k kind) deliveries(ctx context.Context, r *reader, e *db.Event) (out []delivery, err error) {
	to, err := k.recipients(ctx, r, e)
	if err != nil || len(to) == 0 {
		return nil, err
	}
	cause := e.ID.String()
	if k.cause != nil {
		cause = k.cause(e)
	}
	var due time.Time
	if k.gathered != nil {
		if due, err = k.gathered(ctx, r, e); err != nil {
			return nil, err
		}
	}
	if !due.IsZero() {
		cause += " and later"
	}
	for _, id := range to {
		out = append(out, delivery{kind: k.name, cause: cause, event: &e.ID, recipient: id, due: due})
	}
	return out, nil
}

// note inserts deliveries, and moves a column of the cursor on from what it was, in
// one transaction. It reports whether that was so: another node may have done it.
func (svc *Service) note(ctx context.Context, c *cursor, letters []delivery, column string, next, before any) (moved bool, err error) {
	now := svc.clock.Now()
	err = svc.database.InTx(ctx, func(tx *database.Tx) error {
		last := c.sequence + int64(len(letters))
		res, err := tx.ExecContext(ctx, `INSERT INTO mail_cursors (id, `+column+`, sequence) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET `+column+` = excluded.`+column+`, sequence = excluded.sequence
			WHERE mail_cursors.`+column+` = $4 AND mail_cursors.sequence = $5`, c.organization, next, last, before, c.sequence)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if moved = n == 1; err != nil || !moved {
			return err
		}
		for i, d := range letters {
			if err := svc.insert(ctx, tx, c.organization, c.sequence+int64(i)+1, d, now); err != nil {
				return err
			}
		}
		return nil
	})
	if moved = moved && err == nil; moved {
		c.sequence += int64(len(letters))
	}
	return moved, err
}

func (svc *Service) insert(ctx context.Context, tx *database.Tx, organization uuid.UUID, sequence int64, d delivery, now time.Time) error {
	id := uuid.Must(uuid.NewV7())
	_, err := tx.ExecContext(ctx, `INSERT INTO mail_deliveries
		(id, organization_id, kind, cause, event_id, recipient_id, sequence, message_id, next_attempt_at, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		id, organization, string(d.kind), d.cause, d.event, d.recipient, sequence, svc.messageID(id), latest(now, d.due), now)
	return err
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// daily notes the daily letters of the organizations in which the day's hour has come.
func (svc *Service) daily(ctx context.Context) error {
	type due struct {
		cursor
		zone, on string
	}
	var all []due
	err := each(ctx, svc.database, func(rows *sql.Rows) error {
		var d due
		err := rows.Scan(&d.organization, &d.zone, &d.on, &d.sequence)
		all = append(all, d)
		return err
	}, `SELECT o.id, o.time_zone, c.daily_on, c.sequence FROM organizations o JOIN mail_cursors c ON c.id = o.id ORDER BY o.id`)
	if err != nil {
		return err
	}
	for _, d := range all {
		zoned, err := zone.Load(d.zone)
		if err != nil {
			continue // repaired at the next start
		}
		now := svc.clock.Now().In(zoned)
		today := now.Format(time.DateOnly)
		if now.Hour() < dailyHour || d.on >= today {
			continue
		}
		letters, err := svc.dailyLetters(ctx, d.organization, today)
		if err != nil {
			return err
		}
		if d.on == "" {
			letters = nil // mail has just begun
		}
		if _, err := svc.note(ctx, &d.cursor, letters, `daily_on`, today, d.on); err != nil {
			return err
		}
	}
	return nil
}

func (svc *Service) dailyLetters(ctx context.Context, organization uuid.UUID, today string) (out []delivery, err error) {
	r := svc.newReader()
	for _, k := range kinds() {
		if k.events != nil {
			continue
		}
		to, err := k.recipients(within(ctx, organization), r, nil)
		if err != nil {
			return nil, err
		}
		for _, id := range to {
			out = append(out, delivery{kind: k.name, cause: today, recipient: id})
		}
	}
	return out, nil
}
