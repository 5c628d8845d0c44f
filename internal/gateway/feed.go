package gateway

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/gateway/source"
)

// Feed yields what a gateway that decides on its own needs, as far as its token
// permits.
//
// If after < 0 it yields the whole state, in Changes of bounded size that all
// carry the position to continue from. Otherwise it yields what has changed after
// that position, waiting up to wait for it; if nothing comes it yields one empty
// Change, as a sign of life. All it yields is true as of the call or later: the
// log has been read since, and no Grace applies.
//
// The error is fault.CodeUnavailable if the log could not be read, ErrTooOld if the
// gateway must start over from the whole state, and fault.CodeUnauthenticated if the
// token was revoked meanwhile. An error of yield ends Feed and is returned.
func (v *Verifier) Feed(ctx context.Context, c *Caller, after int64, wait time.Duration, yield func(*keycache.Change) error) error {
	asked := v.o.Mono()
	t, err := v.follower(ctx, c.Organization)
	if err != nil {
		return database.Fault(err)
	}
	f := &feed{verifier: v, follower: t, caller: c, asked: asked, yield: yield}
	if after < 0 {
		err = f.snapshot(ctx)
	} else {
		err = f.changesSince(ctx, after, wait)
	}
	return database.Fault(err)
}

// feed is one call of Feed.
type feed struct {
	verifier *Verifier
	follower *follower
	caller   *Caller
	asked    time.Duration // start of the call, on the monotonic clock
	yield    func(*keycache.Change) error
}

