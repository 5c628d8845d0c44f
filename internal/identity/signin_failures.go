package identity

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/eventlog"
	"portico/internal/seldom"
	"portico/internal/viewer"
)

// SignInFailure is why a sign-in failed. It is shown to operators and
// administrators, never to the client that signs in.
type SignInFailure string

// The reasons for which sign-ins fail.
const (
	SignInMalformed     SignInFailure = "MALFORMED_ADDRESS"
	SignInUnknown       SignInFailure = "UNKNOWN_ADDRESS"
	SignInWrongPassword SignInFailure = "WRONG_PASSWORD"
	SignInWrongCode     SignInFailure = "WRONG_CODE"
	SignInDisabled      SignInFailure = "DISABLED"
	SignInNoPasswords   SignInFailure = "NO_PASSWORDS"
	SignInDemo          SignInFailure = "MADE_IN_DEVELOPMENT"
	SignInLimited       SignInFailure = "RATE_LIMITED"
)

// SignInFailures lists all of them, for metrics.
func SignInFailures() []SignInFailure {
	return []SignInFailure{SignInMalformed, SignInUnknown, SignInWrongPassword, SignInWrongCode, SignInDisabled, SignInNoPasswords, SignInDemo, SignInLimited}
}

const (
	// failureWindow is how long a user's further failures are summed up after
	// an event has recorded one.
	failureWindow = 15 * time.Minute
	// maxFailureEvents is how many such events one node appends to an
	// organization's log in a failureWindow; the rest wait for the next one.
	maxFailureEvents = 20
	// maxFailureUsers is the number of users whose failures are kept in memory.
	maxFailureUsers = 1000
)

// userFailures is what is kept in memory of a user's failures.
type userFailures struct {
	candidate
	count      int // that no event has told of
	reason     SignInFailure
	address    string // that the last came from
	requestID  string
	recordedAt time.Time
}

// failures records failed sign-ins: each in the program's log, and summed up in
// the organizations' event logs. Events are written outside the requests, so
// that the duration of a response does not reveal whether the user exists, and
// so that a flood of guesses neither fills an organization's log nor locks it.
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

// add records a failed sign-in. An address that is not valid is not logged: it
// may be a password.
func (f *failures) add(ctx context.Context, why SignInFailure, in SignInInput, c candidates) {
	v := viewer.Current(ctx)
	f.failed(why)
	f.log.LogAttrs(ctx, slog.LevelInfo, "a sign-in failed", slog.String("reason", string(why)), slog.String("email", in.Email.String()),
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
			continue // only in the program's log
		}
		n.candidate, n.reason, n.address, n.requestID = one, why, v.Address, v.RequestID
		n.count++
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// takeDue removes and returns the failures to record now, by organization: all
// of them if ended is true.
func (f *failures) takeDue(ended bool) map[uuid.UUID][]userFailures {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, recorded := f.clock.Now(), map[uuid.UUID]int{}
	var waiting []*userFailures
	for id, n := range f.byUser {
		switch recent := now.Sub(n.recordedAt) < failureWindow; {
		case ended && n.count > 0:
			waiting = append(waiting, n)
		case recent:
			recorded[n.organization.ID]++
		case n.count == 0:
			delete(f.byUser, id)
		default:
			waiting = append(waiting, n)
		}
	}
	slices.SortFunc(waiting, func(a, b *userFailures) int { return cmp.Compare(b.count, a.count) })
	out := map[uuid.UUID][]userFailures{}
	for _, n := range waiting {
		if o := n.organization.ID; ended || recorded[o] < maxFailureEvents {
			recorded[o]++
			out[o] = append(out[o], *n)
			n.count, n.recordedAt = 0, now
		}
	}
	return out
}

// pending returns the number of failures that no event has recorded.
func (f *failures) pending() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.byUser {
		n += one.count
	}
	return n
}

// restore adds failures back that could not be recorded.
func (f *failures) restore(all []userFailures) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, old := range all {
		if n := f.byUser[old.user.ID]; n != nil {
			n.count, n.recordedAt = n.count+old.count, old.recordedAt
		}
	}
}

// RecordSignInFailures writes the events that are due: one for each user, with
// the number of failures since the last one.
func (svc *Service) RecordSignInFailures(ctx context.Context) error {
	return svc.recordDueFailures(ctx, false)
}

func (svc *Service) recordDueFailures(ctx context.Context, ended bool) error {
	var errs []error
	for organization, all := range svc.failures.takeDue(ended) {
		if recorded, err := svc.recordFailures(ctx, organization, all); err != nil {
			svc.failures.restore(all[recorded:])
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// recordFailures returns how many events it has written; those before the one
// that failed are committed.
func (svc *Service) recordFailures(ctx context.Context, organization uuid.UUID, all []userFailures) (recorded int, err error) {
	for i, n := range all {
		// Without a sign-in, the event has no actor, only the client's address.
		who := viewer.Viewer{OrganizationID: organization, Address: n.address, RequestID: n.requestID}
		err := change.Exec(viewer.NewContext(ctx, who), svc.changes, func(_ context.Context, tx *change.Tx) error {
			tx.Record(userEvent(eventlog.UserSignInFailed, n.user,
				change.Attributes("reason", string(n.reason), "failures", n.count)))
			return nil
		})
		if err != nil {
			return i, err
		}
	}
	return len(all), nil
}

// RunSignInFailureRecorder records failed sign-ins until ctx ends, and then,
// within a short time, all that are left, as they exist only in memory.
func (svc *Service) RunSignInFailureRecorder(ctx context.Context) {
	const again, parting = time.Minute, 2 * time.Second
	tick := time.NewTicker(again)
	defer tick.Stop()
	for ended := false; !ended; {
		select {
		case <-svc.failures.wake:
		case <-tick.C:
		case <-ctx.Done():
			ended = true
		}
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
		if err := svc.recordDueFailures(limited, ended); err != nil {
			svc.failures.log.WarnContext(ctx, "failed sign-ins could not be written into the event log", seldom.Line(seldom.SignIns), "failures", svc.failures.pending(), "error", err)
		}
		cancel()
	}
}
