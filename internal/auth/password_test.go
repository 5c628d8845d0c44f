package auth

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"portico/internal/fault"
	"portico/internal/identity"
)

// cheapHashes hashes are for tests that ask what is computed, not how long it takes.
func cheapHashes() PasswordOptions {
	return PasswordOptions{Cost: argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}}
}

func TestHashAndVerify(t *testing.T) {
	p, ctx := NewPasswords(cheapHashes()), t.Context()
	hash, err := p.Hash(ctx, "portico-demo")
	require.NoError(t, err)
	again, err := p.Hash(ctx, "portico-demo")
	require.NoError(t, err)
	require.NotEqual(t, hash, again, "salted")
	for password, want := range map[string]bool{
		"portico-demo": true, "Portico-demo": false, "portico-demo ": false, "": false, strings.Repeat("x", 100_000): false,
		"ｐortico-demo": true, // the same letters from another keyboard
	} {
		ok, err := p.Verify(ctx, password, hash)
		require.NoError(t, err)
		require.Equal(t, want, ok, password)
	}
	_, err = p.Verify(ctx, "portico-demo", "$2a$12$something")
	require.Error(t, err)
}

func TestTheDefaultCost(t *testing.T) {
	p := NewPasswords(PasswordOptions{})
	hash, err := p.Hash(t.Context(), "portico-demo")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), hash)
	cost := func(hash string) argon2id.Params {
		params, _, _, err := argon2id.DecodeHash(hash)
		require.NoError(t, err)
		return *params
	}
	require.Equal(t, cost(hash), cost(p.dummyHash), "the dummy hash costs as much as a user's")
}

func TestAnUnknownAddressCostsTheSameWork(t *testing.T) {
	p, ctx := NewPasswords(cheapHashes()), t.Context()
	hash, err := p.Hash(ctx, "portico-demo")
	require.NoError(t, err)
	var computed atomic.Int64
	p.computed = func() { computed.Add(1) }
	for name, check := range map[string]func() (bool, error){
		"right":       func() (bool, error) { return p.Verify(ctx, "portico-demo", hash) },
		"wrong":       func() (bool, error) { return p.Verify(ctx, "portico-oops", hash) },
		"unknown":     func() (bool, error) { return false, p.VerifyDummy(ctx, "portico-demo") },
		"no password": func() (bool, error) { return p.Verify(ctx, "portico-demo", "") },
	} {
		computed.Store(0)
		ok, err := check()
		require.NoError(t, err, name)
		require.Equal(t, name == "right", ok, name)
		require.EqualValues(t, 1, computed.Load(), name)
	}
}

func TestConcurrentHashesAreBounded(t *testing.T) {
	o := cheapHashes()
	o.Concurrency = 3
	p := NewPasswords(o)
	var inside, most atomic.Int64
	hold := make(chan struct{})
	p.computed = func() {
		n := inside.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		<-hold
		inside.Add(-1)
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if err := p.VerifyDummy(t.Context(), "x"); err != nil {
				t.Error(err)
			}
		})
	}
	for range 20 {
		hold <- struct{}{}
	}
	wait.Wait()
	require.LessOrEqual(t, most.Load(), int64(3))
	require.GreaterOrEqual(t, NewPasswords(PasswordOptions{}).cost.Iterations, uint32(2))
}

func TestWaitingForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := cheapHashes()
		o.Concurrency, o.Wait = 1, 3*time.Second
		p := NewPasswords(o)
		release := make(chan struct{})
		p.computed = func() { <-release }
		go func() { _ = p.VerifyDummy(t.Context(), "x") }()
		synctest.Wait()

		load := func() [4]int64 {
			used, most, waiting, refused := p.Load()
			return [4]int64{used, most, waiting, refused}
		}
		time.AfterFunc(time.Second, func() { assert.Equal(t, [4]int64{1, 1, 1, 0}, load()) })
		began := time.Now()
		_, err := p.Hash(t.Context(), "portico-demo")
		require.True(t, fault.Is(err, fault.CodeUnavailable))
		require.Equal(t, time.Second, fault.From(err).RetryAfter)
		require.Equal(t, 3*time.Second, time.Since(began))

		gone, cancel := context.WithCancel(t.Context())
		cancel()
		began = time.Now()
		_, err = p.Verify(gone, "portico-demo", p.dummyHash)
		require.True(t, fault.Is(err, fault.CodeUnavailable))
		require.Zero(t, time.Since(began), "a caller that has left is not waited for")
		require.Equal(t, [4]int64{1, 1, 0, 2}, load())
		close(release)
		synctest.Wait()
		require.Equal(t, [4]int64{0, 1, 0, 2}, load())
	})
}

