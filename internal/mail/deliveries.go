package mail

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/zone"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/ent/db/user"
	"portico/internal/domain"
)

const (
	// claimTime is how long a delivery belongs to who has claimed it: longer than
	// any attempt takes.
	claimTime = 5 * time.Minute
	// atOnce is how many deliveries are looked for at once.
	atOnce = 100
	// longestProblem is how much of a server's answer is stored, in characters.
	longestProblem = 300
)

// pauses are the times between the attempts of a letter that a server refuses for now:
// three days in all, as mail servers keep on trying.
func pauses() []time.Duration {
	return []time.Duration{
		time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour,
		12 * time.Hour, 12 * time.Hour, 12 * time.Hour, 12 * time.Hour, 12 * time.Hour,
	}
}

// pending is a delivery that is due.
type pending struct {
	id, organization, recipient uuid.UUID
	kind                        domain.MailKind
	event                       *uuid.UUID
	messageID                   string
	attempts                    int
	created                     time.Time
}

// due returns deliveries to be sent: of each recipient the first that is pending, so
// that a later one waits for it.
func (svc *Service) due(ctx context.Context) (out []pending, err error) {
	now := svc.clock.Now()
	err = each(ctx, svc.database, func(rows *sql.Rows) error {
		var p pending
		var e uuid.NullUUID
		err := rows.Scan(&p.id, &p.organization, &p.recipient, &p.kind, &e, &p.messageID, &p.attempts, &p.created)
		if e.Valid {
			p.event = &e.UUID
		}
		out = append(out, p)
		return err
	}, `SELECT d.id, d.organization_id, d.recipient_id, d.kind, d.event_id, d.message_id, d.attempts, d.created_at FROM mail_deliveries d
		WHERE d.state = 'PENDING' AND d.next_attempt_at <= $1 AND (d.claimed_until IS NULL OR d.claimed_until <= $1)
			AND NOT EXISTS (SELECT 1 FROM mail_deliveries e WHERE e.recipient_id = d.recipient_id AND e.state = 'PENDING' AND e.sequence < d.sequence
				AND (e.attempts > 0 OR e.next_attempt_at <= $1))
		ORDER BY d.next_attempt_at, d.sequence LIMIT $2`, now, atOnce)
	return out, err
}

// claim makes a delivery this node's, and reports whether it was nobody's. It counts
// the attempt, so that one that ends with a crash counts too.
func (svc *Service) claim(ctx context.Context, p *pending) (bool, error) {
	now := svc.clock.Now()
	n, err := svc.update(ctx, `UPDATE mail_deliveries SET claimed_until = $2, attempts = attempts + 1
		WHERE id = $1 AND state = 'PENDING' AND attempts = $4 AND (claimed_until IS NULL OR claimed_until <= $3)`, p.id, now.Add(claimTime), now, p.attempts)
	if n == 1 {
		p.attempts++
	}
	return n == 1, err
}

// unclaim gives a delivery back as if it had not been claimed.
func (svc *Service) unclaim(ctx context.Context, p pending) error {
	_, err := svc.update(ctx, `UPDATE mail_deliveries SET claimed_until = NULL, attempts = attempts - 1
		WHERE id = $1 AND state = 'PENDING' AND attempts = $2`, p.id, p.attempts)
	return err
}

// settle ends a delivery.
func (svc *Service) settle(ctx context.Context, p pending, s domain.MailState, problem string) error {
	_, err := svc.update(ctx, `UPDATE mail_deliveries SET state = $2, settled_at = $3, claimed_until = NULL, problem = $4
		WHERE id = $1 AND state = 'PENDING'`, p.id, string(s), svc.clock.Now(), shorten(problem))
	return err
}

// postpone gives a delivery back until its next attempt, and reports whether there is
// one.
func (svc *Service) postpone(ctx context.Context, p pending, problem string) (again bool, err error) {
	all := pauses()
	if p.attempts > len(all) {
		return false, svc.settle(ctx, p, domain.MailFailed, problem)
	}
	_, err = svc.update(ctx, `UPDATE mail_deliveries SET next_attempt_at = $2, claimed_until = NULL, problem = $3
		WHERE id = $1 AND state = 'PENDING'`, p.id, svc.clock.Now().Add(all[p.attempts-1]), shorten(problem))
	return true, err
}

