package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Run follows the logs until ctx ends: it polls, listens, notifies other nodes of
// commits here, and stores how far this node has come. Outages are logged and
// waited out.
func (v *Verifier) Run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { v.pollAll(ctx) })
	all.Go(func() { v.report(ctx) })
	all.Go(func() { v.notify(ctx) })
	all.Go(func() { v.listen(ctx) })
	if v.o.Preload {
		all.Go(func() { v.preload(ctx) })
	}
}

// Loaded returns a channel that is closed when everything that is to be in memory
// from the start has been loaded.
func (v *Verifier) Loaded() <-chan struct{} { return v.loaded }

// logTransition logs when something begins to fail and when it works again, and
// reports whether it works now; well is what it returned before.
func (v *Verifier) logTransition(ctx context.Context, err error, well bool, failing, recovered string) bool {
	switch {
	case ctx.Err() != nil:
	case err != nil && well:
		v.o.Log.Warn(failing, "error", err)
	case err == nil && !well:
		v.o.Log.Info(recovered)
	}
	return err == nil
}

// signal sends on c unless a signal is pending already: one is enough.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// pollAll polls the logs every pollInterval and whenever it is woken.
func (v *Verifier) pollAll(ctx context.Context) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	var behind sync.WaitGroup
	defer behind.Wait()
	well := true
	for {
		err := v.poll(ctx, &behind)
		if ctx.Err() != nil {
			return
		}
		well = v.logTransition(ctx, err, well, "the event log cannot be read; keys are refused when it stays so", "the event log can be read again")
		v.measure()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-v.wake:
		}
	}
}

// poll reads once how far the logs of the followed organizations reach.
// Organizations with nothing new are confirmed; for each of the others a goroutine
// catches up, so that none waits for another's events.
func (v *Verifier) poll(ctx context.Context, behind *sync.WaitGroup) error {
	all := v.positions()
	if len(all) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	began := v.o.Mono()
	heads, err := v.heads(ctx, all)
	if err != nil {
		return err
	}
	for _, s := range all {
		if heads[s.id] == s.position {
			s.confirm(began, s.invalidations)
			continue
		}
		behind.Go(func() { v.catchUpInTime(ctx, s.follower) })
	}
	return nil
}

// catchUpInTime catches up with a timeout of its own.
func (v *Verifier) catchUpInTime(ctx context.Context, f *follower) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
	defer cancel()
	if len(f.applying) > 0 {
		return // another goroutine catches up; the next poll sees whether it was enough
	}
	if err := v.catchUp(ctx, f); err != nil {
		v.o.Log.Warn("an organization's events could not be applied", "organization", f.id, "error", err)
	}
}

// followerPosition is a follower with its state before the logs were read.
type followerPosition struct {
	*follower
	invalidations uint64
	position      int64
}

func (v *Verifier) positions() []followerPosition {
	followed := v.readyFollowers()
	out := make([]followerPosition, len(followed))
	for i, f := range followed {
		out[i] = followerPosition{f, f.invalidationCount(), f.cache.Position()}
	}
	return out
}

func (v *Verifier) heads(ctx context.Context, all []followerPosition) (map[uuid.UUID]int64, error) {
	ids := make([]uuid.UUID, len(all))
	for i, s := range all {
		ids[i] = s.id
	}
	return v.source.Heads(ctx, ids)
}
