package gateway

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/verdict"
	"portico/internal/fault"
)

// maxAttempts is how often a read is repeated that a change has overtaken.
const maxAttempts = 5

// read reads what is known about a username from the database into facts; an unknown
// username leaves facts.Credential nil. leader is false if another call began the
// read and this one shared it.
func (v *Verifier) read(ctx context.Context, f *follower, who *Caller, username uuid.UUID, facts *verdict.Facts) (leader bool, err error) {
	for range maxAttempts { // the credential may be evicted for others before it is read
		began, err := v.fill(ctx, f, who, username)
		leader = leader || began
		if err != nil {
			return leader, err
		}
		if f.cache.Facts(username, facts) {
			return leader, nil
		}
	}
	return leader, fault.New(fault.CodeUnavailable, fault.ReasonBusy, "There are more keys in use than are kept.")
}

// fill reads a credential into the cache, once for all concurrent callers, and
// goes on when one of them leaves. leader is true for the caller that began the
// read, if it stays.
func (v *Verifier) fill(ctx context.Context, f *follower, who *Caller, username uuid.UUID) (leader bool, err error) {
	began := false
	done := v.fills.DoChan(string(f.id[:])+string(username[:]), func() (any, error) {
		began = true
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
		defer cancel()
		return nil, v.fillInTurn(ctx, f, who.Token, username)
	})
	select {
	case r := <-done:
		return began, r.Err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (v *Verifier) fillInTurn(ctx context.Context, f *follower, token, username uuid.UUID) error {
	leave, err := v.reads.Enter(ctx, f.id, token)
	if err != nil {
		return err
	}
	defer leave()
	for range maxAttempts {
		since := f.cache.Position()
		change, err := v.source.CredentialByUsername(ctx, f.id, username)
		if err != nil {
			return err
		}
		if f.cache.Fill(username, change, since) {
			return nil
		}
	}
	return fault.New(fault.CodeUnavailable, fault.ReasonBusy, "The key is being changed all the time.")
}
