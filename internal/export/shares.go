package export

import (
	"context"
	"time"

	"portico/internal/backlog"
	"portico/internal/fault"
	"portico/internal/viewer"
)

const (
	// maxExports bounds the exports that run on a server at the same time,
	// maxOfOrganization those of one organization and maxOfCaller those of one person or
	// service token.
	maxExports, maxOfOrganization, maxOfCaller = 16, 8, 2
	// retryAfter is the Retry-After of a refusal beyond that.
	retryAfter = 5 * time.Second
)

// Shares bound the exports that run at the same time: of a server, of an organization
// and of a caller. It is safe for concurrent use.
type Shares struct{ all, organizations, callers *backlog.Room }

// NewShares returns the bounds of a server.
func NewShares() *Shares {
	// No export waits for another. A caller's share is no part of what there is for
	// all, so that its refusal is about the caller alone.
	return &Shares{
		all:           backlog.NewRoom(maxExports, maxExports, 0),
		organizations: backlog.NewRoom(2*maxExports, maxOfOrganization, 0),
		callers:       backlog.NewRoom(2*maxExports, maxOfCaller, 0),
	}
}

// Load returns how many exports run, how many may, how many wait (none) and how many
// were refused because the server was full.
func (s *Shares) Load() (used, size, waiting, refused int64) { return s.all.Load() }

// enter takes a place, and returns how to leave it.
func (s *Shares) enter(ctx context.Context, v viewer.Viewer) (leave func(), err error) {
	// First for all, so that the other rooms, which are larger, have a place if the
	// share has.
	everywhere, ok := s.all.Enter(ctx, "", 1)
	if !ok {
		return nil, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, retryAfter, "Too many exports run at the moment. Please try again.")
	}
	mine, ok := s.callers.Enter(ctx, v.LimitID().String(), 1)
	if !ok {
		everywhere.Leave()
		return nil, fault.RetryAfter(fault.CodeRateLimited, fault.ReasonExports, retryAfter, "As many of your exports run as may at a time: wait for one of them.")
	}
	ours, ok := s.organizations.Enter(ctx, v.OrganizationID.String(), 1)
	if !ok {
		everywhere.Leave()
		mine.Leave()
		return nil, fault.RetryAfter(fault.CodeRateLimited, fault.ReasonExports, retryAfter, "As many exports of your organization run as may at a time: wait for one of them.")
	}
	return func() { everywhere.Leave(); mine.Leave(); ours.Leave() }, nil
}
