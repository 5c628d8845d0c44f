package auth

import (
	"context"

	"github.com/google/uuid"

	"portico/internal/database"
)

// Attempt is a sign-in that Reserve has counted. It is for one goroutine.
type Attempt struct {
	limiter *Limiter
	rows    [2]uuid.UUID // the row of the address and the row of the client
	leave   func()
	unwatch func() bool
}

// Succeeded takes the attempt off the count: the password was right.
func (a *Attempt) Succeeded(ctx context.Context) error { return a.giveBack(ctx) }

// Withdraw takes the attempt off the count because nobody has looked at the
// password, for instance when its turn did not come. Never call it after a
// password was found wrong.
func (a *Attempt) Withdraw(ctx context.Context) error { return a.giveBack(ctx) }

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
func (a *Attempt) giveBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	_, err := a.limiter.db.ExecContext(ctx, `DELETE FROM sign_in_attempts WHERE id IN ($1, $2)`,
		a.rows[0].String(), a.rows[1].String())
	return database.Fault(err)
}
