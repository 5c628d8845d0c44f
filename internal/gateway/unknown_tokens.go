package gateway

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/fault"
	"portico/internal/gateway/source"
)

// readCaller is lookUpCaller for a token of valid form. Beyond the limit of failed
// reads of unknown tokens, it reads only tokens that may exist.
func (v *Verifier) readCaller(ctx context.Context, sum [sha256.Size]byte, hashes [][]byte) (*Caller, error) {
	var ask limits.Ask
	var room limits.Answer
	unknownTokenLimits(&ask)
	v.failedReads.Take(ctx, &ask, &room)
	charged := room.Outcome == limits.Passed
	if !charged && !v.tokenMayExist(hashes) {
		v.o.Metrics.refusedRead(ofToken)
		return nil, fault.RetryAfter(fault.CodeRateLimited, fault.ReasonBudget, max(room.RetryAfter, time.Second),
			"Too many unknown tokens were presented: this one was not looked for. Try again.")
	}
	leader := false
	done := v.callers.flight.DoChan(string(sum[:]), func() (any, error) {
		leader = true
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
		defer cancel()
		return v.verifyToken(ctx, sum, hashes)
	})
	select {
	case r := <-done:
		if charged && (!leader || !fault.Is(r.Err, fault.CodeUnauthenticated)) {
			v.failedReads.Return(&ask)
		}
		if r.Err != nil {
			return nil, tokenCheckError(r.Err)
		}
		return r.Val.(*Caller), nil
	case <-ctx.Done():
		return nil, fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, ctx.Err(), "The gateway's token could not be checked in time.")
	}
}

// findCaller reads a token when its turn comes.
func (v *Verifier) findCaller(ctx context.Context, hash []byte) (*Caller, error) {
	leave, err := v.reads.Enter(ctx, uuid.Nil, uuid.Nil)
	if err != nil {
		return nil, err
	}
	defer leave()
	return v.readToken(ctx, hash)
}

// tokenMayExist reports whether there may be a token with one of these hashes. No
// log reports the new tokens of all organizations, so the hashes are loaded again
// and again while the answer is no.
func (v *Verifier) tokenMayExist(hashes [][]byte) bool {
	if slices.ContainsFunc(hashes, v.tokenHashes.MayContain) {
		return true
	}
	if v.tokenHashes.StartLoading(v.o.Mono()) {
		go v.loadTokenHashes()
	}
	return false
}

func (v *Verifier) loadTokenHashes() {
	err := v.tokenHashes.Load(func(add func([]byte)) error {
		return v.readNamePages(uuid.Nil, func(ctx context.Context, after uuid.UUID) (last uuid.UUID, n int, err error) {
			return v.source.TokenHashes(ctx, source.Page{After: after, Size: v.pageSize}, add)
		})
	})
	if err != nil {
		v.o.Log.Debug("the hashes of tokens could not be read", "error", err)
	}
}
