package budget_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/limits"
	"portico/internal/budget"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/gqlhttp"
	"portico/internal/viewer"
)

// scene is a budget with a fake clock.
type scene struct {
	*budget.Budget
	clock *clock.Fake
	mono  time.Duration
}

func newScene(user, organization int) *scene {
	s := &scene{clock: clock.NewFake(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))}
	memory := limits.NewMemory(s.clock, func() time.Duration { return s.mono }, 0)
	s.Budget = budget.New(budget.Options{Limiter: memory, User: user, Organization: organization})
	return s
}

func (s *scene) pass(d time.Duration) { s.clock.Advance(d); s.mono += d }

func (s *scene) spend(ctx context.Context, cost int) (*gqlhttp.Cost, error) {
	c := &gqlhttp.Cost{Requested: cost, Charged: cost}
	return c, s.Take(ctx, c)
}

func person(t *testing.T, organization uuid.UUID) context.Context {
	return viewer.NewContext(t.Context(), viewer.Viewer{Role: viewer.Portal, UserID: uuid.New(), OrganizationID: organization})
}

func client(t *testing.T, address string) context.Context {
	return viewer.NewContext(t.Context(), viewer.Viewer{Role: viewer.Anonymous, Address: address})
}

func refused(t *testing.T, err error) *fault.Error {
	t.Helper()
	var f *fault.Error
	require.True(t, errors.As(err, &f), "%v", err)
	require.Equal(t, fault.CodeRateLimited, f.Code)
	require.Equal(t, fault.ReasonBudget, f.Reason)
	require.GreaterOrEqual(t, f.RetryAfter, time.Second)
	return f
}

// Spending at once is bounded, the budget refills evenly, and a refusal takes
// nothing.
func TestUserBudget(t *testing.T) {
	s := newScene(600, 0)
	dev := person(t, uuid.New())
	c, err := s.spend(dev, 500)
	require.NoError(t, err)
	require.Equal(t, 100, *c.Remaining)
	require.Equal(t, 600, c.Budget)
	require.Equal(t, time.Minute, c.Window)
	require.Equal(t, s.clock.Now().Add(50*time.Second), c.ResetsAt)
	for range 3 {
		_, err = s.spend(dev, 200)
		require.Equal(t, 10*time.Second, refused(t, err).RetryAfter, "a refusal takes nothing")
	}
	s.pass(10 * time.Second)
	_, err = s.spend(dev, 200)
	require.NoError(t, err)
	_, err = s.spend(person(t, uuid.New()), 600)
	require.NoError(t, err, "somebody else's is untouched")
}

// All users of an organization share its budget, which is separate from other
// organizations'.
func TestOrganizationBudget(t *testing.T) {
	s := newScene(600, 1000)
	one, other := uuid.New(), uuid.New()
	_, err := s.spend(person(t, one), 600)
	require.NoError(t, err)
	_, err = s.spend(person(t, one), 500)
	refused(t, err)
	_, err = s.spend(person(t, one), 400)
	require.NoError(t, err, "what was refused took nothing from either")
	_, err = s.spend(person(t, other), 600)
	require.NoError(t, err)
}

// Requests without a sign-in are counted by client: an IPv6 network is one.
func TestAnonymousClientBudget(t *testing.T) {
	s := newScene(600, 600)
	_, err := s.spend(client(t, "2001:db8::1"), 600)
	require.NoError(t, err)
	_, err = s.spend(client(t, "2001:db8::2"), 1)
	refused(t, err)
	_, err = s.spend(client(t, "192.0.2.1"), 600)
	require.NoError(t, err)
}

func TestNoLimit(t *testing.T) {
	s := newScene(0, 0)
	dev := person(t, uuid.New())
	for range 100 {
		c, err := s.spend(dev, 50_000)
		require.NoError(t, err)
		require.Nil(t, c.Remaining)
	}
}

// Normal use fits into the default budgets.
func TestNormalUseFits(t *testing.T) {
	s := newScene(budget.DefaultUser, budget.DefaultOrganization)
	dev := person(t, uuid.New())
	for range 100 {
		_, err := s.spend(dev, 2000) // a large page
		require.NoError(t, err)
	}
	for range 20 {
		_, err := s.spend(dev, 1250) // a new key
		require.NoError(t, err)
	}
}
