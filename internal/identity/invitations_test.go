package identity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/invitation"
	"portico/ent/db/membership"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/mail"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/viewer"
)

// invite invites an address to the account as a member, and returns the link's token.
func (x team) invite(t *testing.T, ctx context.Context, email string) (*db.Invitation, string) {
	t.Helper()
	out, err := x.Portal.Identity.InviteMember(ctx, identity.InviteMemberInput{AccountID: x.Account.GlobalID(), Email: address.ParseEmail(email)})
	require.NoError(t, err)
	return out, x.Portal.Identity.InvitationToken(out.ID)
}

// accept accepts an invitation as a new person, or as who is signed in.
func (x team) accept(ctx context.Context, token string) (identity.Accepted, error) {
	return x.Portal.Identity.AcceptInvitation(ctx, identity.AcceptInvitationInput{Token: token, Name: new("Nora New"), Password: new(portaltest.Password)})
}

func nobody(t *testing.T) context.Context {
	return viewer.NewContext(t.Context(), viewer.Viewer{Address: "192.0.2.1", RequestID: "r"})
}

func (x team) userOf(t *testing.T, ctx context.Context) *db.User {
	t.Helper()
	u, err := x.Client.User.Get(portaltest.System(t), viewer.Current(ctx).UserID)
	require.NoError(t, err)
	return u
}

func (x team) roleOf(t *testing.T, u *db.User) domain.MembershipRole {
	t.Helper()
	m, err := x.Client.Membership.Query().Where(membership.UserID(u.ID), membership.AccountID(x.Account.ID)).Only(portaltest.System(t))
	require.NoError(t, err)
	return m.Role
}

func requireDead(t *testing.T, err error) {
	t.Helper()
	portaltest.RequireProblems(t, err, "INVALID_LINK token")
}

func TestStory_Invitation(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		svc := x.Portal.Identity
		app := x.MustApp(t, x.Developer, "App").App
		i, token := x.invite(t, x.Developer, "New.Person@Example.com")
		require.Equal(t, domain.InvitationPending, svc.InvitationStatus(i))
		require.Equal(t, x.Clock.Now().Add(7*24*time.Hour), i.ExpiresAt)

		_, err := svc.AcceptInvitation(nobody(t), identity.AcceptInvitationInput{Token: token})
		portaltest.RequireProblems(t, err, "REQUIRED name", "REQUIRED password")
		_, err = svc.AcceptInvitation(nobody(t), identity.AcceptInvitationInput{Token: token, Name: new(" "), Password: new("short")})
		portaltest.RequireProblems(t, err, "REQUIRED name", "WEAK_PASSWORD password")
		out, err := x.accept(nobody(t), token)
		require.NoError(t, err)
		require.Equal(t, x.Account.ID, out.Account.ID)
		require.Equal(t, "New.Person@Example.com", out.User.Email)
		require.Equal(t, domain.RolePortal, out.User.Role)
		require.Equal(t, domain.Member, x.roleOf(t, out.User))
		_, err = x.accept(nobody(t), token)
		requireDead(t, err)
		i, err = x.Client.Invitation.Get(portaltest.System(t), i.ID)
		require.NoError(t, err)
		require.Equal(t, domain.InvitationAccepted, svc.InvitationStatus(i))
		require.Equal(t, []string{"MEMBER_INVITED", "INVITATION_ACCEPTED"}, x.EventTypes(t, i.ID))

		signed, err := svc.SignIn(nobody(t), identity.SignInInput{Email: address.ParseEmail("new.person@example.com"), Password: portaltest.Password})
		require.NoError(t, err, "the person signs in as any other")
		require.Equal(t, x.Account.ID, signed.Account.ID)
		n, err := x.Client.App.Query().Count(x.Enter(t, out.User))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.NoError(t, errOf(svc.RemoveMember(x.Developer, x.of(t, out.User), nil)))
		n, err = x.Client.App.Query().Count(x.Enter(t, out.User))
		require.NoError(t, err)
		require.Zero(t, n, "who was removed reads nothing of %s", app.Name)
		portaltest.RequireProblems(t, errOf(svc.RevokeInvitation(x.Developer, i.GlobalID())), "WRONG_STATUS invitationId")
	})
}

