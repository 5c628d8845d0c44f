package portal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/membership"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/mail"
	"portico/internal/portal/portaltest"
)

func identityMutations() []mutationCase {
	account := func(f func(g *syncedPortal, id string) error, first func(t *testing.T, g *syncedPortal, id string)) func(t *testing.T, g *syncedPortal) func() error {
		return func(t *testing.T, g *syncedPortal) func() error {
			id := g.MustAccount(t, g.Admin, "Other").GlobalID()
			if first != nil {
				first(t, g, id)
			}
			return func() error { return f(g, id) }
		}
	}
	user := func(f func(g *syncedPortal, id string) error) func(t *testing.T, g *syncedPortal) func() error {
		return func(t *testing.T, g *syncedPortal) func() error {
			u := g.MustUser(t, g.Admin, g.Account, domain.Member)
			return func() error { return f(g, u.GlobalID()) }
		}
	}
	member := func(f func(g *syncedPortal, id string) error) func(t *testing.T, g *syncedPortal) func() error {
		return func(t *testing.T, g *syncedPortal) func() error {
			u := g.MustUser(t, g.Admin, g.Account, domain.Member)
			id, err := g.Client.Membership.Query().Where(membership.UserID(u.ID)).Only(portaltest.System(t))
			require.NoError(t, err)
			return func() error { return f(g, id.GlobalID()) }
		}
	}
	return []mutationCase{
		{"AddApprover", func(t *testing.T, g *syncedPortal) func() error {
			u, product := g.MustApprover(t, g.Admin), g.product.GlobalID()
			return func() error {
				return errOf(g.p.Identity.AddApprover(g.Admin, identity.AddApproverInput{ProductID: product, UserID: u.GlobalID()}))
			}
		}, []eventlog.Type{eventlog.ApproverAdded}, false},
		{"RemoveApprover", func(t *testing.T, g *syncedPortal) func() error {
			u, product := g.MustApprover(t, g.Admin), g.product.GlobalID()
			require.NoError(t, errOf(g.p.Identity.AddApprover(g.Admin, identity.AddApproverInput{ProductID: product, UserID: u.GlobalID()})))
			return func() error {
				return errOf(g.p.Identity.RemoveApprover(g.Admin, identity.RemoveApproverInput{ProductID: product, UserID: u.GlobalID()}))
			}
		}, []eventlog.Type{eventlog.ApproverRemoved}, false},
		{"AddMember", func(t *testing.T, g *syncedPortal) func() error {
			u := g.MustUser(t, g.Admin, g.Account, domain.Member)
			id := g.MustAccount(t, g.Admin, "Second").GlobalID()
			return func() error {
				return errOf(g.p.Identity.AddMember(g.Admin, identity.AddMemberInput{AccountID: id, UserID: u.GlobalID()}))
			}
		}, []eventlog.Type{eventlog.MemberAdded}, false},
		{"ChangeMemberRole", member(func(g *syncedPortal, id string) error {
			return errOf(g.p.Identity.ChangeMemberRole(g.Admin, id, domain.Owner))
		}), []eventlog.Type{eventlog.MemberRoleChanged}, false},
		{"TransferOwnership", member(func(g *syncedPortal, id string) error {
			return errOf(g.p.Identity.TransferOwnership(g.Developer, identity.TransferOwnershipInput{MembershipID: id}))
		}), []eventlog.Type{eventlog.MemberRoleChanged, eventlog.MemberRoleChanged}, false},
		{"RemoveMember", member(func(g *syncedPortal, id string) error {
			return errOf(g.p.Identity.RemoveMember(g.Admin, id, nil))
		}), []eventlog.Type{eventlog.MemberRemoved}, false},
		{"InviteMember", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Identity.InviteMember(g.Admin, identity.InviteMemberInput{AccountID: g.Account.GlobalID(), Email: address.ParseEmail("invited@one.example")}))
			}
		}, []eventlog.Type{eventlog.MemberInvited}, false},
		{"ApproveSignUp", func(t *testing.T, g *syncedPortal) func() error {
			id := mustSignUp(t, g, "approved@one.example").GlobalID()
			return func() error { return errOf(g.p.Identity.ApproveSignUp(g.Admin, id, nil)) }
		}, []eventlog.Type{eventlog.SignUpApproved, eventlog.UserCreated, eventlog.AccountCreated, eventlog.MemberAdded}, false},
		{"RejectSignUp", func(t *testing.T, g *syncedPortal) func() error {
			id := mustSignUp(t, g, "rejected@one.example").GlobalID()
			return func() error { return errOf(g.p.Identity.RejectSignUp(g.Admin, id, "No.")) }
		}, []eventlog.Type{eventlog.SignUpRejected}, false},
		{"RevokeInvitation", func(t *testing.T, g *syncedPortal) func() error {
			id := mustInvite(t, g, "revoked@one.example").GlobalID()
			return func() error { return errOf(g.p.Identity.RevokeInvitation(g.Admin, id)) }
		}, []eventlog.Type{eventlog.InvitationRevoked}, false},
		{"CreateAccount", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Identity.CreateAccount(g.Admin, identity.CreateAccountInput{Name: "New"}))
			}
		}, []eventlog.Type{eventlog.AccountCreated}, false},
		{"UpdateAccount", account(func(g *syncedPortal, id string) error {
			return errOf(g.p.Identity.UpdateAccount(g.Admin, identity.UpdateAccountInput{AccountID: id, Name: input.SetTo("Renamed")}))
		}, nil), []eventlog.Type{eventlog.AccountUpdated}, false},
		{"SuspendAccount", account(func(g *syncedPortal, id string) error { return errOf(g.p.Identity.SuspendAccount(g.Admin, id, nil)) }, nil),
			[]eventlog.Type{eventlog.AccountSuspended}, true},
		{"ResumeAccount", account(func(g *syncedPortal, id string) error { return errOf(g.p.Identity.ResumeAccount(g.Admin, id, nil)) },
			func(t *testing.T, g *syncedPortal, id string) {
				require.NoError(t, errOf(g.Portal.Identity.SuspendAccount(g.Admin, id, nil)))
			}),
			[]eventlog.Type{eventlog.AccountResumed}, true},
		{"DeleteAccount", account(func(g *syncedPortal, id string) error { return errOf(g.p.Identity.DeleteAccount(g.Admin, id, nil)) }, nil),
			[]eventlog.Type{eventlog.AccountDeleted}, true},
		{"UpdateMailPreferences", func(t *testing.T, g *syncedPortal) func() error {
			return func() error { return errOf(g.p.Identity.UpdateMailPreferences(g.Developer, input.SetTo(false))) }
		}, []eventlog.Type{eventlog.UserMailPreferencesChanged}, false},
		{"AcceptTerms", func(t *testing.T, g *syncedPortal) func() error {
			terms := domain.Terms{Version: "1", URL: "https://one.example/terms"}
			require.NoError(t, errOf(g.Portal.Identity.UpdateOrganization(g.Admin, identity.UpdateOrganizationInput{Terms: input.SetTo(terms)})))
			return func() error { return errOf(g.p.Identity.AcceptTerms(g.Developer, "1")) }
		}, []eventlog.Type{eventlog.TermsAccepted}, false},
		{"UpdateSettings", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Mail.UpdateSettings(g.Admin, mail.UpdateSettingsInput{SignOff: input.SetTo("Yours")}))
			}
		}, []eventlog.Type{eventlog.MailSettingsUpdated}, false},
		{"CreateUser", func(t *testing.T, g *syncedPortal) func() error {
			id := g.Account.GlobalID()
			return func() error {
				return errOf(g.p.Identity.CreateUser(g.Admin, identity.CreateUserInput{Name: "New", Email: address.ParseEmail("new@one.example"), Password: portaltest.Password, AccountID: &id}))
			}
		}, []eventlog.Type{eventlog.UserCreated, eventlog.MemberAdded}, false},
		{"UpdateUser", user(func(g *syncedPortal, id string) error {
			return errOf(g.p.Identity.UpdateUser(g.Admin, identity.UpdateUserInput{UserID: id, Name: input.SetTo("Renamed")}))
		}), []eventlog.Type{eventlog.UserUpdated}, false},
		{"ChangeUserRole", user(func(g *syncedPortal, id string) error {
			return errOf(g.p.Identity.ChangeUserRole(g.Admin, identity.ChangeUserRoleInput{UserID: id, Role: domain.RoleAdmin}))
		}), []eventlog.Type{eventlog.MemberRemoved, eventlog.UserRoleChanged}, false},
		{"DisableUser", user(func(g *syncedPortal, id string) error { return errOf(g.p.Identity.DisableUser(g.Admin, id, nil)) }), []eventlog.Type{eventlog.UserDisabled}, false},
		{"UnlockUser", user(func(g *syncedPortal, id string) error { return errOf(g.p.Identity.UnlockUser(g.Admin, id, nil)) }), []eventlog.Type{eventlog.UserUnlocked}, false},
		{"DeleteUser", user(func(g *syncedPortal, id string) error { return errOf(g.p.Identity.DeleteUser(g.Admin, id, nil)) }), []eventlog.Type{eventlog.MemberRemoved, eventlog.UserDeleted}, false},
		{"SendPasswordReset", user(func(g *syncedPortal, id string) error {
			return errOf(g.p.Identity.SendPasswordReset(g.Admin, id, nil))
		}), []eventlog.Type{eventlog.UserResetRequested}, false},
		{"EnableUser", func(t *testing.T, g *syncedPortal) func() error {
			u := g.MustUser(t, g.Admin, g.Account, domain.Member)
			require.NoError(t, errOf(g.Portal.Identity.DisableUser(g.Admin, u.GlobalID(), nil)))
			return func() error { return errOf(g.p.Identity.EnableUser(g.Admin, u.GlobalID(), nil)) }
		}, []eventlog.Type{eventlog.UserEnabled}, false},
		{"UpdateOrganization", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Identity.UpdateOrganization(g.Admin, identity.UpdateOrganizationInput{TimeZone: input.SetTo("Europe/Istanbul")}))
			}
		}, []eventlog.Type{eventlog.OrganizationUpdated}, true},
		{"CreateServiceToken", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Identity.CreateServiceToken(g.Admin, identity.CreateServiceTokenInput{Name: "erp", Scopes: []domain.ServiceTokenScope{domain.AdminRead}}))
			}
		}, []eventlog.Type{eventlog.ServiceTokenCreated}, false},
		{"RevokeServiceToken", func(t *testing.T, g *syncedPortal) func() error {
			made, err := g.Portal.Identity.CreateServiceToken(g.Admin, identity.CreateServiceTokenInput{Name: "edge", Scopes: []domain.ServiceTokenScope{domain.GatewayScope}})
			require.NoError(t, err)
			return func() error {
				return errOf(g.p.Identity.RevokeServiceToken(g.Admin, made.ServiceToken.GlobalID(), nil))
			}
		}, []eventlog.Type{eventlog.ServiceTokenRevoked}, true},
		{"RevokeGateway", func(t *testing.T, g *syncedPortal) func() error {
			_, err := g.Portal.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: "one", Name: "old", Hash: []byte("old")})
			require.NoError(t, err)
			return func() error { return errOf(g.p.Identity.RevokeGateway(t.Context(), "one", "old")) }
		}, []eventlog.Type{eventlog.ServiceTokenRevoked}, true},
		{"CreateGateway", func(t *testing.T, g *syncedPortal) func() error {
			return func() error {
				return errOf(g.p.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: "one", Name: "new", Hash: []byte("new")}))
			}
		}, []eventlog.Type{eventlog.ServiceTokenCreated}, false},
	}
}

func mustInvite(t *testing.T, g *syncedPortal, email string) *db.Invitation {
	t.Helper()
	out, err := g.Portal.Identity.InviteMember(g.Admin, identity.InviteMemberInput{AccountID: g.Account.GlobalID(), Email: address.ParseEmail(email)})
	require.NoError(t, err)
	return out
}

// mustSignUp stores a sign-up that waits for a decision.
func mustSignUp(t *testing.T, g *syncedPortal, email string) *db.SignUp {
	t.Helper()
	at := g.Clock.Now()
	out, err := g.Client.SignUp.Create().SetOrganizationID(g.Organization.ID).SetEmail(email).SetEmailFolded(address.ParseEmail(email)).SetName("New").SetAccountName("New").
		SetAnswers(domain.Answers{}).SetCreatedAt(at).SetExpiresAt(at.Add(identity.SignUpLife)).SetState(domain.SignUpWaiting).SetPasswordHash("x").SetVerifiedAt(at).Save(portaltest.System(t))
	require.NoError(t, err)
	return out
}
