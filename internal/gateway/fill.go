package gateway

import (
	"context"

	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/keycache"
	"portico/internal/verdict"
)

// attempts is how often a read that a change has overtaken is begun again.
const attempts = 5

// read finds in the database what is known about a username. An unknown one
// leaves c.Key nil. mine is false where somebody else's read was shared.
func (g *Verifier) read(ctx context.Context, t *tenant, who *Caller, username uuid.UUID, c *verdict.Facts) (mine bool, err error) {
	for range attempts { // others' keys may crowd it out before it is read
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

// fill reads a key into the copy, once for all who ask at the same time. It
// does not end when one of them leaves; mine is true for the first, if it stays.
func (g *Verifier) fill(ctx context.Context, t *tenant, who *Caller, username uuid.UUID) (mine bool, err error) {
	led := false
	done := g.fills.DoChan(string(t.id[:])+string(username[:]), func() (any, error) {
		led = true
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
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
	leave, err := g.turns.enter(ctx, t.id, token)
	if err != nil {
		return err
	}
	defer leave()
	for range attempts {
		since := t.store.Position()
		change, err := g.rows.key(ctx, t.id, `username = $2`, username)
		if err != nil {
			return err
		}
		if t.store.Fill(username, change, since) {
			return nil
		}
	}
	return fault.New(fault.CodeUnavailable, fault.ReasonBusy, "The key is being changed all the time.")
}

// key reads one key and what its verdicts are made of: its app, or all apps of
// its account, and its account. None found: an empty Change.
func (s source) key(ctx context.Context, organization uuid.UUID, which string, arg any) (*keycache.Change, error) {
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
