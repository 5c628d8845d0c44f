package graph_test

import (
	"context"

	"github.com/google/uuid"

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
		prefix: "user", list: sorted{list: "users"}, fields: map[string]resolver{"Query.users": listOf(nodeid.User, func(q fieldRequest, u *db.User) bool {
			where := q.object("where")
			return (where.contained("contains", u.NameFolded) || where.contained("contains", u.EmailFolded.String())) &&
				where.among("role", string(u.Role)) && where.among("status", string(u.Status))
		})},
		questions: map[string]question{
			"User":               of("User", "user", ""),
			"User: staff":        of("User", "staff", ""),
			"User: at sign-in":   atSignIn("viewer { user { ", ".viewer.user"),
			"UserConnection":     plain("{ users { %s } }", "users"),
			"UserEdge":           plain("{ users { edges { %s } } }", "users.edges"),
			"Viewer":             plain("{ viewer { %s } }", "viewer"),
			"Viewer: at sign-in": atSignIn("viewer { ", ".viewer"),

			"Query.users":  rootList("users(first: 100)", "user"),
			"Query.viewer": {document: "{ viewer { role } }"},
		},
		plays: map[string]play{
			"Mutation.createUser":  {target: "accountId", event: "USER_CREATED", input: newUser},
			"Mutation.disableUser": on("userId", "USER_DISABLED", (*world).freshUser),
			"Mutation.enableUser":  on("userId", "USER_ENABLED", (*world).disabledUser),
			"Mutation.unlockUser":  on("userId", "USER_UNLOCKED", (*world).freshUser),
			"Mutation: one's own.changePassword": {
				event: "USER_PASSWORD_CHANGED", enter: (*world).freshPerson,
				input: func(*world, string) arguments {
					return arguments{"currentPassword": portaltest.Password, "newPassword": "another battery, and a staple"}
				},
			},
			"Mutation: as the developer.signIn": {
				event: "USER_SIGNED_IN", enter: func(w *world, who string) (string, viewer.Viewer) { return w.tokens[who], w.people["developer"] },
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
			return o.id == nodeid.Encode(nodeid.User, w.people[who].UserID)
		},
		targets: map[string]string{"createUser": "", "disableUser": "userId", "enableUser": "userId", "unlockUser": "userId", "changePassword": "", "signIn": ""},
		samples: map[string]string{"userId": "user"},
		nothing: map[string]string{
			"none, for staff": "CreateUserInput.accountId",
			"any":             "SignInInput.organization",
			"none":            "SignInInput.deviceToken",
			"none said":       "DisableUserInput.reason EnableUserInput.reason UnlockUserInput.reason",
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
	case "other":
		ctx = w.MustDeveloper(w.t, w.one.Admin, w.globex)
	case "admin":
		ctx = w.MustAdmin(w.t, w.one.Organization)
	case "foreign":
		ctx = w.MustAdmin(w.t, w.two.Organization)
	default:
		return w.tokens[who], viewer.Viewer{}
	}
	return w.token(w.t, ctx), viewer.Current(ctx)
}
