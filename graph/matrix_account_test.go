package graph_test

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/membership"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/nodeid"
)

// Account is what the matrix knows of accounts.
func (nouns) Account() noun {
	return noun{
		prefix: "acct", list: sorted{list: "accounts"}, fields: accountFields(), values: map[string]any{"AccountPermissions": identity.AccountPermissions{}},
		questions: map[string]question{
			"Account":             of("Account", "account", ""),
			"Account: at sign-in": atSignIn("viewer { account { ", ".viewer.account"),
			"AccountProfile":      of("Account", "account", "profile"),
			"AccountPermissions":  of("Account", "account", "viewerCan"),

			"AccountConnection":               plain("{ accounts { %s } }", "accounts"),
			"AccountConnection: the viewer's": plain("{ viewer { accounts { %s } } }", "viewer.accounts"),
			"AccountConnection: at sign-in":   atSignIn("viewer { accounts { ", ".viewer.accounts"),
			"AccountEdge":                     plain("{ accounts { edges { %s } } }", "accounts.edges"),
			"AccountEdge: the viewer's":       plain("{ viewer { accounts { edges { %s } } } }", "viewer.accounts.edges"),
			"AccountEdge: at sign-in":         atSignIn("viewer { accounts { edges { ", ".viewer.accounts.edges"),

			"Query.account":  root("account", "account"),
			"Query.accounts": rootList("accounts(first: 100, orderBy: {field: CREATED_AT, direction: ASC})", "account"),
		},
		plays: map[string]play{
			"Mutation.updateAccount":            on("accountId", "ACCOUNT_UPDATED", (*world).freshAccount).with(arguments{"name": "another name"}),
			"Mutation.suspendAccount":           on("accountId", "ACCOUNT_SUSPENDED", (*world).freshAccount),
			"Mutation.resumeAccount":            on("accountId", "ACCOUNT_RESUMED", (*world).suspendedAccount),
			"Mutation.deleteAccount":            on("accountId", "ACCOUNT_DELETED", (*world).freshAccount),
			"Mutation: one's own.createAccount": {event: "ACCOUNT_CREATED", input: named},
		},
		tables: map[string]table{"accounts": {
			client: func(c *db.Client) any { return c.Account }, column: "id", value: specimen("account"),
			adds: func(c *db.Client) adding {
				return added(c.Account.Create, c.Account.CreateBulk, func(x *db.AccountCreate, o owner) {
					x.SetOrganizationID(o.organization).SetName("Initech").SetNameFolded("initech")
				})
			},
			policy: &account.Policy, types: []string{"Account", "AccountProfile"},
		}},
		targets: map[string]string{
			"createAccount": "", "updateAccount": "accountId", "suspendAccount": "accountId", "resumeAccount": "accountId", "deleteAccount": "accountId",
		},
		samples: map[string]string{"accountId": "account"},
		nothing: map[string]string{
			"an empty one": "CreateAccountInput.profile UpdateAccountInput.profile",
			"none said":    "SuspendAccountInput.reason ResumeAccountInput.reason DeleteAccountInput.reason",
			"cleared": `AccountProfileInput.website AccountProfileInput.contactEmail AccountProfileInput.description
				AccountProfileInput.customFields`,
		},
	}
}

// Membership is what the matrix knows of memberships.
func (nouns) Membership() noun {
	return noun{
		prefix: "mem", list: sorted{list: "members"}, fields: map[string]resolver{"Membership.user": objectIn(nodeid.User, "UserID")},
		questions: map[string]question{
			"Membership":           of("Membership", "membership", ""),
			"MembershipConnection": of("Account", "account", "members"),
			"MembershipEdge":       of("Account", "account", "members.edges"),
		},
		tables: map[string]table{"memberships": {
			client: func(c *db.Client) any { return c.Membership }, column: "id", value: specimen("membership"),
			adds: func(c *db.Client) adding {
				return added(c.Membership.Create, c.Membership.CreateBulk, func(x *db.MembershipCreate, o owner) {
					x.SetOrganizationID(o.organization).SetAccountID(o.account).SetUserID(o.staff)
				})
			},
			policy: &membership.Policy, types: []string{"Membership"},
			change: func(c *db.Client) reaching {
				return func(ctx context.Context, is condition) (int, error) {
					return c.Membership.Update().SetRole(domain.Member).Where(is).Save(ctx)
				}
			},
		}},
	}
}

func developersAccount(w *world) string { return w.ids["account"] }

func (w *world) freshAccount() string {
	return w.make("admin", "createAccount", arguments{"name": w.name("account")}, "account")
}

func (w *world) suspendedAccount() string {
	return w.make("admin", "suspendAccount", arguments{"accountId": w.freshAccount()}, "account")
}

// accountFields are how the reference resolves fields of accounts.
func accountFields() map[string]resolver {
	id := func(q fieldRequest) uuid.UUID { return q.parent.(*db.Account).ID }
	return map[string]resolver{
		"Query.account": objectBy(nodeid.Account),
		"Query.accounts": listOf(nodeid.Account, func(q fieldRequest, a *db.Account) bool {
			where := q.object("where")
			return where.contained("nameContains", a.NameFolded) && where.among("status", string(a.Status))
		}),
		"Account.apps": listOf(nodeid.App, func(q fieldRequest, a *db.App) bool { return a.AccountID == id(q) && q.appMatches(a) }),
		"Account.credentials": listOf(nodeid.Credential, func(q fieldRequest, c *db.Credential) bool {
			return c.AccountID == id(q) && c.AppID == nil && q.credentialMatches(c)
		}),
		"Account.members":  listOf(nodeid.Membership, func(q fieldRequest, m *db.Membership) bool { return m.AccountID == id(q) }),
		"Account.timeline": timelineOf(func(q fieldRequest, e *db.Event) bool { return e.AccountID != nil && *e.AccountID == id(q) }),
		"Account.viewerCan": decidedFor(func(q fieldRequest, a *db.Account) any {
			return q.w.Portal.Identity.AccountPermissions(q.ctx, a)
		}),
	}
}
