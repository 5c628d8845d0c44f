package graph_test

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// User is what the matrix knows of users and of signing in.
func (nouns) User() noun {
	return noun{
		prefix: "user", list: sorted{list: "users"}, fields: map[string]resolver{"User.accounts": accountsOf(), "Query.users": listOf(nodeid.User, func(q fieldRequest, u *db.User) bool {
			where := q.object("where")
			return where.searched(u.NameFolded, u.EmailFolded.String()) && (where.contained("contains", u.NameFolded) || where.contained("contains", u.EmailFolded.String())) &&
				where.among("role", string(u.Role)) && where.among("status", string(u.Status))
		})},
		questions: map[string]question{
			"User":                        of("User", "user", ""),
			"User: staff":                 of("User", "staff", ""),
			"User: at sign-in":            atSignIn("viewer { user { ", ".viewer.user"),
			"UserConnection":              plain("{ users { %s } }", "users"),
			"UserEdge":                    plain("{ users { edges { %s } } }", "users.edges"),
			"AccountConnection: a user's": of("User", "user", "accounts"),
			"AccountEdge: a user's":       of("User", "user", "accounts.edges"),
			"Viewer":                      plain("{ viewer { %s } }", "viewer"),
			"Viewer: at sign-in":          atSignIn("viewer { ", ".viewer"),

			"Query.users":  rootList("users(first: 100)", "user"),
			"Query.viewer": {document: "{ viewer { role } }"},
		},
		plays: map[string]play{
			"Mutation.createUser": {target: "accountId", event: "USER_CREATED", input: newUser},
			"Mutation.updateUser": on("userId", "USER_UPDATED", (*world).freshUser).with(arguments{"name": "another name"}),
			"Mutation: one's own.updateUser": {event: "USER_UPDATED", target: "userId", input: func(w *world, who string) arguments {
				return arguments{"userId": nodeid.Encode(nodeid.User, w.people[who].UserID), "name": w.name("person")}
			}},
			"Mutation.changeUserRole": {event: "USER_ROLE_CHANGED", target: "userId", input: func(w *world, _ string) arguments {
				return arguments{"userId": w.freshStaff(), "role": "PORTAL", "accountId": w.ids["account"]}
			}},
			"Mutation.disableUser": on("userId", "USER_DISABLED", (*world).freshUser),
			"Mutation.enableUser":  on("userId", "USER_ENABLED", (*world).disabledUser),
			"Mutation.unlockUser":  on("userId", "USER_UNLOCKED", (*world).freshUser),
			"Mutation: one's own.changePassword": {
				event: "USER_PASSWORD_CHANGED", enter: (*world).freshPerson,
				input: func(*world, string) arguments {
					return arguments{"currentPassword": portaltest.Password, "newPassword": "another battery, and a staple"}
				},
			},
			"Mutation.deleteUser":        on("userId", "USER_DELETED", (*world).freshUser),
			"Mutation.sendPasswordReset": on("userId", "USER_PASSWORD_RESET_REQUESTED", (*world).freshUser),
			"Mutation: for an address.requestPasswordReset": {later: true, input: func(w *world, _ string) arguments {
				return arguments{"email": w.emailOf(w.freshUser()), "organization": "one"}
			}},
			"Mutation: with a link.resetPassword": {
				event: "USER_PASSWORD_RESET", input: (*world).freshLink,
				enter: func(w *world, who string) (string, viewer.Viewer) {
					return w.tokens[who], viewer.Viewer{Role: viewer.Portal, OrganizationID: w.one.Organization.ID, AccountID: w.one.Account.ID, UserID: idOf(w.ids["link's user"])}
				},
			},
			"Mutation: as the developer.signIn": {
				event: "USER_SIGNED_IN", enter: asDeveloper,
				input: func(w *world, _ string) arguments { return w.credentials("developer") },
			},
		},
		tables: map[string]table{"users": {
			client: func(c *db.Client) any { return c.User }, column: "id", value: developerAtStake,
			adds: func(c *db.Client) adding {
				return added(c.User.Create, c.User.CreateBulk, func(x *db.UserCreate, o owner) {
					email := uuid.NewString() + "@example.com"
					x.SetOrganizationID(o.organization).SetName("Nora New").SetNameFolded("nora new").SetEmail(email).
						SetEmailFolded(address.ParseEmail(email)).SetRole(domain.RolePortal).SetPasswordHash("")
				})
			},
			policy: &user.Policy, types: []string{"User"},
		}},
		shown: func(w *world, who string, o object) bool {
			mates := []string{who}
			if who == "developer" || who == "member" {
				mates = []string{"developer", "member"}
			}
			return slices.ContainsFunc(mates, func(p string) bool { return o.id == nodeid.Encode(nodeid.User, w.people[p].UserID) })
		},
		targets: map[string]string{"createUser": "", "updateUser": "userId", "disableUser": "userId", "enableUser": "userId", "unlockUser": "userId", "changePassword": "", "signIn": "",
			"sendPasswordReset": "userId", "deleteUser": "userId", "changeUserRole": "userId", "requestPasswordReset": "", "resetPassword": ""},
		samples: map[string]string{"userId": "user"},
		nothing: map[string]string{
			"none, for staff": "CreateUserInput.accountId",
			"cleared":         "UpdateUserInput.language UpdateUserInput.timeZone UpdateUserInput.theme",
			"any":             "SignInInput.organization SignInInput.accountId RequestPasswordResetInput.organization",
			"none":            "SignInInput.deviceToken",
			"none said":       "ChangeUserRoleInput.reason DisableUserInput.reason EnableUserInput.reason UnlockUserInput.reason DeleteUserInput.reason SendPasswordResetInput.reason",
		},
	}
}

