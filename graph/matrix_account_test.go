package graph_test

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/membership"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/viewer"
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
			"Mutation.updateAccount":  on("accountId", "ACCOUNT_UPDATED", (*world).freshAccount).with(arguments{"name": "another name"}),
			"Mutation.suspendAccount": on("accountId", "ACCOUNT_SUSPENDED", (*world).freshAccount),
			"Mutation.resumeAccount":  on("accountId", "ACCOUNT_RESUMED", (*world).suspendedAccount),
			"Mutation.addMember": {target: "accountId", input: func(w *world, _ string) arguments {
				return arguments{"accountId": w.ids["account"], "userId": w.freshStranger()}
			}, event: "MEMBER_ADDED"},
			"Mutation: one's own.createAccount": {event: "ACCOUNT_CREATED", input: named},
			// Each deletes an account that somebody like the viewer belongs to.
			"Mutation.deleteAccount": {target: "accountId", event: "ACCOUNT_DELETED", input: func(w *world, who string) arguments {
				return arguments{"accountId": w.doom(who)}
			}, enter: (*world).enterDoomed},
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
			"addMember": "accountId", "createAccount": "", "updateAccount": "accountId", "suspendAccount": "accountId", "resumeAccount": "accountId", "deleteAccount": "accountId",
		},
		samples: map[string]string{"accountId": "account"},
		nothing: map[string]string{
			"an empty one": "CreateAccountInput.profile UpdateAccountInput.profile",
			"none said":    "SuspendAccountInput.reason ResumeAccountInput.reason DeleteAccountInput.reason RemoveMemberInput.reason",
			"cleared": `AccountProfileInput.website AccountProfileInput.contactEmail AccountProfileInput.description
				AccountProfileInput.customFields`,
		},
	}
}

// Membership is what the matrix knows of memberships.
func (nouns) Membership() noun {
	return noun{
		prefix: "mem", list: sorted{list: "members"}, values: map[string]any{"MembershipPermissions": identity.MembershipPermissions{}},
		fields: map[string]resolver{"Membership.user": objectIn(nodeid.User, "UserID"), "Membership.viewerCan": decidedFor(func(q fieldRequest, m *db.Membership) any {
			last, err := q.w.Portal.Identity.LastOwners(q.ctx, []uuid.UUID{m.ID})
			mustRead(err)
			return q.w.Portal.Identity.MembershipPermissions(q.ctx, m, last[m.ID])
		})},
		questions: map[string]question{
			"Membership":           of("Membership", "membership", ""),
			"MembershipConnection": of("Account", "account", "members"),
			"MembershipEdge":       of("Account", "account", "members.edges"),

			"MembershipPermissions": of("Membership", "membership", "viewerCan"),
		},
		plays: map[string]play{
			"Mutation.changeMemberRole":  on("membershipId", "MEMBER_ROLE_CHANGED", (*world).freshMember).with(arguments{"role": "OWNER"}),
			"Mutation.removeMember":      on("membershipId", "MEMBER_REMOVED", (*world).freshMember),
			"Mutation.transferOwnership": on("membershipId", "MEMBER_ROLE_CHANGED", (*world).freshMember).naming((*world).freshOwner),
		},
		targets: map[string]string{"changeMemberRole": "membershipId", "removeMember": "membershipId", "transferOwnership": "membershipId"},
		samples: map[string]string{"membershipId": "membership", "fromMembershipId": "membership"},
		nothing: map[string]string{"the viewer's own": "TransferOwnershipInput.fromMembershipId"},
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

// freshMember returns a new membership in the developer's account.
func (w *world) freshMember() string { return w.freshMembership("MEMBER") }
func (w *world) freshOwner() string  { return w.freshMembership("OWNER") }

func (w *world) freshMembership(role string) string {
	return w.make("admin", "addMember", arguments{"accountId": w.ids["account"], "userId": w.freshStranger(), "role": role}, "membership")
}

// freshStranger returns a new developer of an account of their own.
func (w *world) freshStranger() string {
	in := newUser(w, "")
	in["accountId"] = w.freshAccount()
	return w.make("admin", "createUser", in, "user")
}

// naming adds the member who hands an account over.
func (p play) naming(from func(*world) string) play {
	first := p.input
	p.input = func(w *world, who string) arguments {
		in := first(w, who)
		in["fromMembershipId"] = from(w)
		return in
	}
	return p
}

// doom makes an account that is about to be deleted, with an owner and a member, for
// each viewer who tries: the first such attempt would leave nothing for the others.
func (w *world) doom(who string) string {
	account := w.MustAccount(w.t, w.one.Admin, w.name("doomed"))
	owner := w.MustDeveloper(w.t, w.one.Admin, account)
	member := w.Enter(w.t, w.MustUser(w.t, w.one.Admin, account, domain.Member))
	w.doomedBy[who] = map[string]context.Context{"developer": owner, "member": member}[who]
	return account.GlobalID()
}

// enterDoomed lets the developer and the member act for their doomed account.
func (w *world) enterDoomed(who string) (string, viewer.Viewer) {
	if ctx := w.doomedBy[who]; ctx != nil {
		return w.token(w.t, ctx), viewer.Current(ctx)
	}
	return w.tokens[who], w.viewerOf(who)
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
			return where.searched(a.NameFolded) && where.contained("nameContains", a.NameFolded) && where.among("status", string(a.Status)) &&
				q.subscribed(where, func(s *db.Subscription) bool { return s.AccountID == a.ID })
		}),
		"Account.apps": appsOf(func(q fieldRequest, a *db.App) bool { return a.AccountID == id(q) && q.appMatches(a) }),
		"Account.credentials": credentialsOf(func(q fieldRequest, c *db.Credential) bool {
			return c.AccountID == id(q) && c.AppID == nil && q.credentialMatches(c)
		}),
		"Account.members":  listOf(nodeid.Membership, func(q fieldRequest, m *db.Membership) bool { return m.AccountID == id(q) }),
		"Account.timeline": timelineOf(func(q fieldRequest, e *db.Event) bool { return e.AccountID != nil && *e.AccountID == id(q) }),
		"Account.viewerCan": decidedFor(func(q fieldRequest, a *db.Account) any {
			return q.w.Portal.Identity.AccountPermissions(q.ctx, a)
		}),
	}
}

// accountsOf is how the reference resolves the accounts of a user: developers see all
// of their own, and of others what they may see anyway.
func accountsOf() resolver {
	return func(q fieldRequest) (any, error) {
		user := q.parent.(*db.User).ID
		memberships, err := q.system.all(nodeid.Membership)
		if err != nil {
			return nil, err
		}
		if user == q.who.UserID {
			whole := *q.reference
			whole.rows = whole.system
			q.reference = &whole
		}
		return listOf(nodeid.Account, func(q fieldRequest, a *db.Account) bool {
			return a.DeletedAt == nil && slices.ContainsFunc(memberships, func(m any) bool {
				return m.(*db.Membership).AccountID == a.ID && m.(*db.Membership).UserID == user
			})
		})(q)
	}
}
