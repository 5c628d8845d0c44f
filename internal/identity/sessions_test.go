package identity_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/session"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// person is a developer who signs in.
type person struct {
	*portaltest.Fixture
	t    *testing.T
	user *db.User
	x    portaltest.Tenant
}

func eachPerson(t *testing.T, f func(*testing.T, *person)) {
	testdb.Each(t, func(t *testing.T, url string) {
		p := &person{Fixture: portaltest.New(t, url), t: t}
		p.x = p.MustTenant(t, "one")
		p.user = p.MustUser(t, p.x.Admin, p.x.Account, domain.Owner)
		f(t, p)
	})
}

// from is a request by a browser at an address.
func (p *person) from(address string) context.Context {
	return viewer.NewContext(p.t.Context(), viewer.Viewer{Address: address, UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
}

func (p *person) signIn() identity.SignedIn {
	p.t.Helper()
	s, err := p.Portal.Identity.SignIn(p.from("192.0.2.1"), identity.SignInInput{Email: p.user.EmailFolded, Password: portaltest.Password})
	require.NoError(p.t, err)
	return s
}

func (p *person) refresh(token string) (identity.SignedIn, error) {
	return p.Portal.Identity.RefreshSession(p.from("192.0.2.2"), token)
}

func (p *person) mustRefresh(token string) identity.SignedIn {
	p.t.Helper()
	s, err := p.refresh(token)
	require.NoError(p.t, err)
	return s
}

// as returns the context of a request with an access token; ok is false if the token is
// refused.
func (p *person) as(s identity.SignedIn) (ctx context.Context, ok bool) {
	p.t.Helper()
	claims, err := p.Tokens.Verify(s.AccessToken)
	require.NoError(p.t, err)
	v, ok, err := p.Directory.Person(p.t.Context(), claims.Organization, claims.User, claims.Session, uuid.Nil)
	require.NoError(p.t, err)
	return viewer.NewContext(p.t.Context(), v), ok
}

func (p *person) requireLive(live bool, all ...identity.SignedIn) {
	p.t.Helper()
	for i, s := range all {
		_, ok := p.as(s)
		require.Equal(p.t, live, ok, "access token %d", i)
	}
}

func requireEnded(t *testing.T, err error) {
	t.Helper()
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, []any{fault.CodeUnauthenticated, fault.ReasonSessionExpired}, []any{f.Code, f.Reason})
}

// Each refresh token is good for one use; the session goes on for as long as it is
// refreshed within 14 days, and for 90 days at most.
func TestRefreshSession(t *testing.T) {
	eachPerson(t, func(t *testing.T, p *person) {
		first := p.signIn()
		began := p.Clock.Now()
		last := first
		for p.Clock.Now().Add(identity.SessionIdle).Before(began.Add(identity.SessionLife)) {
			p.Clock.Advance(identity.SessionIdle - time.Second)
			next := p.mustRefresh(last.RefreshToken)
			require.NotEqual(t, last.RefreshToken, next.RefreshToken)
			require.Equal(t, p.user.ID, next.User.ID)
			require.Equal(t, p.x.Account.ID, next.Account.ID)
			require.Equal(t, p.x.Organization.ID, next.Organization.ID)
			p.requireLive(true, next)
			last = next
		}
		s := p.Client.Session.Query().Where(session.UserID(p.user.ID)).OnlyX(portaltest.System(t))
		require.Equal(t, []any{"Firefox on Linux", "192.0.2.2"}, []any{s.Device, s.Address})
		require.True(t, s.LastSeenAt.Equal(p.Clock.Now()))
		require.True(t, last.SessionExpiresAt.Equal(began.Add(identity.SessionLife)), "never longer than its life")
		p.Clock.Advance(last.SessionExpiresAt.Sub(p.Clock.Now()))
		_, err := p.refresh(last.RefreshToken)
		requireEnded(t, err)

		idle := p.signIn()
		p.Clock.Advance(identity.SessionIdle)
		_, err = p.refresh(idle.RefreshToken)
		requireEnded(t, err)
		require.NotContains(t, p.EventTypes(t, p.user.ID), "USER_SESSION_REUSED")
	})
}

// A token that was used before ends its session: also the newest tokens of it. Other
// sessions go on.
func TestRefreshSession_Reuse(t *testing.T) {
	eachPerson(t, func(t *testing.T, p *person) {
		other, first := p.signIn(), p.signIn()
		second := p.mustRefresh(first.RefreshToken)
		third := p.mustRefresh(second.RefreshToken)
		p.Clock.Advance(10 * time.Second)
		_, err := p.refresh(first.RefreshToken)
		requireEnded(t, err)
		p.requireLive(false, first, second, third)
		_, err = p.refresh(third.RefreshToken)
		requireEnded(t, err)
		p.requireLive(true, other)
		p.mustRefresh(other.RefreshToken)
		require.Equal(t, []string{"USER_CREATED", "USER_SIGNED_IN", "USER_SIGNED_IN", "USER_SESSION_REUSED"}, p.EventTypes(t, p.user.ID))
	})
}

// Two tabs that refresh with one token within ten seconds have a token each, and both go
// on.
func TestRefreshSession_Siblings(t *testing.T) {
	eachPerson(t, func(t *testing.T, p *person) {
		first := p.signIn()
		one := p.mustRefresh(first.RefreshToken)
		p.Clock.Advance(10*time.Second - time.Millisecond)
		two := p.mustRefresh(first.RefreshToken)
		require.NotEqual(t, one.RefreshToken, two.RefreshToken)
		p.requireLive(true, one, two)
		for range 20 {
			p.Clock.Advance(10 * time.Minute)
			one, two = p.mustRefresh(one.RefreshToken), p.mustRefresh(two.RefreshToken)
		}
		require.Equal(t, 4, p.Rows(t, "session_tokens"), "two to come, and the two that were just used")

		// A node whose clock is behind takes what another has just rotated for a sibling.
		p.Clock.Advance(-time.Second)
		p.mustRefresh(one.RefreshToken)
	})
}

// Without bound, tabs that overwrite each other's token would leave one each time.
func TestRefreshSession_FewUnusedTokens(t *testing.T) {
	eachPerson(t, func(t *testing.T, p *person) {
		s := p.signIn()
		var all []identity.SignedIn
		for range 12 {
			all = append(all, p.mustRefresh(s.RefreshToken))
		}
		p.mustRefresh(all[0].RefreshToken) // the first of them is as good as the last
		require.Equal(t, 14, p.Rows(t, "session_tokens"))
		p.Clock.Advance(11 * time.Second)
		p.mustRefresh(all[11].RefreshToken)
		require.Equal(t, 9, p.Rows(t, "session_tokens"))
		_, err := p.refresh(all[1].RefreshToken)
		requireEnded(t, err)
	})
}

// What is no refresh token has the error of one that has ended, and no session.
func TestRefreshSession_Junk(t *testing.T) {
	eachPerson(t, func(t *testing.T, p *person) {
		s := p.signIn()
		foreign, _ := p.Tokens.IssueRefresh(uuid.New())
		for _, token := range []string{"", "prt_", s.AccessToken, s.DeviceToken, strings.ToUpper(s.RefreshToken), s.RefreshToken + " ", s.RefreshToken[:40], foreign, strings.Repeat("x", 200_000), "prt_\x00"} {
			_, err := p.refresh(token)
			requireEnded(t, err)
		}
		p.mustRefresh(s.RefreshToken)
	})
}

// Who may not sign in any more cannot go on either.
func TestRefreshSession_Disabled(t *testing.T) {
	eachPerson(t, func(t *testing.T, p *person) {
		s := p.signIn()
		_, err := p.Portal.Identity.DisableUser(p.x.Admin, p.user.GlobalID(), nil)
		require.NoError(t, err)
		_, err = p.refresh(s.RefreshToken)
		requireEnded(t, err)
		_, err = p.Portal.Identity.EnableUser(p.x.Admin, p.user.GlobalID(), nil)
		require.NoError(t, err)
		_, err = p.refresh(s.RefreshToken)
		requireEnded(t, err)
		p.requireLive(false, s)
	})
}

// Changing the password keeps the session that did it; setting another one keeps none.
func TestSessionsEndWithThePassword(t *testing.T) {
	eachPerson(t, func(t *testing.T, p *person) {
		here, there := p.signIn(), p.signIn()
		ctx, _ := p.as(here)
		_, err := p.Portal.Identity.ChangePassword(ctx, portaltest.Password, "another battery, and a staple")
		require.NoError(t, err)
		p.requireLive(true, here)
		p.requireLive(false, there)
		_, err = p.refresh(there.RefreshToken)
		requireEnded(t, err)
		here = p.mustRefresh(here.RefreshToken)

		_, err = p.Portal.Identity.ResetPassword(t.Context(), "one", p.user.EmailFolded, "a third battery, and a staple")
		require.NoError(t, err)
		p.requireLive(false, here)
	})
}

// A person sees the own sessions that have not ended. One more than there may be ends
// the one that was seen least recently.
func TestSessions(t *testing.T) {
	eachPerson(t, func(t *testing.T, p *person) {
		used := p.signIn()
		p.Clock.Advance(time.Second)
		idle := p.signIn()
		p.Clock.Advance(time.Second)
		used = p.mustRefresh(used.RefreshToken)
		for range identity.MaxSessions - 2 {
			p.MustSession(t, p.user)
		}
		p.requireLive(true, used, idle)
		p.Clock.Advance(time.Second)
		last := p.signIn()
		p.requireLive(true, used, last)
		p.requireLive(false, idle)
		ctx, _ := p.as(last)
		n := identity.MaxSessions
		page, err := p.Portal.Identity.Sessions(ctx, listing.Request{Args: paging.Args{First: &n}})
		require.NoError(t, err)
		require.Len(t, page.Nodes, identity.MaxSessions)
		for _, s := range page.Nodes {
			require.Equal(t, p.user.ID, s.UserID)
		}
		admins, err := p.Portal.Identity.Sessions(p.x.Admin, listing.Request{Args: paging.Args{First: &n}})
		require.NoError(t, err)
		require.Len(t, admins.Nodes, 1, "staff see their own")
	})
}

// A device is called what its user would call it; nothing that a client sends is long or
// unseen.
func TestDeviceNames(t *testing.T) {
	eachPerson(t, func(t *testing.T, p *person) {
		for sent, want := range map[string]string{
			"":           "",
			"curl/8.5.0": "curl",
			"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36":                         "Chrome on Windows",
			"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1": "Safari on iOS",
			"a\u202eb\x00c/1":                  "abc",
			strings.Repeat("x", 10_000) + "/1": strings.Repeat("x", 30),
		} {
			ctx := viewer.NewContext(t.Context(), viewer.Viewer{Address: "192.0.2.1", UserAgent: sent})
			s, err := p.Portal.Identity.SignIn(ctx, identity.SignInInput{Email: p.user.EmailFolded, Password: portaltest.Password})
			require.NoError(t, err)
			claims, err := p.Tokens.Verify(s.AccessToken)
			require.NoError(t, err)
			require.Equal(t, want, p.Client.Session.GetX(portaltest.System(t), claims.Session).Device, "%q", sent)
		}
	})
}