// A user who has the address must be signed in, and nobody else can accept.
func TestAcceptInvitation_ByAUser(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		stranger := x.userOf(t, x.stranger)
		_, token := x.invite(t, x.Developer, stranger.Email)
		before, err := x.Client.User.Query().Count(portaltest.System(t))
		require.NoError(t, err)

		_, err = x.accept(nobody(t), token)
		portaltest.RequireCode(t, err, fault.CodeUnauthenticated)
		foreign := x.MustTenant(t, "two")
		for _, ctx := range []context.Context{x.asMember, x.Developer, x.Admin, foreign.Admin, foreign.Developer} {
			_, err := x.accept(ctx, token)
			portaltest.RequireProblems(t, err, "NOT_ALLOWED token")
		}
		out, err := x.accept(x.stranger, token)
		require.NoError(t, err)
		require.Equal(t, stranger.ID, out.User.ID)
		require.Equal(t, stranger.Name, out.User.Name, "a name that is given along is nobody's")
		require.Equal(t, domain.Member, x.roleOf(t, stranger))
		_, err = x.accept(x.stranger, token)
		requireDead(t, err)
		after, err := x.Client.User.Query().Where(user.OrganizationID(x.Organization.ID)).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, before, after, "nobody was created")

		_, token = x.invite(t, x.Developer, x.userOf(t, x.Admin).Email)
		_, err = x.accept(x.Admin, token)
		portaltest.RequireProblems(t, err, "NOT_ALLOWED token")
		_, token = x.invite(t, x.Developer, x.MustUser(t, x.Admin, x.other, domain.Member).Email)
		_, err = x.accept(nobody(t), token)
		portaltest.RequireCode(t, err, fault.CodeUnauthenticated)
	})
}

// Where passwords are not taken, a new person cannot choose one.
func TestAcceptInvitation_ErrNoPasswords(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		_, token := x.invite(t, x.Developer, "new@one.example")
		require.NoError(t, errOf(x.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{PasswordSignIn: input.SetTo(false)})))
		_, err := x.accept(nobody(t), token)
		portaltest.RequireCode(t, err, fault.CodeUnauthenticated)
	})
}

// Whatever has ended a link, the answer is the same as for one that never was.
func TestAcceptInvitation_ErrInvalidLink(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		svc := x.Portal.Identity
		second := x.MustUser(t, x.Admin, x.Account, domain.Owner)
		asSecond := x.Enter(t, second)
		for what, end := range map[string]func(i *db.Invitation) (undo func()){
			"revoked": func(i *db.Invitation) func() {
				require.NoError(t, errOf(svc.RevokeInvitation(x.Developer, i.GlobalID())))
				return nil
			},
			"replaced": func(i *db.Invitation) func() { x.invite(t, x.Admin, i.Email); return nil },
			"the account suspended": func(*db.Invitation) func() {
				require.NoError(t, errOf(svc.SuspendAccount(x.Admin, x.Account.GlobalID(), nil)))
				return func() { require.NoError(t, errOf(svc.ResumeAccount(x.Admin, x.Account.GlobalID(), nil))) }
			},
			"the inviter disabled": func(*db.Invitation) func() {
				require.NoError(t, errOf(svc.DisableUser(x.Admin, second.GlobalID(), nil)))
				return func() { require.NoError(t, errOf(svc.EnableUser(x.Admin, second.GlobalID(), nil))) }
			},
			"the inviter no owner": func(*db.Invitation) func() {
				require.NoError(t, errOf(svc.ChangeMemberRole(x.Admin, x.of(t, second), domain.Member)))
				return func() { require.NoError(t, errOf(svc.ChangeMemberRole(x.Admin, x.of(t, second), domain.Owner))) }
			},
		} {
			i, token := x.invite(t, asSecond, "new@one.example")
			undo := end(i)
			_, err := x.accept(nobody(t), token)
			requireDead(t, err)
			if undo != nil {
				undo()
			}
			x.Clock.Advance(25 * time.Hour)
			t.Log(what)
		}
		i, token := x.invite(t, asSecond, "expires@one.example")
		for _, made := range []string{"", "pit_", "prt_" + token[4:], token[:len(token)-1], token + "0", i.GlobalID(), string(make([]byte, 10_000))} {
			_, err := x.accept(nobody(t), made)
			requireDead(t, err)
		}
		x.Clock.Advance(7 * 24 * time.Hour)
		_, err := x.accept(nobody(t), token)
		requireDead(t, err)
		require.Equal(t, domain.InvitationExpired, svc.InvitationStatus(i))
		unchanged, err := svc.RevokeInvitation(x.Developer, i.GlobalID())
		require.NoError(t, err)
		require.Nil(t, unchanged.RevokedAt)

		_, token = x.invite(t, x.Developer, "late@one.example")
		require.NoError(t, errOf(svc.DeleteAccount(x.Developer, x.Account.GlobalID(), nil)))
		_, err = x.accept(nobody(t), token)
		requireDead(t, err)
		open, err := x.Client.Invitation.Query().Where(invitation.AcceptedAtIsNil(), invitation.RevokedAtIsNil(), invitation.ExpiresAtGT(x.Clock.Now())).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Zero(t, open, "they end with the account")
	})
}

