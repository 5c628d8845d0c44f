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
)

// PasswordOptions are the knobs of NewPasswords. The zero value is right for a
// server; tests choose a cheaper Cost.
type PasswordOptions struct {
	// Cost of a hash; by default OWASP's argon2id minimum: 19 MiB, two passes,
	// one lane, about 25 ms.
	Cost argon2id.Params
	// AtOnce is how many hashes are computed at a time; by default one for
	// each CPU, and at least two. It bounds the memory too.
	AtOnce int
	// Wait is how long a caller waits for its turn; by default 3 s.
	Wait time.Duration
}

// Passwords hashes and checks passwords with argon2id. It is safe for
// concurrent use.
type Passwords struct {
	cost   argon2id.Params
	turns  *semaphore.Weighted
	atOnce int64
	wait   time.Duration
	nobody string // a hash that no password has
	// computed is called for every hash that is computed; tests count them.
	computed func()

	used, waiting, refused atomic.Int64
}

// NewPasswords returns a Passwords. It computes nothing yet.
func NewPasswords(o PasswordOptions) *Passwords {
	if o.Cost == (argon2id.Params{}) {
		o.Cost = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	}
	if o.AtOnce <= 0 {
		o.AtOnce = max(2, runtime.NumCPU())
	}
	if o.Wait <= 0 {
		o.Wait = 3 * time.Second
	}
	return &Passwords{
		cost: o.Cost, turns: semaphore.NewWeighted(int64(o.AtOnce)), atOnce: int64(o.AtOnce), wait: o.Wait,
		nobody: hashOfNothing(o.Cost), computed: func() {},
	}
}

// Hash returns what is stored of a password. It fails with fault.Unavailable
// when its turn does not come.
func (p *Passwords) Hash(ctx context.Context, password string) (hash string, err error) {
	err = p.inTurn(ctx, func() error {
		hash, err = argon2id.CreateHash(canonical(password), &p.cost)
		return err
	})
	return hash, err
}

// Verify reports whether the password is the one that was hashed. For a user
// without a password (an empty hash) it is false, after the same work. It
// fails with fault.Unavailable when its turn does not come: then the password
// has not been looked at.
func (p *Passwords) Verify(ctx context.Context, password, hash string) (ok bool, err error) {
	if hash == "" {
		return false, p.VerifyNothing(ctx, password)
	}
	err = p.inTurn(ctx, func() error {
		ok, err = argon2id.ComparePasswordAndHash(canonical(password), hash)
		return err
	})
	return ok, err
}

// VerifyNothing spends what Verify spends, for an address that nobody has, so
// that the time of an answer does not tell which addresses exist.
func (p *Passwords) VerifyNothing(ctx context.Context, password string) error {
	return p.inTurn(ctx, func() error {
		_, err := argon2id.ComparePasswordAndHash(canonical(password), p.nobody)
		return err
	})
}

// Load returns how many hashes are computed and the most that may be at a time,
// how many callers wait for their turn, and how many have waited in vain.
func (p *Passwords) Load() (used, most, waiting, refused int64) {
	return p.used.Load(), p.atOnce, p.waiting.Load(), p.refused.Load()
}

// inTurn computes one hash when it is the caller's turn.
func (p *Passwords) inTurn(ctx context.Context, compute func() error) error {
	waiting, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	p.waiting.Add(1)
	err := p.turns.Acquire(waiting, 1)
	p.waiting.Add(-1)
	if err != nil {
		p.refused.Add(1)
		return busy(err)
	}
	defer p.turns.Release(1)
	p.used.Add(1)
	defer p.used.Add(-1)
	p.computed()
	if err := compute(); err != nil {
		return fmt.Errorf("argon2id: %w", err)
	}
	return nil
}

// busy is the answer to whoever has waited in vain.
func busy(cause error) error {
	f := fault.Wrap(fault.CodeUnavailable, fault.ReasonBusy, errors.Join(errors.New("waited too long for a turn"), cause),
		"Too many people are signing in at this moment. Please try again.")
	f.RetryAfter = time.Second
	return f
}

// canonical makes one password of the several ways in which keyboards may
// compose the same characters.
func canonical(password string) string { return norm.NFKC.String(password) }

// hashOfNothing makes a hash of the given cost that no password has: its key
// is drawn, not computed.
func hashOfNothing(cost argon2id.Params) string {
	random := make([]byte, cost.SaltLength+cost.KeyLength)
	_, _ = rand.Read(random) // it never fails: it ends the program instead
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		cost.Memory, cost.Iterations, cost.Parallelism,
		encode(random[:cost.SaltLength]), encode(random[cost.SaltLength:]))
}
