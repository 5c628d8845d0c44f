package auth

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/keyring"
)

const (
	// attemptWait is how long an attempt waits for those before it.
	attemptWait = 3 * time.Second
	// settleTime is how long giving an attempt back may take, and graceTime how
	// much of it may lie after the request's deadline.
	settleTime = 2 * time.Second
	graceTime  = 500 * time.Millisecond
	// mostOwed bounds the attempts that are remembered for giving back later.
	mostOwed = 1000
)

// Limiter limits failed sign-ins. The failures lie in the database, which all
// nodes share; it stores keyed hashes, never an address. It is safe for
// concurrent use.
//
// A guess is counted before its password is looked at, and taken off the
// count when it was right: however many come at once, no more than the limit
// are ever looked at and found wrong.
//
// The count of an address covers every organization: a sign-in may leave the
// organization out, and must not have a second set of guesses that way. What an
// administrator forgives is forgiven for that organization's user alone.
type Limiter struct {
	db        *database.DB
	ring      *keyring.Ring
	devices   *Devices
	clock     clock.Clock
	admission *admission

	mu   sync.Mutex
	owed [][]uuid.UUID // see Limiter.owe
}

// NewLimiter returns a limiter over the table sign_in_attempts of db.
func NewLimiter(db *database.DB, ring *keyring.Ring, c clock.Clock) *Limiter {
	return &Limiter{db: db, ring: ring, devices: NewDevices(ring, c), clock: c, admission: newAdmission()}
}

// Reserve counts a guess before it is made. It fails with fault.RateLimited,
// and the time until the next guess, when there were too many for each of the
// users whose password would be tried; which of them may be tried the Attempt
// says.
//
// The caller looks at the passwords after it, calls Succeeded (or Withdraw) if
// the guess is not to count, and Done in any case.
func (l *Limiter) Reserve(ctx context.Context, g Guess) (*Attempt, error) {
	buckets := l.buckets(g)
	leave, err := l.enter(ctx, buckets)
	if err != nil {
		return nil, err
	}
	a := &Attempt{limiter: l, leave: leave}
	err = l.payBack(ctx)
	if err == nil {
		err = l.record(ctx, a, buckets, g)
	}
	if err != nil {
		a.Done()
		return nil, database.Fault(err)
	}
	// A caller that forgets Done must not shut others out for ever.
	a.unwatch = context.AfterFunc(ctx, a.leave)
	return a, nil
}

// enter passes the gate of each bucket that has one. The order is the same for
// all, an address's users first and the client last, so that no two can wait for
// each other.
func (l *Limiter) enter(ctx context.Context, buckets []bucket) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptWait)
	defer cancel()
	var inside []func()
	leave = sync.OnceFunc(func() {
		for _, out := range inside {
			out()
		}
	})
	for _, b := range buckets {
		if b.atOnce == 0 {
			continue
		}
		out, err := l.admission.enter(ctx, b.name, b.atOnce)
		if err != nil {
			leave()
			return nil, busy(err)
		}
		inside = append(inside, out)
	}
	return leave, nil
}

// record writes the attempt into its buckets, or fails when it is let through for
// nobody. The transaction is short: it has ended when the password is looked at.
func (l *Limiter) record(ctx context.Context, a *Attempt, buckets []bucket, g Guess) error {
	now := l.clock.Now()
	since := make([]time.Time, g.users())
	copy(since, g.Since)
	return l.db.InTx(ctx, func(tx *database.Tx) error {
		if err := l.lock(ctx, tx, buckets); err != nil {
			return err
		}
		waits, err := waitsOf(ctx, tx, now, buckets, since)
		if err != nil {
			return err
		}
		if wait := slices.Min(waits); wait > 0 {
			return fault.RetryAfter(fault.CodeRateLimited, fault.ReasonSignInFailures, wait, "Too many sign-ins have failed. Please wait before you try again.")
		}
		a.waits = waits
		return a.insert(ctx, tx, now, buckets)
	})
}

// insert writes the attempt into the buckets of those whose password will be
// tried. One in which nobody's is does not count it: whoever is known to a
// namesake would keep everybody else's full.
func (a *Attempt) insert(ctx context.Context, tx *database.Tx, now time.Time, buckets []bucket) error {
	a.counts = nil
	var values []string
	var args []any
	for _, b := range buckets {
		if !slices.ContainsFunc(b.whose, a.Open) {
			continue
		}
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("making an id: %w", err)
		}
		a.counts = append(a.counts, counted{b, id})
		values = append(values, fmt.Sprintf("($%d, $%d, $%d)", len(args)+1, len(args)+2, len(args)+3)) //nolint:mnd // the columns
		args = append(args, id.String(), b.name, now)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO sign_in_attempts (id, bucket, attempted_at) VALUES `+strings.Join(values, ", "), args...)
	return err
}

// lock lets one transaction at a time count a bucket. SQLite has only one that
// writes anyhow. On Postgres the locks are taken in one order by everybody. A
// bucket that counts apart needs none: whoever counts in it holds the lock of the
// address's, the client's or the known device's own.
func (l *Limiter) lock(ctx context.Context, tx *database.Tx, buckets []bucket) error {
	if l.db.Dialect() != dialect.Postgres {
		return nil
	}
	sorted := slices.SortedFunc(slices.Values(buckets), func(a, b bucket) int { return cmp.Compare(a.name, b.name) })
	for _, b := range sorted {
		if b.apart {
			continue
		}
		digits, err := hex.DecodeString(b.name[len(b.name)-16:])
		if err != nil {
			return fmt.Errorf("reading a bucket's name: %w", err)
		}
		number := int64(binary.BigEndian.Uint64(digits)) //nolint:gosec // any 64 bits will do
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, number); err != nil {
			return err
		}
	}
	return nil
}

// waitsOf returns for each user the time until all buckets that count for it have
// room again; each user's failures count since another time. It asks one question,
// however many buckets there are: its time does not tell how many users.
func waitsOf(ctx context.Context, tx *database.Tx, now time.Time, buckets []bucket, since []time.Time) (waits []time.Duration, err error) {
	// Of each bucket the attempt that must first grow old, so that fewer than the
	// limit are left.
	parts, args := make([]string, len(buckets)), make([]any, 0, 3*len(buckets)) //nolint:mnd // see below
	for i, b := range buckets {
		n := len(args)
		parts[i] = fmt.Sprintf(`SELECT %d AS place, attempted_at FROM (SELECT attempted_at FROM sign_in_attempts
			WHERE bucket = $%d AND attempted_at > $%d ORDER BY attempted_at DESC LIMIT 1 OFFSET $%d) AS b%d`, i, n+1, n+2, n+3, i) //nolint:mnd // the arguments
		args = append(args, b.name, now.Add(-b.window), b.limit-1)
	}
	rows, err := tx.QueryContext(ctx, strings.Join(parts, " UNION ALL "), args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	waits = make([]time.Duration, len(since))
	for rows.Next() {
		var place int
		var blocking time.Time
		if err := rows.Scan(&place, &blocking); err != nil {
			return nil, err
		}
		b := buckets[place]
		for _, i := range b.whose {
			if b.lasting || blocking.After(since[i]) {
				waits[i] = max(waits[i], blocking.Add(b.window).Sub(now))
			}
		}
	}
	return waits, rows.Err()
}
