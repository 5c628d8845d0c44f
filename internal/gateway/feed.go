package gateway

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/keycache"
)

// Feed returns a gateway that decides on its own what it needs, as far as its
// token reaches.
//
// With after < 0 it yields the whole state, in Changes of bounded size, all
// with the position to continue from. Else it yields what has changed beyond
// after, and waits up to wait for it; when nothing comes, it yields one empty
// Change: a sign of life. Whatever it yields is true as of the call or later:
// the log was read since, and no Grace applies. fault.Unavailable says that it
// could not be, ErrTooOld that the state must be taken anew, and
// fault.Unauthenticated that the token was revoked meanwhile. An error of
// yield ends it and is returned.
func (g *Verifier) Feed(ctx context.Context, c *Caller, after int64, wait time.Duration, yield func(*keycache.Change) error) error {
	asked := g.o.Mono()
	t, err := g.tenant(ctx, c.Organization)
	if err != nil {
		return database.Fault(err)
	}
	f := &feed{gate: g, tenant: t, caller: c, asked: asked, yield: yield}
	if after < 0 {
		err = f.snapshot(ctx)
	} else {
		err = f.since(ctx, after, wait)
	}
	return database.Fault(err)
}

// feed is one answer.
type feed struct {
	gate   *Verifier
	tenant *tenant
	caller *Caller
	asked  time.Duration // when the question came, on the monotonic clock
	yield  func(*keycache.Change) error
}

