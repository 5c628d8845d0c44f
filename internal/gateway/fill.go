package gateway

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
	"portico/internal/fault"
)

// maxAttempts is how often a read is repeated that a change has overtaken.
const maxAttempts = 5

// read reads what is known about a username from the database into c; an unknown
// username leaves c.Credential nil. mine is false if the read was begun by another
// call and shared.
func (g *Verifier) read(ctx context.Context, t *tenant, who *Caller, username uuid.UUID, c *verdict.Facts) (mine bool, err error) {
	for range maxAttempts { // the credential may be evicted for others before it is read
		led, err := g.fill(ctx, t, who, username)
		mine = mine || led
		if err != nil {
			return mine, err
		}
		if t.store.Facts(username, c) {
			return mine, nil
		}
	}
	return mine, fault.New(fault.CodeUnavailable, fault.ReasonBusy, "There are more keys in use than are kept.")
}

// fill reads a credential into the cache, once for all concurrent callers, and
// goes on when one of them leaves. mine is true for the caller that began the
// read, if it stays.
func (g *Verifier) fill(ctx context.Context, t *tenant, who *Caller, username uuid.UUID) (mine bool, err error) {
	led := false
	done := g.fills.DoChan(string(t.id[:])+string(username[:]), func() (any, error) {
		led = true
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
		defer cancel()
		return nil, g.fillNow(ctx, t, who.Token, username)
	})
	select {
	case r := <-done:
		return led, r.Err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (g *Verifier) fillNow(ctx context.Context, t *tenant, token, username uuid.UUID) error {
	leave, err := g.scheduler.enter(ctx, t.id, token)
	if err != nil {
		return err
	}
	defer leave()
	for range maxAttempts {
		since := t.store.Position()
		change, err := g.rows.credential(ctx, t.id, `username = $2`, username)
		if err != nil {
			return err
		}
		if t.store.Fill(username, change, since) {
			return nil
		}
	}
	return fault.New(fault.CodeUnavailable, fault.ReasonBusy, "The key is being changed all the time.")
}

// credential reads one credential and what its verdicts depend on: its app, or all
// apps of its account, and its account. It returns an empty Change if there is
// none.
func (s source) credential(ctx context.Context, organization uuid.UUID, which string, arg any) (*keycache.Change, error) {
	c := &keycache.Change{}
	found, err := s.credentials(ctx, `organization_id = $1 AND `+which, organization, arg)
	if err != nil || len(found) == 0 {
		return c, err
	}
	k := found[0].row
	c.Credentials = []keycache.Credential{k}
	if k.AppID != nil {
		c.Apps, err = s.appsByID(ctx, organization, []uuid.UUID{*k.AppID})
	} else {
		var apps []owned[keycache.App]
		apps, err = s.apps(ctx, `organization_id = $1 AND account_id = $2`, organization, k.AccountID)
		c.Apps = rowsOf(apps)
	}
	if err != nil {
		return nil, err
	}
	c.Accounts, err = s.accountsByID(ctx, organization, []uuid.UUID{k.AccountID})
	return c, err
}
