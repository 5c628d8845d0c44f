package gateway

import (
	"context"

	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/replica"
	"portico/internal/verdict"
)

// attempts is how often a read that a change has overtaken is begun again.
const attempts = 5

// look finds what is known about a username, in memory or else in the
// database. An unknown one leaves c.Key nil.
func (g *Gate) look(ctx context.Context, t *tenant, username uuid.UUID, c *verdict.Case) error {
	if t.store.Case(username, c) {
		g.o.Metrics.hit()
		return nil
	}
	g.o.Metrics.miss()
	for range attempts { // others' keys may crowd it out before it is read
		if err := g.fill(ctx, t, username); err != nil {
			return err
		}
		if t.store.Case(username, c) {
			return nil
		}
	}
	return fault.New(fault.Unavailable, fault.ReasonBusy, "There are more keys in use than are kept.")
}

// fill reads a key into the copy, once for all who ask at the same time. It
// does not end when one of them leaves.
func (g *Gate) fill(ctx context.Context, t *tenant, username uuid.UUID) error {
	done := g.fills.DoChan(string(t.id[:])+string(username[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return nil, g.fillNow(ctx, t, username)
	})
	select {
	case r := <-done:
		return r.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *Gate) fillNow(ctx context.Context, t *tenant, username uuid.UUID) error {
	select {
	case g.filling <- struct{}{}:
		defer func() { <-g.filling }()
	case <-ctx.Done():
		return ctx.Err()
	}
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
	return fault.New(fault.Unavailable, fault.ReasonBusy, "The key is being changed all the time.")
}

// key reads one key and what its verdicts are made of: its app, or all apps of
// its account, and its account. None found: an empty Change.
func (s source) key(ctx context.Context, organization uuid.UUID, which string, arg any) (*replica.Change, error) {
	c := &replica.Change{}
	found, err := s.credentials(ctx, `organization_id = $1 AND `+which, organization, arg)
	if err != nil || len(found) == 0 {
		return c, err
	}
	k := found[0].row
	c.Credentials = []replica.Credential{k}
	if k.AppID != nil {
		c.Apps, err = s.appsByID(ctx, organization, []uuid.UUID{*k.AppID})
	} else {
		var apps []owned[replica.App]
		apps, err = s.apps(ctx, `organization_id = $1 AND account_id = $2`, organization, k.AccountID)
		c.Apps = rowsOf(apps)
	}
	if err != nil {
		return nil, err
	}
	c.Accounts, err = s.accountsByID(ctx, organization, []uuid.UUID{k.AccountID})
	return c, err
}