func (svc *Service) update(ctx context.Context, text string, args ...any) (int64, error) {
	res, err := svc.database.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func shorten(s string) string {
	if all := []rune(clean(s)); len(all) > longestProblem {
		return string(all[:longestProblem])
	}
	return clean(s)
}

// Why a letter is not sent when its turn comes.
const (
	nobody    = "the user is disabled or deleted"
	off       = "the organization does not send letters of this kind"
	pointless = "what it is about is no longer so"
)

// addressee is who gets a letter.
type addressee struct {
	name, email string
	// user is nil if the person is none, and may have chosen a language then.
	user     *db.User
	language *domain.Language
}

// userOf returns the user of an id as an addressee; ok is false if nobody is to get a
// letter there.
func userOf(ctx context.Context, r *reader, id uuid.UUID) (to addressee, ok bool, err error) {
	u, err := r.client.User.Query().Where(user.ID(id)).Only(ctx)
	if db.IsNotFound(err) || err == nil && u.Status != domain.UserActive {
		return to, false, nil
	}
	if err != nil {
		return to, false, err
	}
	return addressee{name: u.Name, email: u.Email, user: u}, true, nil
}

// compose writes the letter of a delivery as of now. Without an error, a letter that
// is not to be sent has a reason why.
func (svc *Service) compose(ctx context.Context, p pending) (m Message, why string, err error) {
	k, known := kindOf(p.kind)
	if !known {
		return m, pointless, nil // of a newer program, which ran here before
	}
	ctx = within(ctx, p.organization)
	r, find := svc.newReader(), k.addressee
	if find == nil {
		find = userOf
	}
	to, ok, err := find(ctx, r, p.recipient)
	if err != nil || !ok {
		return m, nobody, err
	}
	r.to = to.user
	o, err := svc.client.Organization.Get(ctx, p.organization)
	if err != nil {
		return m, "", err
	}
	s, err := settingsOf(ctx, svc.database, p.organization)
	if err != nil {
		return m, "", err
	}
	if !s.kind(p.kind).Enabled {
		return m, off, nil
	}
	e, err := svc.eventOf(ctx, p)
	if err != nil {
		return m, "", err
	}
	if e == nil && p.event != nil {
		return m, pointless, nil // purged
	}
	f, ok, err := k.facts(ctx, r, e)
	if err != nil || !ok {
		return m, pointless, err
	}
	if to.user != nil && !to.user.KeyNamesInMail {
		f.Key, f.Token = "", ""
	}
	m, err = svc.write(letter{kind: p.kind, language: languageOf(to, s), zone: zoneOf(to.user, o), organization: o, settings: s, name: to.name, email: to.email, facts: f})
	m.ID, m.From, m.To, m.Date = p.messageID, asciiAddress(svc.from), asciiAddress(to.email), p.created
	return m, "", err
}

// eventOf returns the event of a delivery; nil if there is none, or no longer.
func (svc *Service) eventOf(ctx context.Context, p pending) (*db.Event, error) {
	if p.event == nil {
		return nil, nil
	}
	e, err := svc.client.Event.Query().Where(event.ID(*p.event)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	return e, err
}

// languageOf returns the language of letters to a user, or to somebody who is none.
func languageOf(to addressee, s *Settings) domain.Language {
	switch {
	case to.user != nil && to.user.Language != nil:
		return *to.user.Language
	case to.user == nil && to.language != nil:
		return *to.language
	}
	return s.Language
}

// zoneOf returns the time zone of letters to a user, or to somebody who is none.
func zoneOf(u *db.User, o *db.Organization) *time.Location {
	if u != nil && u.TimeZone != nil {
		if out, err := zone.Load(*u.TimeZone); err == nil {
			return out
		}
	}
	out, err := zone.Load(o.TimeZone)
	if err != nil {
		return time.UTC
	}
	return out
}
