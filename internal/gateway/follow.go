package gateway

import (
	"context"
	"errors"

	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/gateway/source"
)

// maxLines is how many events are read and applied at a time.
const maxLines = 500

// catchUp applies everything that was committed before the call. One goroutine
// does at a time; others wait, and then read what has come since.
func (v *Verifier) catchUp(ctx context.Context, f *follower) error {
	select {
	case f.applying <- struct{}{}:
		defer func() { <-f.applying }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		seen, began, position := f.invalidationCount(), v.o.Mono(), f.cache.Position()
		lines, err := eventlog.Read(ctx, v.o.DB, f.id, position, maxLines)
		switch {
		case errors.Is(err, eventlog.ErrGap): // the cache cannot be brought up to date
			v.dropFollower(f)
			return fault.New(fault.CodeUnavailable, fault.ReasonBusy, "The organization's keys are loaded anew.")
		case err != nil:
			return err
		}
		if len(lines) > 0 {
			if err := v.apply(ctx, f, lines); err != nil {
				return err
			}
		}
		if len(lines) < maxLines {
			f.confirm(began, seen)
			return nil
		}
	}
}

// apply reads again what the events touched, and puts it into the copy.
func (v *Verifier) apply(ctx context.Context, f *follower, lines []eventlog.Line) error {
	touched := source.TouchedBy(lines)
	change, err := v.source.Change(ctx, f.id, touched)
	if err != nil {
		return err
	}
	if change.Catalogue == nil && f.cache.IsBehind(change.Apps) {
		if change.Catalogue, err = v.source.Catalogue(ctx, f.id); err != nil {
			return err
		}
	}
	change.Position = lines[len(lines)-1].Position
	for i := range change.Credentials {
		f.usernames.Add(change.Credentials[i].Username[:])
	}
	f.cache.Apply(change)
	for id := range touched.Tokens {
		v.callers.drop(f.id, id)
	}
	f.notifyUpdated()
	return nil
}
