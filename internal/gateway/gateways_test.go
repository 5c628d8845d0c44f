package gateway_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/verdict"
	"portico/internal/database"
	"portico/internal/gateway"
	"portico/internal/gateway/presence"
	"portico/internal/identity"
	"portico/internal/testdb"
)

// gatewayState returns what is known of a caller's gateway.
func (w *world) gatewayState(t testing.TB, g *gateway.Verifier, c *gateway.Caller) presence.State {
	t.Helper()
	all, err := g.Gateways(t.Context(), w.Organization.ID, []uuid.UUID{c.Token})
	require.NoError(t, err)
	require.Contains(t, all, c.Token)
	return all[c.Token]
}

// stored stores what nodes have seen.
func stored(t testing.TB, nodes ...*gateway.Verifier) {
	t.Helper()
	for _, g := range nodes {
		require.NoError(t, g.ReportOnce(t.Context()))
		require.NoError(t, g.StoreSeen(t.Context(), false))
	}
}

// revoke records an event that gateways must apply.
func (w *world) revoke(t testing.TB) {
	t.Helper()
	require.NoError(t, errorOf(w.Portal.Apps.RevokeKey(w.Developer, w.made.Credential.GlobalID(), nil, nil)))
}

// The verdicts of all nodes add up, for an hour, and neither a token that never called
// nor a token of another organization has any.
func TestVerdictsOfAGatewayAddUp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		a, b := w.verifier(t), w.verifier(t)
		token := w.token(t, identity.NewGateway{})
		ca, err := a.Caller(t.Context(), token)
		require.NoError(t, err)
		cb, err := b.Caller(t.Context(), token)
		require.NoError(t, err)
		other := w.caller(t, a)
		requireVerdict(t, a, ca, w.request(), verdict.Valid)
		requireVerdict(t, b, cb, w.request(), verdict.Valid)
		requireVerdict(t, b, cb, &gateway.Request{Product: "weather"}, verdict.Malformed)
		require.Empty(t, w.gatewayState(t, a, ca).Calls, "it is not stored yet")
		stored(t, a, b)
		stored(t, a, b)
		require.Equal(t, map[string]int64{"VALID": 2, "MALFORMED": 1}, w.gatewayState(t, a, ca).Calls)
		require.Empty(t, w.gatewayState(t, a, other).Calls)

		foreign, err := a.Gateways(t.Context(), w.MustTenant(t, "foreign").Organization.ID, []uuid.UUID{ca.Token})
		require.NoError(t, err)
		require.Empty(t, foreign)

		w.Clock.Advance(30 * time.Minute)
		requireVerdict(t, a, ca, w.request(), verdict.Valid)
		stored(t, a, b)
		require.Equal(t, map[string]int64{"VALID": 3, "MALFORMED": 1}, w.gatewayState(t, a, ca).Calls)
		w.Clock.Advance(36 * time.Minute)
		require.Equal(t, map[string]int64{"VALID": 1}, w.gatewayState(t, a, ca).Calls, "b stores nothing any more")
	})
}

// Calls that a gateway has decided on its own count in the time of the calls.
func TestReportedVerdictsCount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.caller(t, g)
		now := w.Clock.Now()
		c.Reported("VALID", now, 5)
		c.Reported("VALID", now.Add(-50*time.Minute), 7)
		c.Reported("REVOKED", now.Add(time.Minute), 2) // its clock is ahead
		c.Reported("REVOKED", now.Add(-2*time.Hour), 100)
		stored(t, g)
		require.Equal(t, map[string]int64{"VALID": 12, "REVOKED": 2}, w.gatewayState(t, g, c).Calls)
		w.Clock.Advance(20 * time.Minute)
		require.Equal(t, map[string]int64{"VALID": 5, "REVOKED": 2}, w.gatewayState(t, g, c).Calls)
	})
}

// When a gateway was last seen is known to the second, and after an hour to the minute.
func TestWhenAGatewayWasLastSeen(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		token := w.token(t, identity.NewGateway{})
		c, err := g.Caller(t.Context(), token)
		require.NoError(t, err)
		never := w.gatewayState(t, g, c)
		require.Nil(t, never.SeenAt)
		require.Nil(t, never.Position)
		require.Nil(t, never.LagMs())
		w.Clock.Advance(42 * time.Second)
		_, err = g.Caller(t.Context(), token)
		require.NoError(t, err)
		seen := w.Clock.Now().Truncate(time.Second)
		g.StoreUses(t.Context())
		stored(t, g)
		require.Equal(t, seen, *w.gatewayState(t, g, c).SeenAt)

		w.Clock.Advance(presence.Memory + time.Second)
		require.NoError(t, g.ForgetGateways(t.Context()))
		require.Equal(t, seen.Truncate(time.Minute), w.gatewayState(t, g, c).SeenAt.UTC())
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		stored(t, g)
		require.Equal(t, map[string]int64{"VALID": 1}, w.gatewayState(t, g, c).Calls, "it is known again")
	})
}

