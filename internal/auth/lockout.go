package auth

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/internal/address"
	"portico/internal/database"
)

// Lockout is who cannot sign in as a user at this moment, whatever the password.
// Zero times: nobody is kept out.
type Lockout struct {
	// Somewhere is until when a client, a known device or a session of the
	// address is, the last of them.
	Somewhere time.Time
	// Everywhere is until when all are who come from where nobody has signed in
	// as the user before.
	Everywhere time.Time
}

// Lockout looks at the failures of an address since a time until which they are
// forgiven the user.
func (l *Limiter) Lockout(ctx context.Context, email address.Email, user uuid.UUID, since time.Time) (Lockout, error) {
	who, now := email.String(), l.clock.Now()
	narrow, err := l.fullUntil(ctx, now, since, PairFailures, AttemptWindow, `bucket >= $2 AND bucket < $3`, l.family(who), l.family(who)+"g")
	if err != nil {
		return Lockout{}, database.Fault(err)
	}
	known, err := l.fullUntil(ctx, now, since, AddressFailures, AddressWindow, `bucket = $2`, l.name("sign-in known", who+" "+user.String()))
	if err != nil {
		return Lockout{}, database.Fault(err)
	}
	wide, err := l.fullUntil(ctx, now, since, AddressFailures, AddressWindow, `bucket = $2`, l.name("sign-in address", who))
	if known.After(narrow) {
		narrow = known
	}
	return Lockout{Somewhere: narrow, Everywhere: wide}, database.Fault(err)
}

// fullUntil returns until when the last of some buckets has no room; the zero
// time when all have.
func (l *Limiter) fullUntil(ctx context.Context, now, since time.Time, limit int, window time.Duration, which string, names ...any) (until time.Time, err error) {
	from := now.Add(-window)
	if since.After(from) {
		from = since
	}
	rows, err := l.db.QueryContext(ctx, `SELECT bucket, attempted_at FROM sign_in_attempts WHERE attempted_at > $1 AND `+which+
		` ORDER BY attempted_at DESC`, append([]any{from}, names...)...)
	if err != nil {
		return time.Time{}, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	counts := map[string]int{}
	for rows.Next() {
		var bucket string
		var at time.Time
		if err := rows.Scan(&bucket, &at); err != nil {
			return time.Time{}, err
		}
		// Room is there again when this one has grown old.
		if counts[bucket]++; counts[bucket] == limit && at.Add(window).After(until) {
			until = at.Add(window)
		}
	}
	return until, rows.Err()
}