// prove makes sure that the copy is true as of the question, whose answer the
// gateway will count its silence from. As a rule a poll has proven it while the
// gateway waited; else all who ask share a read of the log.
func (f *feed) prove(ctx context.Context) error {
	for !f.proven() {
		// The fills of keys have longer names than the organization's.
		done := f.gate.fills.DoChan(string(f.tenant.id[:]), func() (any, error) {
			if f.proven() { // by a read that has just ended
				return nil, nil
			}
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
			defer cancel()
			return nil, f.gate.catchUp(ctx, f.tenant)
		})
		select {
		case r := <-done: // it may have begun before the question
			if r.Err != nil {
				return fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, r.Err, "The event log cannot be reached at the moment.")
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// proven reports whether the log was read since the question came.
func (f *feed) proven() bool { return f.tenant.contact.Load() >= int64(f.asked) }

// give yields a change, but not to a token that is not believed any more, and
// not from a copy that was given up.
func (f *feed) give(ctx context.Context, c *keycache.Change) error {
	if !f.gate.callers.believes(f.caller) {
		return stranger()
	}
	if f.gate.known(f.tenant.id) != f.tenant {
		return fault.New(fault.CodeUnavailable, fault.ReasonBusy, "The organization's keys are loaded anew.")
	}
	if err := f.reach(ctx, c); err != nil {
		return err
	}
	return f.yield(c)
}

// reach leaves out what the token is not for: keys of other environments, other
// products, on keys' access lists too, and who has nothing to do with its own.
func (f *feed) reach(ctx context.Context, c *keycache.Change) error {
	if f.caller.Environment != "" {
		c.Credentials = slices.DeleteFunc(c.Credentials, func(k keycache.Credential) bool { return k.Environment != f.caller.Environment })
	}
	if f.caller.Products == nil {
		return nil
	}
	if err := f.related(ctx, c); err != nil {
		return err
	}
	for i := range c.Credentials {
		c.Credentials[i].AccessList = slices.DeleteFunc(c.Credentials[i].AccessList, func(product uuid.UUID) bool {
			return !slices.Contains(f.caller.Products, product)
		})
	}
	if c.Catalogue != nil {
		c.Catalogue.Products = slices.DeleteFunc(c.Catalogue.Products, func(p keycache.Product) bool {
			return !slices.Contains(f.caller.Products, p.ID)
		})
	}
	for i := range c.Apps {
		c.Apps[i].Subscriptions = slices.DeleteFunc(c.Apps[i].Subscriptions, func(s keycache.Subscription) bool {
			return !slices.Contains(f.caller.Products, s.ProductID)
		})
	}
	return nil
}

// since yields what follows a position.
func (f *feed) since(ctx context.Context, after int64, wait time.Duration) error {
	if err := f.await(ctx, after, wait); err != nil {
		return err
	}
	if err := f.prove(ctx); err != nil {
		return err
	}
	switch position := f.tenant.store.Position(); {
	case position > after:
		return f.deltas(ctx, after)
	case position < after: // of another time: what another node told, the log has
		return ErrTooOld
	}
	return f.give(ctx, &keycache.Change{Position: after})
}

// await returns when the copy is not at a position, or the time is over.
func (f *feed) await(ctx context.Context, position int64, wait time.Duration) error {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		news := f.tenant.news()
		if f.tenant.store.Position() != position {
			return nil
		}
		select {
		case <-news:
		case <-timeout.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// deltas yields everything from a position to the log's end.
func (f *feed) deltas(ctx context.Context, after int64) error {
	leave, err := f.read(ctx)
	if err != nil {
		return err
	}
	defer leave()
	for {
		lines, err := eventlog.Read(ctx, f.gate.o.DB, f.tenant.id, after, linesAtOnce)
		if errors.Is(err, eventlog.ErrGap) {
			return ErrTooOld
		}
		if err != nil || len(lines) == 0 {
			return err
		}
		change, err := f.gate.rows.change(ctx, f.tenant.id, touchedBy(lines))
		if err != nil {
			return err
		}
		after = lines[len(lines)-1].Position
		change.Position = after
		if err := f.widen(ctx, change); err != nil {
			return err
		}
		if err := f.quotas(ctx, change.Apps); err != nil {
			return err
		}
		if err := f.give(ctx, change); err != nil {
			return err
		}
		if len(lines) < linesAtOnce {
			return nil
		}
	}
}

// read waits for the turn to read rows: what was read is held until the gateway
// has taken it.
func (f *feed) read(ctx context.Context) (leave func(), err error) {
	claim, ok := f.gate.readers.Enter(ctx, f.caller.Token.String(), 1)
	if !ok {
		return nil, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, time.Second, "Too many gateways read the feed at the moment.")
	}
	return claim.Leave, nil
}

// snapshot yields everything. What changes meanwhile follows by the position,
// which was noted first.
func (f *feed) snapshot(ctx context.Context) error {
	leave, err := f.read(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if err := f.prove(ctx); err != nil {
		return err
	}
	organization, position := f.tenant.id, f.tenant.store.Position()
	catalogue, err := f.gate.rows.catalogue(ctx, organization)
	if err != nil {
		return err
	}
	if err := f.give(ctx, &keycache.Change{Position: position, Catalogue: catalogue}); err != nil {
		return err
	}
	pages := []func(context.Context, uuid.UUID) (*keycache.Change, uuid.UUID, error){f.accounts, f.apps, f.credentials}
	for _, page := range pages {
		for after, more := (uuid.UUID{}), true; more; {
			var c *keycache.Change
			if c, after, err = page(ctx, after); err != nil {
				return err
			}
			if more = c != nil; more {
				c.Position = position
				if err := f.give(ctx, c); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// pageOf is the condition of the next page of an organization.
const pageOf = `organization_id = $1 AND id > $2 ORDER BY id LIMIT $3`

func (f *feed) accounts(ctx context.Context, after uuid.UUID) (*keycache.Change, uuid.UUID, error) {
	rows, err := f.gate.rows.accounts(ctx, pageOf, f.tenant.id, after, f.gate.page)
	if err != nil || len(rows) == 0 {
		return nil, after, err
	}
	return &keycache.Change{Accounts: rowsOf(rows)}, rows[len(rows)-1].row.ID, nil
}

func (f *feed) apps(ctx context.Context, after uuid.UUID) (*keycache.Change, uuid.UUID, error) {
	rows, err := f.gate.rows.apps(ctx, pageOf, f.tenant.id, after, f.gate.page)
	if err != nil || len(rows) == 0 {
		return nil, after, err
	}
	c := &keycache.Change{Apps: rowsOf(rows)}
	return c, rows[len(rows)-1].row.ID, f.quotas(ctx, c.Apps)
}

func (f *feed) credentials(ctx context.Context, after uuid.UUID) (*keycache.Change, uuid.UUID, error) {
	rows, err := f.gate.rows.credentials(ctx, pageOf, f.tenant.id, after, f.gate.page)
	if err != nil || len(rows) == 0 {
		return nil, after, err
	}
	return &keycache.Change{Credentials: rowsOf(rows)}, rows[len(rows)-1].row.ID, nil
}