// A gateway that follows the feed is where it says, whichever node it asks; one that
// has stopped falls behind.
func TestPositionOfAGatewayThatFollows(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		a, b := w.verifier(t), w.verifier(t)
		token := w.token(t, identity.NewGateway{})
		ca, err := a.Caller(t.Context(), token)
		require.NoError(t, err)
		cb, err := b.Caller(t.Context(), token)
		require.NoError(t, err)
		requireVerdict(t, a, ca, w.request(), verdict.Valid)
		here := a.Copy(w.Organization.ID).Position()
		requireAt := func(why string, position int64, lag time.Duration) {
			t.Helper()
			state := w.gatewayState(t, a, ca)
			require.NotNil(t, state.Position, why)
			require.Equal(t, position, *state.Position, why)
			require.Equal(t, lag, state.Lag, why)
		}
		ca.Follows("one", here-1)
		require.NoError(t, a.StoreSeen(t.Context(), true))
		require.NotNil(t, w.gatewayState(t, a, ca).Position)
		cb.Follows("one", here)
		stored(t, a, b)
		w.Clock.Advance(time.Second)
		cb.Follows("one", here)
		stored(t, a, b)
		requireAt("it has asked the other node since", here, 0)

		w.Clock.Advance(time.Second)
		w.revoke(t)
		w.Clock.Advance(3 * time.Second)
		requireAt("it has not asked since the revocation", here, 3*time.Second)
		cb.Follows("one", here+1)
		require.NoError(t, b.StoreSeen(t.Context(), true))
		requireAt("it has applied it", here+1, 0)

		ca.Follows("two", here)
		stored(t, a)
		requireAt("another with its token is behind", here, 3*time.Second)
		w.Clock.Advance(2 * time.Minute)
		cb.Follows("one", here+1)
		stored(t, b)
		requireAt("which has ended", here+1, 0)

		w.Clock.Advance(10 * time.Minute)
		w.MustApp(t, w.Developer, "Snow")
		w.Clock.Advance(time.Minute)
		requireAt("all have ended", here+1, time.Minute)
		cb.Follows("one", here+1000)
		stored(t, b)
		require.Equal(t, here, *w.gatewayState(t, a, ca).Position, "no such position: that one does not count")
		w.Clock.Advance(presence.Memory)
		require.Nil(t, w.gatewayState(t, a, ca).Position)
	})
}

// A gateway that asks about each call is where the nodes are that answer it.
func TestPositionOfAGatewayThatAsks(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		a, b := w.verifier(t), w.verifier(t)
		token := w.token(t, identity.NewGateway{})
		ca, err := a.Caller(t.Context(), token)
		require.NoError(t, err)
		cb, err := b.Caller(t.Context(), token)
		require.NoError(t, err)
		requireVerdict(t, a, ca, w.request(), verdict.Valid)
		here := a.Copy(w.Organization.ID).Position()
		stored(t, a, b)
		require.Equal(t, here, *w.gatewayState(t, a, ca).Position)
		w.revoke(t)
		require.NoError(t, a.PollOnce(t.Context()))
		w.Clock.Advance(time.Second)
		stored(t, a, b)
		state := w.gatewayState(t, a, ca)
		require.Equal(t, here+1, *state.Position, "b is behind, and has not answered it")
		require.Zero(t, state.Lag)
		requireVerdict(t, b, cb, w.request(), verdict.Revoked) // read just now; the log was not
		stored(t, b)
		state = w.gatewayState(t, a, ca)
		require.Equal(t, here, *state.Position)
		require.Equal(t, time.Second, state.Lag)
		w.Clock.Advance(2 * time.Minute)
		stored(t, a)
		require.Equal(t, here+1, *w.gatewayState(t, a, ca).Position, "b has ended")
	})
}

// What was counted while the database was away is stored later, and what was seen of a
// token that is revoked meanwhile is not lost.
func TestAnOutageLosesNothingSeen(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.caller(t, g)
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		require.Error(t, g.StoreSeen(gone, false))
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		require.Error(t, g.StoreSeen(gone, false))
		token, err := w.Client.ServiceToken.Get(w.Admin, c.Token)
		require.NoError(t, err)
		require.NoError(t, errorOf(w.Portal.Identity.RevokeServiceToken(w.Admin, token.GlobalID(), nil)))
		require.NoError(t, g.PollOnce(t.Context()))
		requireVerdict(t, g, c, w.request(), verdict.Valid) // it was under way
		stored(t, g)
		require.Equal(t, map[string]int64{"VALID": 3}, w.gatewayState(t, g, c).Calls)
	})
}

// Counts of a time that has not come yet, because the clock was set back, are dropped:
// they would stay too long.
func TestAClockThatIsSetBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.caller(t, g)
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		stored(t, g)
		w.Clock.Advance(-3 * time.Hour)
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		stored(t, g)
		require.Equal(t, map[string]int64{"VALID": 2}, w.gatewayState(t, g, c).Calls)
	})
}

// A node that runs stores by itself, what it saw last when it ends. Nothing is written
// for a gateway that does nothing, and all are read in two statements.
func TestGatewaysAreStoredSparingly(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		var statements atomic.Int64
		d := testdb.OpenWith(t, url, database.Options{OnStatement: func(context.Context, string) { statements.Add(1) }})
		g := w.verifier(t, func(o *gateway.Options) { o.DB = d })
		var tokens []uuid.UUID
		for range 100 {
			c := w.caller(t, g)
			c.Follows("", 0)
			tokens = append(tokens, c.Token)
		}
		during := func(f func() error) int64 {
			before := statements.Load()
			require.NoError(t, f())
			return statements.Load() - before
		}
		store := func() error { return g.StoreSeen(t.Context(), false) }
		require.EqualValues(t, 1, during(store))
		require.Zero(t, during(store))
		require.EqualValues(t, 2, during(func() error {
			all, err := g.Gateways(t.Context(), w.Organization.ID, tokens)
			require.Len(t, all, len(tokens))
			return err
		}))

		ctx, end := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); g.Run(ctx) }()
		c := w.caller(t, g)
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		end()
		<-done
		require.Equal(t, map[string]int64{"VALID": 1}, w.gatewayState(t, w.verifier(t), c).Calls)
	})
}
