package identity_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/ent/db/membership"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/viewer"
)

// Many requests disable a user, and then many disable and enable one. Each
// change happens once, has its event and ends the sessions before it.
func TestRace_DisableUser(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		for enablers, name := range map[int]string{0: "disabled by many", 2: "disabled and enabled by many"} {
			t.Run(name, func(t *testing.T) {
				u := h.MustUser(t, x.Admin, x.Account, domain.Member)
				_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.User, error) {
					if enablers > 0 && n%4 < enablers { // both on both nodes
						return p.Identity.EnableUser(x.Admin, u.GlobalID(), nil)
					}
					return p.Identity.DisableUser(x.Admin, u.GlobalID(), nil)
				})
				racetest.RequireOnly(t, outcomes, racetest.OK)
				events := h.Events(t, u.ID, eventlog.UserDisabled, eventlog.UserEnabled)
				require.NotEmpty(t, events)
				if enablers == 0 {
					require.Len(t, events, 1)
				}
				for i, e := range events {
					require.Equal(t, string([]eventlog.Type{eventlog.UserDisabled, eventlog.UserEnabled}[i%2]), e.Type, "they alternate")
				}
				now, err := h.Client.User.Get(portaltest.System(t), u.ID)
				require.NoError(t, err)
				require.Equal(t, *events[len(events)-1].Changes[0].After, string(now.Status))
				require.Equal(t, u.Version+len(events), now.Version)
			})
		}
	})
}

// Two administrators disable each other: one of them stays.
func TestRace_AdministratorsDisableEachOther(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		other, err := h.Portal.Identity.CreateUser(x.Admin, identity.CreateUserInput{
			Name: "Second", Email: address.ParseEmail("second@one.example"), Role: new(domain.RoleAdmin), Password: "a long enough passphrase"})
		require.NoError(t, err)
		first := viewer.Current(x.Admin)
		v := first
		v.UserID = other.ID
		second := viewer.NewContext(t.Context(), v)
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.User, error) {
			if n%2 == 0 {
				return p.Identity.DisableUser(x.Admin, other.GlobalID(), nil)
			}
			return p.Identity.DisableUser(second, nodeid.Encode(nodeid.User, first.UserID), nil)
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, string(fault.CodeUnauthenticated))
		require.Contains(t, outcomes, string(fault.CodeUnauthenticated))
		n, err := h.Client.User.Query().Where(user.RoleEQ(domain.RoleAdmin), user.StatusEQ(domain.UserActive)).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

// A user who is signing in is disabled and enabled again: a session that began
// before is not accepted.
func TestRace_SignInAndDisableUser(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		u := h.MustUser(t, x.Admin, x.Account, domain.Member)
		sessions, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (identity.SignedIn, error) {
			if n == racetest.Requests/2 {
				_, err := p.Identity.DisableUser(x.Admin, u.GlobalID(), nil)
				return identity.SignedIn{}, err
			}
			return p.Identity.SignIn(from(t, fmt.Sprintf("192.0.2.%d", n)), identity.SignInInput{Email: u.EmailFolded, Password: portaltest.Password})
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "UNAUTHENTICATED", "RATE_LIMITED")
		require.Equal(t, racetest.OK, outcomes[racetest.Requests/2])
		_, err := h.Portal.Identity.EnableUser(x.Admin, u.GlobalID(), nil)
		require.NoError(t, err)
		for _, s := range sessions {
			if s.AccessToken != "" {
				claims, err := h.Tokens.Verify(s.AccessToken)
				require.NoError(t, err)
				require.False(t, isAccepted(t, h.Fixture, u, claims.Session))
			}
		}
	})
}

// Users are created in an account while it is deleted: none joins it afterwards,
// and a user that is refused is not created.
func TestRace_CreateUserAndDeleteAccount(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		acc := h.MustAccount(t, x.Admin, "Short-lived")
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
			if n == racetest.Requests/2 {
				return p.Identity.DeleteAccount(x.Admin, acc.GlobalID(), nil)
			}
			return p.Identity.CreateUser(x.Admin, newDeveloper(fmt.Sprintf("new-%d@one.example", n), acc))
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "UNKNOWN_REFERENCE")
		require.Equal(t, racetest.OK, outcomes[racetest.Requests/2])
		created := racetest.Tally(outcomes)[racetest.OK] - 1
		require.Equal(t, created, portaltest.Count(t, h.Client.Membership.Query().Where(membership.AccountID(acc.ID))))
		require.Equal(t, 2+created, h.Rows(t, "users"), "the tenant's two, and those")
		deleted := h.Events(t, acc.ID, eventlog.AccountDeleted)[0]
		late := h.Client.Event.Query().Where(event.AccountID(acc.ID), event.Type(string(eventlog.MemberAdded)), event.PositionGT(deleted.Position))
		require.Zero(t, portaltest.Count(t, late))
	})
}
