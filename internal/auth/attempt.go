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

// Attempt is a sign-in that Reserve has counted. It is for one goroutine.
type Attempt struct {
	limiter *Limiter
	counts  []counted       // one in each bucket that counts it
	waits   []time.Duration // of each user, until the password may be tried
	leave   func()
	unwatch func() bool
}

// counted is an attempt's row in a bucket.
type counted struct {
	bucket
	row uuid.UUID
}

// Open reports whether the password of the user at this place in Guess.Users
// may be tried.
func (a *Attempt) Open(user int) bool { return a.waits[user] == 0 }

// Succeeded takes the attempt off the count: the password was right for the users
// at these places in Guess.Users. Where it was tried for others too, it stays a
// failure of theirs.
func (a *Attempt) Succeeded(ctx context.Context, right ...int) error {
	return a.giveBack(ctx, func(c counted) bool {
		return !c.apart || !slices.ContainsFunc(c.whose, func(user int) bool { return a.Open(user) && !slices.Contains(right, user) })
	})
}

// Withdraw takes the attempt off the count because nobody has looked at the
// password, for instance when its turn did not come. Never call it after a
// password was found wrong.
func (a *Attempt) Withdraw(ctx context.Context) error {
	return a.giveBack(ctx, func(counted) bool { return true })
}

// Done ends the attempt; call it in any case. What was not given back before
// counts as failed.
func (a *Attempt) Done() {
	if a.unwatch != nil {
		a.unwatch()
	}
	a.leave()
}

// giveBack goes on when the request has ended meanwhile: whoever knew the
// password must not be counted because he hung up.
func (a *Attempt) giveBack(ctx context.Context, which func(counted) bool) error {
	var rows []uuid.UUID
	for _, c := range a.counts {
		if which(c) {
			rows = append(rows, c.row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	limit := settleTime
	if end, ok := ctx.Deadline(); ok {
		limit = max(graceTime, min(limit, time.Until(end)))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	err := a.limiter.remove(ctx, rows)
	if err != nil {
		a.limiter.owe(rows)
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

// owe remembers attempts that could not be given back because the database did
// not answer. Before the next attempt is counted they are.
func (l *Limiter) owe(attempts ...[]uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owed = append(l.owed, attempts[:min(len(attempts), mostOwed-len(l.owed))]...)
}

func (l *Limiter) payBack(ctx context.Context) error {
	l.mu.Lock()
	owed := l.owed
	l.owed = nil
	l.mu.Unlock()
	for i, rows := range owed {
		if err := l.remove(ctx, rows); err != nil {
			l.owe(owed[i:]...)
			return err
		}
	}
	return nil
}
