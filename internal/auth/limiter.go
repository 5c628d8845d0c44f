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
	"portico/internal/identity"
	"portico/internal/keyring"
)

const (
	// slotTimeout is how long an attempt waits for those before it.
	slotTimeout = 3 * time.Second
	// removeTimeout is how long taking an attempt off the count may take, and
	// removeGrace how much of that may lie after the request's deadline.
	removeTimeout = 2 * time.Second
	removeGrace   = 500 * time.Millisecond
	// maxPending is how many attempts are remembered for removal later.
	maxPending = 1000
)

// Limiter limits failed sign-ins. The failures are stored in the database,
// which all nodes share, under keyed hashes, never addresses. It is safe for
// concurrent use.
//
// A guess is counted before its password is checked, and taken off the count if
// it was right: however many arrive at once, no more than the limit are ever
// checked and found wrong.
//
// The count of an address covers every organization: a sign-in may omit the
// organization, and that must not allow a second set of guesses. When an
// administrator forgives failures, they are forgiven for the user of that
// organization alone.
type Limiter struct {
	db        *database.DB
	ring      *keyring.Ring
	devices   *Devices
	clock     clock.Clock
	admission *admission

	mu      sync.Mutex
	pending [][]uuid.UUID // see Limiter.deferRemoval
}

// NewLimiter returns a Limiter on the table sign_in_attempts of db.
func NewLimiter(db *database.DB, ring *keyring.Ring, c clock.Clock) *Limiter {
	return &Limiter{db: db, ring: ring, devices: NewDevices(ring, c), clock: c, admission: newAdmission()}
}

// Reserve counts a guess before its password is checked. It fails with
// fault.CodeRateLimited, and the time until the next guess, if all users whose
// password would be tried have too many failures. Attempt.Allowed reports which
// of them may be tried.
//
// The caller then checks the passwords, calls Succeeded (or Withdraw) if the
// guess is not to count, and always calls Done.
func (l *Limiter) Reserve(ctx context.Context, g identity.Guess) (identity.Attempt, error) {
	buckets := l.buckets(g)
	known := l.knows(g)
	leave, err := l.acquireSlots(ctx, buckets, known, busySigningIn)
	if err != nil {
		return nil, err
	}
	a := &Attempt{limiter: l, known: known, leave: leave}
	err = l.removePending(ctx)
	if err == nil {
		err = l.inTurn(ctx, buckets, known, busySigningIn, func() error { return l.countAttempt(ctx, a, buckets, g) })
	}
	if err != nil {
		a.Done()
		return nil, database.Fault(err)
	}
	// A caller that forgets Done must not block others forever.
	a.stopWatching = context.AfterFunc(ctx, a.leave)
	return a, nil
}

// acquireSlots takes a slot in each bucket that limits concurrency. The order
// is the same for all callers, the users of an address first and the client
// last, so that no two can deadlock. busy is what is said if none becomes free in time.
func (l *Limiter) acquireSlots(ctx context.Context, buckets []bucket, known bool, busy string) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, slotTimeout)
	defer cancel()
	var inside []func()
	leave = sync.OnceFunc(func() {
		for _, out := range inside {
			out()
		}
	})
	for _, b := range buckets {
		if b.concurrency == 0 {
			continue
		}
		out, err := l.admission.acquire(ctx, b.name, b.concurrency, known)
		if err != nil {
			leave()
			return nil, errBusy(err, busy)
		}
		inside = append(inside, out)
	}
	return leave, nil
}

// inTurn calls f, which counts in these buckets, when nobody else on this node counts
// in one that is locked: whoever waits for a lock holds a connection meanwhile, and
// guesses at one address from many networks would take all of them. busy is what is said if
// the turn does not come in time.
func (l *Limiter) inTurn(ctx context.Context, buckets []bucket, known bool, busy string, f func() error) error {
	var turns []bucket
	for _, b := range buckets {
		if !b.perUser { // see lockBuckets
			turns = append(turns, bucket{name: "turn " + b.name, concurrency: 1})
		}
	}
	leave, err := l.acquireSlots(ctx, turns, known, busy)
	if err != nil {
		return err
	}
	defer leave()
	return f()
}

// countAttempt inserts the attempt into its buckets, or fails if no user may be
// tried. The transaction is short: it has ended when the password is checked.
func (l *Limiter) countAttempt(ctx context.Context, a *Attempt, buckets []bucket, g identity.Guess) error {
	now := l.clock.Now()
	since := make([]time.Time, usersOf(g))
	copy(since, g.Since)
	return l.db.InTx(ctx, func(tx *database.Tx) error {
		if err := l.lockBuckets(ctx, tx, buckets); err != nil {
			return err
		}
		waits, err := readWaits(ctx, tx, now, buckets, since)
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

// insert writes the attempt into the buckets of the users whose password will
// be tried. A bucket without such a user does not count it: otherwise a client
// whose device is known to one user could keep the buckets of all its namesakes
// full.
func (a *Attempt) insert(ctx context.Context, tx *database.Tx, now time.Time, buckets []bucket) error {
	a.counts = nil
	var values []string
	var args []any
	for _, b := range buckets {
		if !slices.ContainsFunc(b.users, a.Allowed) {
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

// lockBuckets makes transactions that count the same bucket wait for each
// other; those of this node wait before they begin, see inTurn. SQLite has a single
// writing transaction anyhow. On Postgres every transaction takes the locks in the same
// order. A perUser bucket needs none: a
// transaction that counts in it has the lock of the bucket of the address, of
// the client or of the known device.
func (l *Limiter) lockBuckets(ctx context.Context, tx *database.Tx, buckets []bucket) error {
	if l.db.Dialect() != dialect.Postgres {
		return nil
	}
	sorted := slices.SortedFunc(slices.Values(buckets), func(a, b bucket) int { return cmp.Compare(a.name, b.name) })
	for _, b := range sorted {
		if b.perUser {
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

// readWaits returns for each user the time until all of its buckets have room
// again; since is when each user's failures begin to count. It runs one query
// whatever the number of buckets, so that its duration does not reveal how many
// users there are. Attempts further ahead than clocks may be apart were recorded
// by a wrong clock, and do not count.
func readWaits(ctx context.Context, tx *database.Tx, now time.Time, buckets []bucket, since []time.Time) (waits []time.Duration, err error) {
	// For each bucket, find the attempt that must expire before fewer than the
	// limit are left.
	parts, args := make([]string, len(buckets)), make([]any, 0, 4*len(buckets)) //nolint:mnd // see below
	for i, b := range buckets {
		n := len(args)
		parts[i] = fmt.Sprintf(`SELECT %d AS place, attempted_at FROM (SELECT attempted_at FROM sign_in_attempts
			WHERE bucket = $%d AND attempted_at > $%d AND attempted_at <= $%d ORDER BY attempted_at DESC LIMIT 1 OFFSET $%d) AS b%d`, i, n+1, n+2, n+3, n+4, i) //nolint:mnd // the arguments
		args = append(args, b.name, now.Add(-b.window), now.Add(clock.MaxSkew), b.limit-1)
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
		for _, i := range b.users {
			if b.unforgivable || blocking.After(since[i]) {
				waits[i] = max(waits[i], blocking.Add(b.window).Sub(now))
			}
		}
	}
	return waits, rows.Err()
}
