package graph_test

import (
	"context"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/invitation"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// Invitation is what the matrix knows of invitations.
func (nouns) Invitation() noun {
	return noun{
		prefix: "inv", list: sorted{list: "invitations"}, fields: invitationFields(), values: map[string]any{"InvitationPermissions": identity.InvitationPermissions{}},
		questions: map[string]question{
			"Invitation":            of("Invitation", "invitation", ""),
			"Invitation: accepted":  of("Invitation", "accepted invitation", ""),
			"InvitationPermissions": of("Invitation", "invitation", "viewerCan"),
			"InvitationConnection":  of("Account", "account", "invitations"),
			"InvitationEdge":        of("Account", "account", "invitations.edges"),
		},
		plays: map[string]play{
			"Mutation.inviteMember": {target: "accountId", event: "MEMBER_INVITED", input: func(w *world, _ string) arguments {
				return arguments{"accountId": w.ids["account"], "email": w.name("invited") + "@one.example"}
			}},
			"Mutation.revokeInvitation": on("invitationId", "INVITATION_REVOKED", (*world).freshInvitation),
			// Each is invited to an account that nobody belongs to yet.
			"Mutation: who is invited.acceptInvitation": {event: "INVITATION_ACCEPTED", input: (*world).invite, enter: (*world).enterInvited},
		},
		targets: map[string]string{"inviteMember": "accountId", "revokeInvitation": "invitationId", "acceptInvitation": ""},
		samples: map[string]string{"invitationId": "invitation"},
		nothing: map[string]string{"none, when signed in": "AcceptInvitationInput.name AcceptInvitationInput.password"},
		tables: map[string]table{"invitations": {
			client: func(c *db.Client) any { return c.Invitation }, column: "id", value: specimen("invitation"),
			adds: func(c *db.Client) adding {
				return added(c.Invitation.Create, c.Invitation.CreateBulk, func(x *db.InvitationCreate, o owner) {
					email := uuid.NewString() + "@example.com"
					x.SetOrganizationID(o.organization).SetAccountID(o.account).SetEmail(email).SetEmailFolded(address.ParseEmail(email)).
						SetRole(domain.Member).SetExpiresAt(portaltest.Start().AddDate(50, 0, 0))
				})
			},
			policy: &invitation.Policy, types: []string{"Invitation"},
			change: func(c *db.Client) reaching {
				return func(ctx context.Context, is condition) (int, error) {
					return c.Invitation.Update().SetRevokedAt(portaltest.Start()).Where(is).Save(ctx)
				}
			},
		}},
		shown: func(w *world, who string, o object) bool {
			return who != "member" && o.account == w.people[who].AccountID.String()
		},
		ownersOnly: true,
		produce:    (*world).produceInvitations,
		furnish: func(w *world) {
			w.ids["invitation"], w.ids["accepted invitation"] = w.freshInvitation(), w.freshInvitation()
			// Nobody has joined by it, so that the account has the members that it has.
			_, err := w.Database.ExecContext(w.t.Context(), `UPDATE invitations SET accepted_at = created_at WHERE id = $1`, idOf(w.ids["accepted invitation"]))
			require.NoError(w.t, err)
			for who, account := range map[string]string{"other": "other's account", "foreign": "foreign account"} {
				w.make(who, "inviteMember", arguments{"accountId": w.ids[account], "email": w.name("invited") + "@one.example"}, "invitation")
			}
		},
	}
}

// freshInvitation invites an unknown address to the developer's account.
func (w *world) freshInvitation() string {
	return w.make("admin", "inviteMember", arguments{"accountId": w.ids["account"], "email": w.name("invited") + "@one.example"}, "invitation")
}

// tokenOf returns the token of the letter of an invitation.
func (w *world) tokenOf(invitation string) string {
	return w.Portal.Identity.InvitationToken(idOf(invitation))
}

// invite invites a viewer to an account of its own, by the own address or, who is
// nobody, as a new person.
func (w *world) invite(who string) arguments {
	email := w.name("new") + "@one.example"
	if v := w.people[who]; v.UserID != uuid.Nil {
		u, err := w.Client.User.Get(portaltest.System(w.t), v.UserID)
		require.NoError(w.t, err)
		email = u.Email
	}
	w.ids["invited account of "+who] = w.freshAccount()
	id := w.make("admin", "inviteMember", arguments{"accountId": w.ids["invited account of "+who], "email": email}, "invitation")
	return arguments{"token": w.tokenOf(id), "name": "New", "password": portaltest.Password}
}

// enterInvited lets who accepts act for the account.
func (w *world) enterInvited(who string) (string, viewer.Viewer) {
	v := w.people[who]
	if v.UserID == uuid.Nil { // who is then a new developer
		v = viewer.Viewer{Role: viewer.Portal, OrganizationID: w.one.Organization.ID}
	}
	v.AccountID = idOf(w.ids["invited account of "+who])
	return w.tokens[who], v
}

// produceInvitations creates invitations of each status.
func (w *world) produceInvitations() {
	w.mustSucceed("anonymous", "acceptInvitation", arguments{"token": w.tokenOf(w.freshInvitation()), "name": "New", "password": portaltest.Password}, "user { email }")
	w.mustSucceed("developer", "revokeInvitation", arguments{"invitationId": w.freshInvitation()}, "invitation { status }")
	expired := w.freshInvitation()
	_, err := w.Database.ExecContext(w.t.Context(), `UPDATE invitations SET created_at = $2, expires_at = $3 WHERE id = $1`,
		idOf(expired), w.Clock.Now().AddDate(0, 0, -8), w.Clock.Now().AddDate(0, 0, -1))
	require.NoError(w.t, err)
	w.mustAsk("developer", `query($id: ID!) { node(id: $id) { ... on Invitation { status } } }`, expired)
	w.mustAsk("developer", `query($id: ID!) { node(id: $id) { ... on Invitation { status } } }`, w.freshInvitation())
	w.mustAsk("developer", `query($id: ID!) { node(id: $id) { ... on Account { invitations { nodes { status role } } } } }`, w.ids["account"])
}

// invitationFields are how the reference resolves fields of invitations.
func invitationFields() map[string]resolver {
	return map[string]resolver{
		"Account.invitations":  listOf(nodeid.Invitation, func(q fieldRequest, i *db.Invitation) bool { return i.AccountID == q.parent.(*db.Account).ID }),
		"Invitation.status":    decidedFor(func(q fieldRequest, i *db.Invitation) any { return identity.StatusOfInvitation(i, q.w.Clock.Now()) }),
		"Invitation.invitedBy": func(q fieldRequest) (any, error) { return q.person(q.parent.(*db.Invitation).InvitedBy) },
		"Invitation.viewerCan": decidedFor(func(q fieldRequest, i *db.Invitation) any { return q.w.Portal.Identity.InvitationPermissions(q.ctx, i) }),
	}
}