// ensureCurrent makes sure that the cache is true as of the start of the call,
// from which the gateway measures its own staleness. Usually a poll has seen to it
// while the gateway waited; otherwise concurrent calls share one read of the log.
func (f *feed) ensureCurrent(ctx context.Context) error {
	for !f.isCurrent() {
		// Credentials are filled under longer names than the organization's id.
		done := f.verifier.fills.DoChan(string(f.follower.id[:]), func() (any, error) {
			if f.isCurrent() { // by a read that has just ended
				return nil, nil
			}
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
			defer cancel()
			return nil, f.verifier.catchUp(ctx, f.follower)
		})
		select {
		case r := <-done: // the read may have begun before the call
			if r.Err != nil {
				return fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, r.Err, "The event log cannot be reached at the moment.")
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// isCurrent reports whether the log was read since the call began.
func (f *feed) isCurrent() bool { return f.follower.confirmedAt.Load() >= int64(f.asked) }

// send yields a change, unless the token has been revoked or the cache dropped
// meanwhile.
func (f *feed) send(ctx context.Context, c *keycache.Change) error {
	if f.caller.expired(f.verifier.o.Clock.Now()) || !f.verifier.callers.isValid(f.caller) {
		return errUnknownToken()
	}
	if f.verifier.lookUpFollower(f.follower.id) != f.follower {
		return fault.New(fault.CodeUnavailable, fault.ReasonBusy, "The organization's keys are loaded anew.")
	}
	if err := f.restrict(ctx, c); err != nil {
		return err
	}
	return f.yield(c)
}

// restrict removes what the token has no access to: credentials of other
// environments, other products (from access lists too), and accounts and apps
// without a relation to its products.
func (f *feed) restrict(ctx context.Context, c *keycache.Change) error {
	if f.caller.Environment != "" {
		c.Credentials = slices.DeleteFunc(c.Credentials, func(k keycache.Credential) bool { return k.Environment != f.caller.Environment })
	}
	if f.caller.Products.All() {
		return nil
	}
	if err := f.keepRelated(ctx, c); err != nil {
		return err
	}
	for i := range c.Credentials {
		c.Credentials[i].AccessList = slices.DeleteFunc(c.Credentials[i].AccessList, func(product uuid.UUID) bool {
			return !f.caller.Products.Includes(product)
		})
	}
	if c.Catalogue != nil {
		c.Catalogue.Products = slices.DeleteFunc(c.Catalogue.Products, func(p keycache.Product) bool {
			return !f.caller.Products.Includes(p.ID)
		})
	}
	for i := range c.Apps {
		c.Apps[i].Subscriptions = slices.DeleteFunc(c.Apps[i].Subscriptions, func(s keycache.Subscription) bool {
			return !f.caller.Products.Includes(s.ProductID)
		})
	}
	return nil
}

// changesSince yields what follows a position.
func (f *feed) changesSince(ctx context.Context, after int64, wait time.Duration) error {
	if err := f.await(ctx, after, wait); err != nil {
		return err
	}
	if err := f.ensureCurrent(ctx); err != nil {
		return err
	}
	switch position := f.follower.cache.Position(); {
	case position > after:
		return f.deltas(ctx, after)
	case position < after: // from another history of the log: it has all that any node ever sent
		return ErrTooOld
	}
	return f.send(ctx, &keycache.Change{Position: after})
}

// await returns when the cache is no longer at a position, or wait has passed.
func (f *feed) await(ctx context.Context, position int64, wait time.Duration) error {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		news := f.follower.nextUpdate()
		if f.follower.cache.Position() != position {
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

// deltas yields everything from a position to the end of the log.
func (f *feed) deltas(ctx context.Context, after int64) error {
	leave, err := f.acquire(ctx)
	if err != nil {
		return err
	}
	defer leave()
	for {
		lines, err := eventlog.Read(ctx, f.verifier.o.DB, f.follower.id, after, maxLines)
		if errors.Is(err, eventlog.ErrGap) {
			return ErrTooOld
		}
		if err != nil || len(lines) == 0 {
			return err
		}
		change, err := f.verifier.source.Change(ctx, f.follower.id, source.TouchedBy(lines))
		if err != nil {
			return err
		}
		after = lines[len(lines)-1].Position
		change.Position = after
		if err := f.addRelated(ctx, change); err != nil {
			return err
		}
		if err := f.fillQuotaUse(ctx, change.Apps); err != nil {
			return err
		}
		if err := f.send(ctx, change); err != nil {
			return err
		}
		if len(lines) < maxLines {
			return nil
		}
	}
}

// acquire waits until the feed may read rows: what it reads stays in memory until
// the gateway has received it.
func (f *feed) acquire(ctx context.Context) (leave func(), err error) {
	claim, ok := f.verifier.feedReaders.Enter(ctx, f.caller.Token.String(), 1)
	if !ok {
		return nil, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, time.Second, "Too many gateways read the feed at the moment.")
	}
	return claim.Leave, nil
}

// snapshot yields the whole state, with the position noted before reading: changes
// made meanwhile follow by it.
func (f *feed) snapshot(ctx context.Context) error {
	leave, err := f.acquire(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if err := f.ensureCurrent(ctx); err != nil {
		return err
	}
	organization, position := f.follower.id, f.follower.cache.Position()
	catalogue, err := f.verifier.source.Catalogue(ctx, organization)
	if err != nil {
		return err
	}
	if err := f.send(ctx, &keycache.Change{Position: position, Catalogue: catalogue}); err != nil {
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
				if err := f.send(ctx, c); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// page returns the page of the organization's rows after an id.
func (f *feed) page(after uuid.UUID) source.Page {
	return source.Page{Organization: f.follower.id, After: after, Size: f.verifier.pageSize}
}

func (f *feed) accounts(ctx context.Context, after uuid.UUID) (*keycache.Change, uuid.UUID, error) {
	rows, err := f.verifier.source.Accounts(ctx, f.page(after))
	if err != nil || len(rows) == 0 {
		return nil, after, err
	}
	return &keycache.Change{Accounts: source.Rows(rows)}, rows[len(rows)-1].Row.ID, nil
}

func (f *feed) apps(ctx context.Context, after uuid.UUID) (*keycache.Change, uuid.UUID, error) {
	rows, err := f.verifier.source.Apps(ctx, f.page(after))
	if err != nil || len(rows) == 0 {
		return nil, after, err
	}
	c := &keycache.Change{Apps: source.Rows(rows)}
	return c, rows[len(rows)-1].Row.ID, f.fillQuotaUse(ctx, c.Apps)
}

func (f *feed) credentials(ctx context.Context, after uuid.UUID) (*keycache.Change, uuid.UUID, error) {
	rows, err := f.verifier.source.Credentials(ctx, f.page(after))
	if err != nil || len(rows) == 0 {
		return nil, after, err
	}
	return &keycache.Change{Credentials: source.Rows(rows)}, rows[len(rows)-1].Row.ID, nil
}
