package identity_test

import (
	"testing"

	"entgo.io/ent/dialect/sql"

	"portico/ent/db/event"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
)

func TestSignOut(t *testing.T) {
	eachPerson(t, func(t *testing.T, p *person) {
		idOf := func(s identity.SignedIn) string {
			claims, err := p.Tokens.Verify(s.AccessToken)
			require.NoError(t, err)
			return nodeid.Encode(nodeid.Session, claims.Session)
		}
		t.Run("Here", func(t *testing.T) {
			here, there := p.signIn(), p.signIn()
			ctx, _ := p.as(here)
			ended, err := p.Portal.Identity.SignOut(ctx, identity.SignOutInput{})
			require.NoError(t, err)
			require.Len(t, ended, 1)
			p.requireLive(false, here)
			p.requireLive(true, there)
			_, err = p.refresh(here.RefreshToken)
			requireEnded(t, err)
		})
		t.Run("There", func(t *testing.T) {
			here, there := p.signIn(), p.signIn()
			ctx, _ := p.as(here)
			for _, n := range []int{1, 0} {
				ended, err := p.Portal.Identity.SignOut(ctx, identity.SignOutInput{SessionID: new(idOf(there))})
				require.NoError(t, err)
				require.Len(t, ended, n, "the second time it has ended before")
			}
			p.requireLive(true, here)
			p.requireLive(false, there)
		})
		t.Run("Everywhere", func(t *testing.T) {
			here, there := p.signIn(), p.signIn()
			ctx, _ := p.as(here)
			_, err := p.Portal.Identity.SignOut(ctx, identity.SignOutInput{Everywhere: true})
			require.NoError(t, err)
			p.requireLive(false, here, there)
		})
		t.Run("ByRefreshToken", func(t *testing.T) {
			here, there := p.signIn(), p.signIn()
			ended, err := p.Portal.Identity.SignOut(p.from("192.0.2.1"), identity.SignOutInput{RefreshToken: &here.RefreshToken})
			require.NoError(t, err)
			require.Len(t, ended, 1)
			p.requireLive(false, here)
			p.requireLive(true, there)
			last := p.Client.Event.Query().Where(event.Type("USER_SIGNED_OUT")).Order(event.ByPosition(sql.OrderDesc())).FirstX(portaltest.System(t))
			require.Equal(t, p.user.ID, *last.ActorID)
		})
		t.Run("Suspended", func(t *testing.T) {
			here := p.signIn()
			_, err := p.Portal.Identity.SuspendAccount(p.x.Admin, p.x.Account.GlobalID(), nil)
			require.NoError(t, err)
			ctx, _ := p.as(here)
			_, err = p.Portal.Identity.SignOut(ctx, identity.SignOutInput{})
			require.NoError(t, err)
			p.requireLive(false, here)
			_, err = p.Portal.Identity.ResumeAccount(p.x.Admin, p.x.Account.GlobalID(), nil)
			require.NoError(t, err)
		})
		t.Run("ErrNotFound", func(t *testing.T) {
			here, theirs := p.signIn(), p.MustSession(t, p.MustUser(t, p.x.Admin, p.x.Account, domain.Member))
			ctx, _ := p.as(here)
			for _, id := range []string{theirs.GlobalID(), nodeid.Encode(nodeid.Session, uuid.New()), p.user.GlobalID(), "", "sess_\x00"} {
				_, err := p.Portal.Identity.SignOut(ctx, identity.SignOutInput{SessionID: &id})
				require.Equal(t, fault.NotFound(), fault.From(err), "%q", id)
			}
			require.Nil(t, p.Client.Session.GetX(portaltest.System(t), theirs.ID).EndedAt)
		})
		t.Run("ErrNobody", func(t *testing.T) {
			for _, in := range []identity.SignOutInput{{}, {Everywhere: true}, {SessionID: new("sess_x")}} {
				_, err := p.Portal.Identity.SignOut(p.from("192.0.2.1"), in)
				require.True(t, fault.Is(err, fault.CodeUnauthenticated))
			}
			_, err := p.Portal.Identity.SignOut(p.from("192.0.2.1"), identity.SignOutInput{RefreshToken: new("prt_junk")})
			requireEnded(t, err)
		})
		t.Run("ErrTwoThings", func(t *testing.T) {
			_, err := p.Portal.Identity.SignOut(p.from("192.0.2.1"), identity.SignOutInput{Everywhere: true, RefreshToken: new("x")})
			portaltest.RequireProblems(t, err, "INVALID everywhere")
			_, err = p.Portal.Identity.SignOut(p.from("192.0.2.1"), identity.SignOutInput{SessionID: new("x"), RefreshToken: new("x")})
			portaltest.RequireProblems(t, err, "INVALID refreshToken")
		})
	})
}
