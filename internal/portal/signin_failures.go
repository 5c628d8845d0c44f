package portal

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"portico/internal/clock"
	"portico/internal/eventlog"
	"portico/internal/viewer"
)

// SignInFailure says why a sign-in failed: to operators and administrators,
// never to whoever signs in.
type SignInFailure string

// Why sign-ins fail.
const (
	SignInMalformed     SignInFailure = "MALFORMED_ADDRESS"
	SignInUnknown       SignInFailure = "UNKNOWN_ADDRESS"
	SignInWrongPassword SignInFailure = "WRONG_PASSWORD"
	SignInDisabled      SignInFailure = "DISABLED"
	SignInNoPasswords   SignInFailure = "NO_PASSWORDS"
	SignInDemo          SignInFailure = "MADE_IN_DEVELOPMENT"
	SignInLimited       SignInFailure = "RATE_LIMITED"
)

// SignInFailures lists all of them, for counters.
func SignInFailures() []SignInFailure {
	return []SignInFailure{SignInMalformed, SignInUnknown, SignInWrongPassword, SignInDisabled, SignInNoPasswords, SignInDemo, SignInLimited}
}

const (
	// failureWindow is how long a user's further failures are summed up after
	// an event has told of one.
	failureWindow = 15 * time.Minute
	// maxFailureEvents is how many such events one server writes into an
	// organization's log in a failureWindow; what is left waits for the next.
	maxFailureEvents = 20
	// maxFailureUsers bounds the users whose failures are remembered.
	maxFailureUsers = 1000
)

// userFailures is what is remembered of a user's failures.
type userFailures struct {
	candidate
	count      int // that no event has told of
	reason     SignInFailure
	address    string // that the last came from
	requestID  string
	recordedAt time.Time
	email      string // the folded address
}

// failures tells of sign-ins that failed: each in the program's log, and summed
// up in the organizations' logs. Events are written beside the requests, so
// that the time of an answer does not tell that there is somebody to tell of,
// and a flood of guesses neither fills an organization's log nor holds it.
type failures struct {
	clock  clock.Clock
	log    *slog.Logger
	failed func(SignInFailure)

	mu     sync.Mutex
	byUser map[uuid.UUID]*userFailures
	wake   chan struct{}
}

func newFailures(o Options) *failures {
	f := &failures{clock: o.Clock, log: o.Log, failed: o.SignInFailed, byUser: map[uuid.UUID]*userFailures{}, wake: make(chan struct{}, 1)}
	if f.log == nil {
		f.log = slog.Default()
	}
	if f.failed == nil {
		f.failed = func(SignInFailure) {}
	}
	return f
}

// add takes down a sign-in that failed. An address that is none is not logged:
// it may be a password.
func (f *failures) add(ctx context.Context, why SignInFailure, in SignInInput, c candidates) {
	v := viewer.Current(ctx)
	f.failed(why)
	f.log.LogAttrs(ctx, slog.LevelWarn, "a sign-in failed", slog.String("reason", string(why)), slog.String("email", in.Email.String()),
		slog.String("address", v.Address), slog.String("requestId", v.RequestID))
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range c.all {
		n := f.byUser[one.user.ID]
		if n == nil && len(f.byUser) < maxFailureUsers {
			n = &userFailures{}
			f.byUser[one.user.ID] = n
		}
		if n == nil {
			continue // the program's log has it
		}
		n.candidate, n.reason, n.address, n.requestID, n.email = one, why, v.Address, v.RequestID, in.Email.String()
		n.count++
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// takeDue takes out what is to be told now, by organization: in the end everything
// that no event has told of.
func (f *failures) takeDue(ended bool) map[uuid.UUID][]userFailures {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, told := f.clock.Now(), map[uuid.UUID]int{}
	var waiting []*userFailures
	for id, n := range f.byUser {
		switch recent := now.Sub(n.recordedAt) < failureWindow; {
		case ended && n.count > 0:
			waiting = append(waiting, n)
		case recent:
			told[n.organization.ID]++
		case n.count == 0:
			delete(f.byUser, id)
		default:
			waiting = append(waiting, n)
		}
	}
	slices.SortFunc(waiting, func(a, b *userFailures) int { return cmp.Compare(b.count, a.count) })
	out := map[uuid.UUID][]userFailures{}
	for _, n := range waiting {
		if o := n.organization.ID; ended || told[o] < maxFailureEvents {
			told[o]++
			out[o] = append(out[o], *n)
			n.count, n.recordedAt = 0, now
		}
	}
	return out
}

// pending is how many failures no event has told of.
func (f *failures) pending() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.byUser {
		n += one.count
	}
	return n
}

// restore counts again what could not be told.
func (f *failures) restore(all []userFailures) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, old := range all {
		if n := f.byUser[old.user.ID]; n != nil {
			n.count, n.recordedAt = n.count+old.count, old.recordedAt
		}
	}
}

// RecordSignInFailures writes the events that are due: one for each user, with the
// number of failures since the one before.
func (p *Portal) RecordSignInFailures(ctx context.Context) error {
	return p.recordDueFailures(ctx, false)
}

func (p *Portal) recordDueFailures(ctx context.Context, ended bool) error {
	var errs []error
	for organization, all := range p.failures.takeDue(ended) {
		if told, err := p.recordFailures(ctx, organization, all); err != nil {
			p.failures.restore(all[told:])
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// recordFailures returns how many events it has written: those before the one that
// failed are there to stay.
func (p *Portal) recordFailures(ctx context.Context, organization uuid.UUID, all []userFailures) (told int, err error) {
	for i, n := range all {
		// Nobody has signed in: the event has no actor, but the client's address.
		who := viewer.Viewer{OrganizationID: organization, Address: n.address, RequestID: n.requestID}
		err := p.change(viewer.NewContext(ctx, who), func(_ context.Context, c *change) error {
			c.record(userEvent(eventlog.UserSignInFailed, n.user,
				created("email", n.email, "reason", string(n.reason), "failures", n.count)))
			return nil
		})
		if err != nil {
			return i, err
		}
	}
	return len(all), nil
}

// RunSignInFailureRecorder tells of failed sign-ins until ctx ends, and then within a short
// time of all that are left: nobody else knows of them.
func (p *Portal) RunSignInFailureRecorder(ctx context.Context) {
	const again, parting = time.Minute, 2 * time.Second
	tick := time.NewTicker(again)
	defer tick.Stop()
	for ended := false; !ended; {
		select {
		case <-p.failures.wake:
		case <-tick.C:
		case <-ctx.Done():
			ended = true
		}
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
		if err := p.recordDueFailures(limited, ended); err != nil {
			p.failures.log.WarnContext(ctx, "failed sign-ins could not be written into the event log", "failures", p.failures.pending(), "error", err)
		}
		cancel()
	}
}
