package auth

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/database"
)

// Lockout reports which clients cannot sign in as a user at the moment,
// whatever the password. The zero value: none is locked out.
type Lockout struct {
	// Somewhere is when the last lockout of a single client, known device or
	// session of the address ends.
	Somewhere time.Time
	// Everywhere is when the lockout of all clients from which the user has
	// never signed in ends, and that by wrong codes, which is of all clients.
	Everywhere time.Time
}

// Lockout returns the lockout of a user, from the failures of the address after
// since, and the wrong codes of the second factor after codesSince; those before are
// forgiven.
func (l *Limiter) Lockout(ctx context.Context, email address.Email, user uuid.UUID, since, codesSince time.Time) (Lockout, error) {
	who, now := email.String(), l.clock.Now()
	narrow, err := l.fullUntil(ctx, now, since, PairFailures, AttemptWindow, `bucket >= $3 AND bucket < $4`, l.addressPrefix(who), l.addressPrefix(who)+"g")
	if err != nil {
		return Lockout{}, database.Fault(err)
	}
	known, err := l.fullUntil(ctx, now, since, AddressFailures, AddressWindow, `bucket = $3`, l.bucketName("sign-in known", who+" "+user.String()))
	if err != nil {
		return Lockout{}, database.Fault(err)
	}
	wide, err := l.fullUntil(ctx, now, since, AddressFailures, AddressWindow, `bucket = $3`, l.bucketName("sign-in address", who))
	if err != nil {
		return Lockout{}, database.Fault(err)
	}
	codes, err := l.fullUntil(ctx, now, codesSince, PairFailures, AddressWindow, `bucket = $3`, l.bucketName("second factor", user.String()))
	if known.After(narrow) {
		narrow = known
	}
	if codes.After(wide) {
		wide = codes
	}
	return Lockout{Somewhere: narrow, Everywhere: wide}, database.Fault(err)
}

// fullUntil returns when the last of the buckets has room again; the zero time
// if all have room.
func (l *Limiter) fullUntil(ctx context.Context, now, since time.Time, limit int, window time.Duration, which string, names ...any) (until time.Time, err error) {
	from := now.Add(-window)
	if since.After(from) {
		from = since
	}
	rows, err := l.db.QueryContext(ctx, `SELECT bucket, attempted_at FROM sign_in_attempts WHERE attempted_at > $1 AND attempted_at <= $2 AND `+which+
		` ORDER BY attempted_at DESC`, append([]any{from, now.Add(clock.MaxSkew)}, names...)...)
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
		// The bucket has room again when this attempt expires.
		if counts[bucket]++; counts[bucket] == limit && at.Add(window).After(until) {
			until = at.Add(window)
		}
	}
	return until, rows.Err()
}
