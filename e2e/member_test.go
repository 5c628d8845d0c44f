package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// memberships returns the ids of an account's memberships by their users' ids.
func (c *actors) memberships(t *testing.T, account string) map[string]string {
	t.Helper()
	a := c.admin.Must(t, `query($id: ID!) { account(id: $id) { members { nodes { id user { id } } } } }`, vars{"id": account})
	out := map[string]string{}
	for i := range a.List("account", "members", "nodes") {
		out[a.Text("account", "members", "nodes", i, "user", "id")] = a.Text("account", "members", "nodes", i, "id")
	}
	return out
}

// team tests that owners change who belongs to their account, that members do not, and
// that it never loses its last owner.
func team(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "team")
	const mail = "colleague@team.example"
	colleague := c.newUser(t, "Colleague", mail, c.account, "MEMBER")
	member := s.SignInWith(t, mail, servertest.UserPassword)
	app, _ := c.newApp(t, "Shared")
	of := c.memberships(t, c.account)

	const can = `{ viewer { account { viewerCan { delete { allowed code } addMember { allowed } } members { nodes { role viewerCan { changeRole { allowed code } remove { allowed code } } } } } } }`
	owners := c.dev.Must(t, can, nil)
	require.Equal(t, true, owners.At("viewer", "account", "viewerCan", "delete", "allowed"))
	require.Equal(t, "STATUS", owners.At("viewer", "account", "members", "nodes", 0, "viewerCan", "remove", "code"), "the last owner")
	require.Equal(t, true, owners.At("viewer", "account", "members", "nodes", 1, "viewerCan", "remove", "allowed"))
	members := member.Must(t, can, nil)
	require.Equal(t, "ROLE", members.At("viewer", "account", "viewerCan", "delete", "code"))
	require.Equal(t, "ROLE", members.At("viewer", "account", "members", "nodes", 0, "viewerCan", "remove", "code"))
	require.Equal(t, true, members.At("viewer", "account", "members", "nodes", 1, "viewerCan", "remove", "allowed"), "members may leave")

	for _, refused := range []*servertest.Answer{
		member.Ask(t, "changeMemberRole", vars{"membershipId": of[colleague], "role": "OWNER"}, `membership { id }`),
		member.Ask(t, "removeMember", vars{"membershipId": of[c.developer]}, `deletedMembershipId`),
		member.Ask(t, "transferOwnership", vars{"membershipId": of[colleague]}, `membership { id }`),
		member.Ask(t, "deleteAccount", vars{"accountId": c.account}, `deletedAccountId`),
	} {
		requireError(t, refused, "FORBIDDEN")
	}
	requireProblem(t, c.dev.Ask(t, "removeMember", vars{"membershipId": of[c.developer]}, `deletedMembershipId`), "removeMember", "LAST_OWNER", "membershipId")
	requireProblem(t, c.admin.Ask(t, "changeMemberRole", vars{"membershipId": of[c.developer], "role": "MEMBER"}, `membership { id }`), "changeMemberRole", "LAST_OWNER", "membershipId")

	a := c.dev.Do(t, "transferOwnership", vars{"membershipId": of[colleague]}, `membership { role user { id } } fromMembership { role user { id } }`)
	require.Equal(t, map[string]any{"role": "OWNER", "user": map[string]any{"id": colleague}}, a.At("transferOwnership", "membership"))
	require.Equal(t, map[string]any{"role": "MEMBER", "user": map[string]any{"id": c.developer}}, a.At("transferOwnership", "fromMembership"))
	requireError(t, c.dev.Ask(t, "transferOwnership", vars{"membershipId": of[c.developer]}, `membership { id }`), "FORBIDDEN")

	// Removed: the very next request reads nothing.
	member.Do(t, "removeMember", vars{"membershipId": of[c.developer], "reason": "Another team."}, `deletedMembershipId`)
	gone := c.dev.Must(t, `query($app: ID!, $account: ID!) { viewer { account { id } accounts { totalCount } user { accounts { totalCount } } } app(id: $app) { id } account: node(id: $account) { id } events { totalCount } }`,
		vars{"app": app, "account": c.account})
	require.Equal(t, map[string]any{"viewer": map[string]any{"account": nil, "accounts": map[string]any{"totalCount": 0.0}, "user": map[string]any{"accounts": map[string]any{"totalCount": 0.0}}},
		"app": nil, "account": nil, "events": map[string]any{"totalCount": 0.0}}, gone.Data)
	requireError(t, c.dev.Ask(t, "updateApp", vars{"appId": app, "name": "Still mine?"}, `app { id }`), "NOT_FOUND")
	require.Equal(t, []string{"MEMBER_REMOVED", "MEMBER_ROLE_CHANGED", "MEMBER_ROLE_CHANGED"}, timeline(t, c.admin, c.account)[:3])

	member.Do(t, "deleteAccount", vars{"accountId": c.account, "reason": "We are done."}, `deletedAccountId`)
	require.Nil(t, member.Must(t, `{ viewer { account { id } } }`, nil).At("viewer", "account"))
}
