package auth

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/keyring"
)

const (
	// AttemptWindow is the time in which failed sign-ins are counted.
	AttemptWindow = 15 * time.Minute
	// AddressFailures and ClientFailures are how many may fail in any
	// AttemptWindow, for one e-mail address and from one client.
	AddressFailures = 10
	ClientFailures  = 100
)

const (
	// addressAtOnce and clientAtOnce bound the attempts that one node checks at
	// the same moment. An attempt counts as failed until it has succeeded, so
	// without this the right password, given twenty times at once, would be
	// refused ten times.
	addressAtOnce = 1
	clientAtOnce  = 16
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
// organization out, and must not have a second set of guesses that way.
type Limiter struct {
	db    *database.DB
	ring  *keyring.Ring
	clock clock.Clock
	gate  *gate

	mu   sync.Mutex
	owed [][2]uuid.UUID // see Limiter.owe
}

// NewLimiter makes a limiter over the table sign_in_attempts of db.
func NewLimiter(db *database.DB, ring *keyring.Ring, c clock.Clock) *Limiter {
	return &Limiter{db: db, ring: ring, clock: c, gate: newGate()}
}

// bucket is what is counted together.
type bucket struct {
	name   string
	limit  int
	atOnce int64
}

// Reserve counts a guess before it is made. It fails with fault.RateLimited,
// and the time until the next guess, when there were too many. client is an IP
// address; the addresses of one IPv6 network (/64) count as one client.
//
// The caller looks at the password after it, calls Succeeded (or Withdraw) if
// the guess is not to count, and Done in any case.
func (l *Limiter) Reserve(ctx context.Context, email address.Email, client string) (*Attempt, error) {
	buckets := []bucket{
		{l.name("sign-in address", email.String()), AddressFailures, addressAtOnce},
		{l.name("sign-in client", address.ClientNetwork(client)), ClientFailures, clientAtOnce},
	}
	leave, err := l.enter(ctx, buckets)
	if err != nil {
		return nil, err
	}
	a := &Attempt{limiter: l, leave: leave}
	err = l.payBack(ctx)
	if err == nil {
		err = l.record(ctx, a, buckets)
	}
	if err != nil {
		a.Done()
		return nil, database.Fault(err)
	}
	// A caller that forgets Done must not shut others out for ever.
	a.unwatch = context.AfterFunc(ctx, a.leave)
	return a, nil
}

// enter passes the gate of each bucket. The order is the same for all, the
// address first, so that no two can wait for each other.
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
		out, err := l.gate.enter(ctx, b.name, b.atOnce)
		if err != nil {
			leave()
			return nil, busy(err)
		}
		inside = append(inside, out)
	}
	return leave, nil
}

// record writes the attempt into its buckets, or fails when one is full. The
// transaction is short: it has ended when the password is looked at.
func (l *Limiter) record(ctx context.Context, a *Attempt, buckets []bucket) error {
	now := l.clock.Now()
	for i := range a.rows {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("making an id: %w", err)
		}
		a.rows[i] = id
	}
	return l.db.InTx(ctx, func(tx *database.Tx) error {
		if err := l.lock(ctx, tx, buckets); err != nil {
			return err
		}
		var wait time.Duration
		for _, b := range buckets {
			left, err := full(ctx, tx, b, now)
			if err != nil {
				return err
			}
			wait = max(wait, left)
		}
		if wait > 0 {
			return fault.Later(fault.RateLimited, fault.ReasonSignInFailures, wait, "Too many sign-ins have failed. Please wait before you try again.")
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sign_in_attempts (id, bucket, attempted_at) VALUES ($1, $2, $3), ($4, $5, $6)`,
			a.rows[0].String(), buckets[0].name, now, a.rows[1].String(), buckets[1].name, now)
		return err
	})
}

// lock lets one transaction at a time count a bucket. SQLite has only one that
// writes anyhow. On Postgres the locks are taken in one order by everybody.
func (l *Limiter) lock(ctx context.Context, tx *database.Tx, buckets []bucket) error {
	if l.db.Dialect() != dialect.Postgres {
		return nil
	}
	sorted := slices.SortedFunc(slices.Values(buckets), func(a, b bucket) int { return cmp.Compare(a.name, b.name) })
	for _, b := range sorted {
		digits, err := hex.DecodeString(b.name[:16])
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

// full gives the time until the bucket has room again; zero when it has now.
func full(ctx context.Context, tx *database.Tx, b bucket, now time.Time) (time.Duration, error) {
	// The attempt that must first grow old, so that fewer than the limit are left.
	var blocking time.Time
	err := tx.QueryRowContext(ctx, `SELECT attempted_at FROM sign_in_attempts WHERE bucket = $1 AND attempted_at > $2
		ORDER BY attempted_at DESC LIMIT 1 OFFSET $3`, b.name, now.Add(-AttemptWindow), b.limit-1).Scan(&blocking)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return blocking.Add(AttemptWindow).Sub(now), nil
}

// name hides what is counted. It uses the oldest pepper, which never leaves
// the ring: under the newest one a rotation would empty every bucket.
func (l *Limiter) name(label, text string) string {
	peppers := l.ring.All(keyring.Pepper)
	return hex.EncodeToString(mac(peppers[len(peppers)-1], label, text))
}
