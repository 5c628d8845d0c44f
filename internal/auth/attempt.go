package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
)

// Attempt is a sign-in that Reserve has counted. It is not safe for concurrent
// use.
type Attempt struct {
	limiter      *Limiter
	known        bool            // see Limiter.knows
	counts       []counted       // its row in each bucket that counts it
	waits        []time.Duration // for each user, until the password may be tried
	leave        func()
	stopWatching func() bool
}

// counted is an attempt's row in a bucket.
type counted struct {
	bucket
	row uuid.UUID
}

// Allowed reports whether the password of Guess.Users[user] may be tried.
func (a *Attempt) Allowed(user int) bool { return a.waits[user] == 0 }

// Known reports whether the guess is one of somebody whom strangers must not keep out:
// it comes from a device on which one of the users has signed in, or in a session.
func (a *Attempt) Known() bool { return a.known }

// Succeeded takes the attempt off the count: the password was right for the
// users at these indices of Guess.Users. If it was tried for other users too,
// it remains a failure for them.
func (a *Attempt) Succeeded(ctx context.Context, right ...int) error {
	return a.uncount(ctx, func(c counted) bool {
		return !c.perUser || !slices.ContainsFunc(c.users, func(user int) bool { return a.Allowed(user) && !slices.Contains(right, user) })
	})
}

// Withdraw takes the attempt off the count because the password was not
// checked, for instance because no slot became free. Never call it after a
// password was found wrong.
func (a *Attempt) Withdraw(ctx context.Context) error {
	return a.uncount(ctx, func(counted) bool { return true })
}

// Done ends the attempt; the caller must always call it. What was not taken off
// the count before counts as failed.
func (a *Attempt) Done() {
	if a.stopWatching != nil {
		a.stopWatching()
	}
	a.leave()
}

// uncount deletes the attempt's rows for which which returns true. It continues
// after the request has ended: a right password must not count as a failure
// because the client hung up.
func (a *Attempt) uncount(ctx context.Context, which func(counted) bool) error {
	var rows []uuid.UUID
	for _, c := range a.counts {
		if which(c) {
			rows = append(rows, c.row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	limit := removeTimeout
	if end, ok := ctx.Deadline(); ok {
		limit = max(removeGrace, min(limit, time.Until(end)))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	err := a.limiter.remove(ctx, rows)
	if err != nil {
		a.limiter.deferRemoval(rows)
	}
	return database.Fault(err)
}

func (l *Limiter) remove(ctx context.Context, rows []uuid.UUID) error {
	places, args := make([]string, len(rows)), make([]any, len(rows))
	for i, id := range rows {
		places[i], args[i] = fmt.Sprintf("$%d", i+1), id.String()
	}
	_, err := l.db.ExecContext(ctx, `DELETE FROM sign_in_attempts WHERE id IN (`+strings.Join(places, ", ")+`)`, args...)
	return err
}

// deferRemoval remembers attempts that could not be deleted because the
// database did not answer. They are deleted before the next attempt is counted.
func (l *Limiter) deferRemoval(attempts ...[]uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = append(l.pending, attempts[:min(len(attempts), maxPending-len(l.pending))]...)
}

func (l *Limiter) removePending(ctx context.Context) error {
	l.mu.Lock()
	owed := l.pending
	l.pending = nil
	l.mu.Unlock()
	for i, rows := range owed {
		if err := l.remove(ctx, rows); err != nil {
			l.deferRemoval(owed[i:]...)
			return err
		}
	}
	return nil
}