// Who is no owner any more has no way back by an earlier invitation.
func TestInvitationsEndWithTheOwnership(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		svc := x.Portal.Identity
		for _, end := range []func(membership string) error{
			func(m string) error { return errOf(svc.RemoveMember(x.Developer, m, nil)) },
			func(m string) error { return errOf(svc.ChangeMemberRole(x.Developer, m, domain.Member)) },
		} {
			second := x.MustUser(t, x.Admin, x.Account, domain.Owner)
			i, _ := x.invite(t, x.Enter(t, second), "back@one.example")
			kept, _ := x.invite(t, x.Developer, "other@one.example")
			require.NoError(t, end(x.of(t, second)))
			require.Equal(t, []string{"MEMBER_INVITED", "INVITATION_REVOKED"}, x.EventTypes(t, i.ID))
			require.Equal(t, []string{"MEMBER_INVITED"}, x.EventTypes(t, kept.ID))
		}
	})
}

func TestInviteMember_WhoMay(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		svc := x.Portal.Identity
		foreign := x.MustTenant(t, "two")
		i, _ := x.invite(t, x.Developer, "new@one.example")
		for _, do := range []func(ctx context.Context) error{
			func(ctx context.Context) error {
				return errOf(svc.InviteMember(ctx, identity.InviteMemberInput{AccountID: x.Account.GlobalID(), Email: address.ParseEmail("a@one.example")}))
			},
			func(ctx context.Context) error { return errOf(svc.RevokeInvitation(ctx, i.GlobalID())) },
		} {
			for _, ctx := range []context.Context{x.stranger, foreign.Admin, foreign.Developer} {
				portaltest.RequireCode(t, do(ctx), fault.CodeNotFound)
			}
		}
		invite := func(ctx context.Context, email string, role *domain.MembershipRole) error {
			return errOf(svc.InviteMember(ctx, identity.InviteMemberInput{AccountID: x.Account.GlobalID(), Email: address.ParseEmail(email), Role: role}))
		}
		portaltest.RequireCode(t, invite(x.asMember, "a@one.example", nil), fault.CodeForbidden)
		portaltest.RequireCode(t, errOf(svc.RevokeInvitation(x.asMember, i.GlobalID())), fault.CodeNotFound)
		portaltest.RequireProblems(t, invite(x.Developer, x.member.Email, nil), "TAKEN email")
		for email, code := range map[string]string{"": "REQUIRED", "a@b\n.example": "INVALID", "a\r\nBcc: b@c.example": "INVALID", fmt.Sprintf("%0300d@one.example", 1): "TOO_LONG"} {
			portaltest.RequireProblems(t, invite(x.Developer, email, nil), code+" email")
		}

		// Known and unknown addresses of the organization are answered alike.
		require.NoError(t, invite(x.Developer, x.userOf(t, x.stranger).Email, nil))
		require.NoError(t, invite(x.Developer, x.userOf(t, x.Admin).Email, nil))
		require.NoError(t, invite(x.Developer, "unknown@one.example", new(domain.Owner)))
	})
}

// The first member of an account becomes its owner.
func TestInviteMember_ToAnEmptyAccount(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		x.Account = x.MustAccount(t, x.Admin, "Empty")
		first, owner := x.invite(t, x.Admin, "first@one.example")
		require.Equal(t, domain.Owner, first.Role)
		out, err := x.Portal.Identity.InviteMember(x.Admin, identity.InviteMemberInput{AccountID: x.Account.GlobalID(), Email: address.ParseEmail("second@one.example"), Role: new(domain.Member)})
		require.NoError(t, err)
		second := x.Portal.Identity.InvitationToken(out.ID)
		portaltest.RequireProblems(t, errOf(x.accept(nobody(t), second)), "NOT_ALLOWED token")
		require.NoError(t, errOf(x.accept(nobody(t), owner)))
		require.NoError(t, errOf(x.accept(nobody(t), second)))
	})
}

// Without letters nobody could prove to have the address.
func TestInviteMember_ErrNoMail(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		x.Portal = x.With(func(o *portal.Options) { o.Mail.Sends = false })
		in := identity.InviteMemberInput{AccountID: x.Account.GlobalID(), Email: address.ParseEmail("new@one.example")}
		for _, ctx := range []context.Context{x.Developer, x.Admin} {
			_, err := x.Portal.Identity.InviteMember(ctx, in)
			requireFault(t, err, fault.ReasonNoMail)
		}
		_, err := x.Portal.Identity.InviteMember(x.asMember, in)
		requireFault(t, err, fault.ReasonRole)
	})
}

