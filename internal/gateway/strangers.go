package gateway

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/limits"
)

// readCaller is newCaller for a token that could be one. Beyond what strangers
// may have read in vain, those tokens alone are read that there may be.
func (g *Verifier) readCaller(ctx context.Context, sum [sha256.Size]byte, hashes [][]byte) (*Caller, error) {
	var ask limits.Ask
	var room limits.Answer
	readsByStrangers(&ask)
	g.reads.Take(ctx, &ask, &room)
	charged := room.Outcome == limits.Passed
	if !charged && !g.listedToken(hashes) {
		g.o.Metrics.refusedRead(ofToken)
		return nil, fault.RetryAfter(fault.CodeRateLimited, fault.ReasonBudget, max(room.RetryAfter, time.Second),
			"Too many tokens that nobody knows were shown: this one was not looked for. Come again.")
	}
	led := false
	done := g.callers.flight.DoChan(string(sum[:]), func() (any, error) {
		led = true
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return g.believe(ctx, sum, hashes)
	})
	select {
	case r := <-done:
		if charged && (!led || !fault.Is(r.Err, fault.CodeUnauthenticated)) {
			g.reads.Return(&ask)
		}
		if r.Err != nil {
			return nil, uncertain(r.Err)
		}
		return r.Val.(*Caller), nil
	case <-ctx.Done():
		return nil, fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, ctx.Err(), "The gateway's token could not be checked in time.")
	}
}

// firstCaller reads a token when it is its turn.
func (g *Verifier) firstCaller(ctx context.Context, hash []byte) (*Caller, error) {
	leave, err := g.turns.enter(ctx, uuid.Nil, uuid.Nil)
	if err != nil {
		return nil, err
	}
	defer leave()
	return g.rows.caller(ctx, hash)
}

// listedToken reports whether there may be a token of one of these hashes. No
// log is followed by which new ones of all organizations would be learnt, so
// that they are read again and again while the answer is no.
func (g *Verifier) listedToken(hashes [][]byte) bool {
	if slices.ContainsFunc(hashes, g.tokens.may) {
		return true
	}
	if g.tokens.begin(g.o.Mono()) {
		go g.listTokens()
	}
	return false
}

func (g *Verifier) listTokens() {
	err := g.tokens.read(func(f *filter) error {
		return g.inNames(uuid.Nil, func(ctx context.Context, after uuid.UUID) (last uuid.UUID, n int, err error) {
			err = g.rows.each(ctx, `SELECT id, token_hash FROM service_tokens WHERE revoked_at IS NULL AND id > $1 ORDER BY id LIMIT $2`,
				[]any{after, g.page}, func(r *sql.Rows) error {
					var hash []byte
					err := r.Scan(&last, &hash)
					f.add(hash)
					n++
					return err
				})
			return last, n, err
		})
	})
	if err != nil {
		g.o.Log.Debug("the hashes of tokens could not be read", "error", err)
	}
}