func BenchmarkVerifyPassword(b *testing.B) {
	p, ctx := NewPasswords(PasswordOptions{}), context.Background()
	hash, err := p.Hash(ctx, "portico-demo")
	require.NoError(b, err)
	b.Run("wrong", func(b *testing.B) {
		for b.Loop() {
			_, _ = p.Verify(ctx, "portico-oops", hash)
		}
	})
	b.Run("unknown address", func(b *testing.B) {
		for b.Loop() {
			_ = p.VerifyDummy(ctx, "portico-oops")
		}
	})
}

// Whoever has a turn computes all hashes of it without waiting again, and of those who
// wait, the ones whom nobody could serve in time are refused at once.
func TestInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := cheapHashes()
		o.Concurrency = 1
		p := NewPasswords(o)
		release := make(chan struct{})
		var ended atomic.Int64
		turn := func() error {
			return p.InTurn(t.Context(), func(ctx context.Context) error {
				<-release
				defer ended.Add(1)
				return errors.Join(p.VerifyDummy(ctx, "x"), p.VerifyDummy(ctx, "x"))
			})
		}
		for range 1 + mostQueued {
			go func() { assert.NoError(t, turn()) }()
			synctest.Wait()
		}
		began := time.Now()
		err := turn()
		require.True(t, fault.Is(err, fault.CodeUnavailable))
		require.Equal(t, fault.ReasonBusy, fault.From(err).Reason)
		require.Zero(t, time.Since(began))
		close(release)
		synctest.Wait()
		require.EqualValues(t, 1+mostQueued, ended.Load())
		require.NoError(t, turn(), "there is room again")
	})
}

// When as many strangers wait as may, somebody who is known waits for those alone who
// compute, and strangers do not wait for the known ones for ever.
func TestWhoIsKnownDoesNotWaitForStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := cheapHashes()
		o.Concurrency, o.Wait = 2, time.Hour
		p := NewPasswords(o)
		known, turn := identity.AsKnown(t.Context()), time.Second
		var strangers atomic.Int64
		ask := func(ctx context.Context, served *atomic.Int64) error {
			return p.InTurn(ctx, func(context.Context) error {
				time.Sleep(turn)
				served.Add(1)
				return nil
			})
		}
		for range o.Concurrency + mostQueued {
			go func() { assert.NoError(t, ask(t.Context(), &strangers)) }()
			synctest.Wait()
		}
		require.True(t, fault.Is(ask(t.Context(), &strangers), fault.CodeUnavailable), "no stranger more")
		began := time.Now()
		var served atomic.Int64
		for range 5 {
			require.NoError(t, ask(known, &served))
		}
		require.LessOrEqual(t, time.Since(began), 10*turn, "one turn of a stranger's and the own")

		for range mostKnownQueued + 2 {
			go func() { _ = ask(known, &served) }()
			synctest.Wait()
		}
		before := strangers.Load()
		require.True(t, fault.Is(ask(known, &served), fault.CodeUnavailable), "their queue is bounded too")
		time.Sleep((mostKnownQueued + 4) * turn)
		require.Greater(t, strangers.Load(), before)
		time.Sleep(time.Hour)
		require.EqualValues(t, o.Concurrency+mostQueued, strangers.Load(), "all who waited were served")
	})
}

// Callers who wait for admission, whatever they wait for, are few.
func TestAdmission_FewWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newAdmission()
		ctx, cancel := context.WithCancel(t.Context())
		leave, err := g.acquire(ctx, "one", 1, false)
		require.NoError(t, err)
		for range mostWaiting {
			go func() { _, _ = g.acquire(ctx, "one", 1, false) }()
		}
		synctest.Wait()
		_, err = g.acquire(ctx, "one", 1, false)
		require.Error(t, err)
		other, err := g.acquire(ctx, "another", 1, false)
		require.NoError(t, err, "who need not wait is admitted")
		other()
		cancel()
		synctest.Wait()
		require.Zero(t, g.waiting)
		leave()
		require.Empty(t, g.queues)
	})
}
