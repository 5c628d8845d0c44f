package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"

	"portico/internal/fault"
	"portico/internal/identity"
)

// PasswordOptions configures NewPasswords. The zero value is right for a
// server; tests choose a cheaper Cost.
type PasswordOptions struct {
	// Cost is the cost of a hash; by default OWASP's minimum for argon2id: 19
	// MiB, two passes, one lane, about 25 ms.
	Cost argon2id.Params
	// Concurrency is how many hashes are computed at a time; by default one for
	// each CPU, and at least two. It also bounds the memory.
	Concurrency int
	// Wait is how long a caller waits for a slot; by default 3 s.
	Wait time.Duration
}

const (
	// mostQueued is how many strangers may wait for a slot: what two slots compute in about
	// two seconds. Each holds a request meanwhile, and takes room from those of other people.
	mostQueued = 80
	// mostKnownQueued is how many may wait besides who are known, see identity.AsKnown.
	mostKnownQueued = 40
)

// Passwords hashes and checks passwords with argon2id. It is safe for
// concurrent use.
//
// Strangers and those who are known queue apart. No more strangers compete for the slots
// than there are slots, so that somebody who is known waits for one turn of theirs, and no
// slot is idle when only strangers ask.
type Passwords struct {
	cost        argon2id.Params
	slots       *semaphore.Weighted
	strangers   *semaphore.Weighted // those who have a slot or wait for it next
	concurrency int64
	wait        time.Duration
	dummyHash   string // a hash that no password matches
	// computed is called for every hash that is computed; tests count them.
	computed func()

	used, waiting, knownWaiting, refused atomic.Int64
}

// NewPasswords returns a Passwords. It computes no hash yet.
func NewPasswords(o PasswordOptions) *Passwords {
	if o.Cost == (argon2id.Params{}) {
		o.Cost = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	}
	if o.Concurrency <= 0 {
		o.Concurrency = max(2, runtime.NumCPU())
	}
	if o.Wait <= 0 {
		o.Wait = 3 * time.Second
	}
	return &Passwords{
		cost: o.Cost, slots: semaphore.NewWeighted(int64(o.Concurrency)), strangers: semaphore.NewWeighted(int64(o.Concurrency)),
		concurrency: int64(o.Concurrency), wait: o.Wait,
		dummyHash: newDummyHash(o.Cost), computed: func() {},
	}
}

// turnKey is the key of contexts whose caller has a slot.
type turnKey struct{}

// InTurn calls f, which may compute several hashes, when a slot is free: so what is begun
// is ended, and does not wait again between two hashes. It fails with
// fault.CodeUnavailable, before f is called, if no slot becomes free in time or too many
// callers wait already.
func (p *Passwords) InTurn(ctx context.Context, f func(ctx context.Context) error) error {
	return p.withSlot(ctx, busySigningIn, func() error { return f(context.WithValue(ctx, turnKey{}, p)) })
}

// Hash returns the hash of password to store. It fails with fault.CodeUnavailable
// if no slot becomes free in time.
func (p *Passwords) Hash(ctx context.Context, password string) (hash string, err error) {
	err = p.compute(ctx, func() error {
		hash, err = argon2id.CreateHash(canonical(password), &p.cost)
		return err
	})
	return hash, err
}

// Verify reports whether hash is the hash of password. For a user without a
// password (an empty hash) it returns false after the same amount of work. It
// fails with fault.CodeUnavailable if no slot becomes free in time; the password
// was not checked then.
func (p *Passwords) Verify(ctx context.Context, password, hash string) (ok bool, err error) {
	if hash == "" {
		return false, p.VerifyDummy(ctx, password)
	}
	err = p.compute(ctx, func() error {
		ok, err = argon2id.ComparePasswordAndHash(canonical(password), hash)
		return err
	})
	return ok, err
}

// VerifyDummy does the same work as Verify, for an address without a user, so
// that the response time does not reveal which addresses exist.
func (p *Passwords) VerifyDummy(ctx context.Context, password string) error {
	return p.compute(ctx, func() error {
		_, err := argon2id.ComparePasswordAndHash(canonical(password), p.dummyHash)
		return err
	})
}

// Load returns how many callers are computing hashes, the most that may be at a
// time, how many callers wait for a slot, and how many have given up waiting.
func (p *Passwords) Load() (used, most, waiting, refused int64) {
	return p.used.Load(), p.concurrency, p.waiting.Load() + p.knownWaiting.Load(), p.refused.Load()
}

// compute calls f, which computes one hash, in the caller's turn or when a slot is free.
func (p *Passwords) compute(ctx context.Context, f func() error) error {
	once := func() error {
		p.computed()
		if err := f(); err != nil {
			return fmt.Errorf("argon2id: %w", err)
		}
		return nil
	}
	if ctx.Value(turnKey{}) == p {
		return once()
	}
	return p.withSlot(ctx, busyWithPasswords, once)
}

// withSlot calls f when a slot is free. busy is what is said if none becomes free in time.
func (p *Passwords) withSlot(ctx context.Context, busy string, f func() error) error {
	leave, err := p.acquire(ctx)
	if err != nil {
		p.refused.Add(1)
		return errBusy(err, busy)
	}
	defer leave()
	p.used.Add(1)
	defer p.used.Add(-1)
	return f()
}

// acquire takes a slot, which leave releases. Whoever could not be served in time is
// refused at once, instead of taking part of the time of those who can.
func (p *Passwords) acquire(ctx context.Context) (leave func(), err error) {
	known := identity.IsKnown(ctx)
	waiting, most := &p.waiting, int64(mostQueued)
	if known {
		waiting, most = &p.knownWaiting, mostKnownQueued
	}
	defer waiting.Add(-1)
	if waiting.Add(1) > most {
		return nil, errors.New("too many wait already")
	}
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	if known {
		return func() { p.slots.Release(1) }, p.slots.Acquire(ctx, 1)
	}
	if err := p.strangers.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if err := p.slots.Acquire(ctx, 1); err != nil {
		p.strangers.Release(1)
		return nil, err
	}
	return func() {
		p.slots.Release(1)
		p.strangers.Release(1)
	}, nil
}

// What a caller is told who has waited too long for a slot: of what there is too much.
const (
	busySigningIn          = "Too many people are signing in at this moment. Please try again."
	busyWithPasswords      = "Too many passwords are being checked and set at this moment. Please try again."
	busyAskingForPasswords = "Too many people are asking for a new password at this moment. Please try again."
	busySigningUp          = "Too many people are signing up at this moment. Please try again."
	busyReporting          = "Too many keys are being reported at this moment. Please try again."
)

// errBusy returns the error for a caller that has waited too long for a slot.
func errBusy(cause error, message string) error {
	f := fault.Wrap(fault.CodeUnavailable, fault.ReasonBusy, errors.Join(errors.New("waited too long for a turn"), cause), message)
	f.RetryAfter = time.Second
	return f
}

// canonical returns the one form of a password (NFKC), because keyboards
// compose the same characters in several ways.
func canonical(password string) string { return norm.NFKC.String(password) }

// newDummyHash returns a hash of the given cost that no password matches: its
// digest is random, not computed.
func newDummyHash(cost argon2id.Params) string {
	random := make([]byte, cost.SaltLength+cost.KeyLength)
	_, _ = rand.Read(random) // it never fails: it ends the program instead
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		cost.Memory, cost.Iterations, cost.Parallelism,
		encode(random[:cost.SaltLength]), encode(random[cost.SaltLength:]))
}