func TestInviteMember_ErrSwitchedOff(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		in := identity.InviteMemberInput{AccountID: x.Account.GlobalID(), Email: address.ParseEmail("new@one.example")}
		off := []mail.UpdateKindInput{{Kind: domain.MailInvitation, Enabled: input.SetTo(false)}, {Kind: domain.MailPasswordReset, Enabled: input.SetTo(false)}}
		require.NoError(t, errOf(x.Portal.Mail.UpdateSettings(x.Admin, mail.UpdateSettingsInput{Kinds: input.SetTo(off)})))
		requireFault(t, errOf(x.Portal.Identity.InviteMember(x.Developer, in)), fault.ReasonNoMail)
		requireFault(t, errOf(x.Portal.Identity.SendPasswordReset(x.Admin, x.member.GlobalID(), nil)), fault.ReasonNoMail)
		sends, err := x.Portal.Mail.SendsKind(t.Context(), x.Organization.ID, domain.MailPasswordReset)
		require.NoError(t, err)
		require.False(t, sends)
		foreign := x.MustTenant(t, "two")
		in.AccountID = foreign.Account.GlobalID()
		require.NoError(t, errOf(x.Portal.Identity.InviteMember(foreign.Admin, in)), "one organization's switch is not another's")
	})
}

func TestInviteMember_Limits(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		invite := func(email string) error {
			return errOf(x.Portal.Identity.InviteMember(x.Developer, identity.InviteMemberInput{AccountID: x.Account.GlobalID(), Email: address.ParseEmail(email)}))
		}
		for range identity.MaxInvitationsOfAddress {
			require.NoError(t, invite("often@one.example"))
			x.Clock.Advance(time.Hour)
		}
		err := invite("Often@one.example")
		requireFault(t, err, fault.ReasonInvitations)
		x.Clock.Advance(24*time.Hour - identity.MaxInvitationsOfAddress*time.Hour)
		require.NoError(t, invite("often@one.example"), "a day after the first")

		for n := range identity.MaxOpenInvitations - 1 {
			require.NoError(t, invite(fmt.Sprintf("%d@one.example", n)))
		}
		portaltest.RequireProblems(t, invite("more@one.example"), "TOO_MANY accountId")
		require.NoError(t, invite("0@one.example"), "one takes the place of another")
	})
}

// Of many who accept at once, and an owner who takes it back, one has an effect.
func TestRace_AcceptInvitation(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		for round := range 6 {
			email := fmt.Sprintf("racer-%d@one.example", round)
			out, err := h.Portal.Identity.InviteMember(x.Developer, identity.InviteMemberInput{AccountID: x.Account.GlobalID(), Email: address.ParseEmail(email)})
			require.NoError(t, err)
			token := h.Portal.Identity.InvitationToken(out.ID)
			_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (string, error) {
				if round%2 == 0 && n%4 == 3 {
					return "", errOf(p.Identity.RevokeInvitation(x.Developer, out.GlobalID()))
				}
				return "", errOf(p.Identity.AcceptInvitation(nobody(t), identity.AcceptInvitationInput{Token: token, Name: new("Nora New"), Password: new(portaltest.Password)}))
			})
			racetest.RequireOnly(t, outcomes, racetest.OK, "INVALID_LINK", "WRONG_STATUS", string(fault.CodeUnauthenticated))
			i, err := h.Client.Invitation.Get(portaltest.System(t), out.ID)
			require.NoError(t, err)
			users, err := h.Client.User.Query().Where(user.EmailFolded(address.ParseEmail(email))).Count(portaltest.System(t))
			require.NoError(t, err)
			require.Equal(t, i.AcceptedAt != nil, users == 1)
			require.NotEqual(t, i.AcceptedAt != nil, i.RevokedAt != nil)
		}
	})
}

// requireFault requires an error with a reason.
func requireFault(t *testing.T, err error, want fault.Reason) {
	t.Helper()
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, want, f.Reason)
}

// What a service token has invited ends with it, by revocation and by expiry.
func TestAcceptInvitation_OfAServiceToken(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		svc := x.Portal.Identity
		for name, end := range map[string]func(id string){
			"revoked": func(id string) { require.NoError(t, errOf(svc.RevokeServiceToken(x.Admin, id, nil))) },
			"expired": func(string) { x.Clock.Advance(25 * time.Hour) },
			"active":  func(string) {},
		} {
			made, err := svc.CreateServiceToken(x.Admin, identity.CreateServiceTokenInput{Name: name, Scopes: []domain.ServiceTokenScope{domain.AdminWrite}, ExpiresAt: new(x.Clock.Now().Add(24 * time.Hour))})
			require.NoError(t, err)
			program := portaltest.As(t, viewer.Viewer{Role: viewer.Admin, OrganizationID: x.Organization.ID, TokenID: made.ServiceToken.ID, Scopes: domain.NewScopes(domain.AdminWrite)})
			_, link := x.invite(t, program, name+"@elsewhere.example")
			end(made.ServiceToken.GlobalID())
			_, err = x.accept(nobody(t), link)
			if name == "active" {
				require.NoError(t, err)
			} else {
				requireDead(t, err)
			}
		}
	})
}