// newUser is the input for a new developer of the developer's account.
func newUser(w *world, _ string) arguments {
	return arguments{"name": "New", "email": w.name("new") + "@one.example", "password": portaltest.Password, "accountId": w.ids["account"]}
}

func (w *world) freshUser() string {
	return w.make("admin", "createUser", newUser(w, ""), "user")
}

func (w *world) freshStaff() string {
	in := newUser(w, "")
	in["role"] = "ADMIN"
	delete(in, "accountId")
	return w.make("admin", "createUser", in, "user")
}

func (w *world) disabledUser() string {
	return w.make("admin", "disableUser", arguments{"userId": w.freshUser()}, "user")
}

// freshPerson creates a person in the same role and account as the viewer, whose
// password may change.
func (w *world) freshPerson(who string) (string, viewer.Viewer) {
	var ctx context.Context
	switch who {
	case "developer":
		ctx = w.MustDeveloper(w.t, w.one.Admin, w.one.Account)
	case "member":
		ctx = w.Enter(w.t, w.MustUser(w.t, w.one.Admin, w.one.Account, domain.Member))
	case "other":
		ctx = w.MustDeveloper(w.t, w.one.Admin, w.globex)
	case "admin":
		ctx = w.MustAdmin(w.t, w.one.Organization)
	case "foreign":
		ctx = w.MustAdmin(w.t, w.two.Organization)
	case approver:
		ctx = w.Enter(w.t, w.MustApprover(w.t, w.one.Admin))
	default:
		return w.tokens[who], viewer.Viewer{}
	}
	return w.token(w.t, ctx), viewer.Current(ctx)
}

func (w *world) emailOf(user string) string {
	u, err := w.Client.User.Get(portaltest.System(w.t), idOf(user))
	require.NoError(w.t, err)
	return u.Email
}

// freshLink is the input that sets a new user's password by a link.
func (w *world) freshLink(string) arguments {
	w.ids["link's user"] = w.freshUser()
	link, err := w.Portal.Identity.PrintPasswordReset(w.t.Context(), "one", address.ParseEmail(w.emailOf(w.ids["link's user"])))
	require.NoError(w.t, err)
	return arguments{"token": link.Token, "newPassword": "another battery, and a staple"}
}
