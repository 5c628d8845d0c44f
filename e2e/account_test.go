package e2e

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/ent/db"
	_ "portico/ent/db/runtime" // the row policies and defaults of ent's entities
	"portico/internal/clock"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

func suspendedAccount(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "suspended-account")
	app, credential := c.newApp(t, "Frozen")
	a := c.admin.Do(t, "suspendAccount", vars{"accountId": c.account, "reason": "Unpaid."}, `account { status version viewerCan { resume { allowed } suspend { allowed code } } }`)
	require.Equal(t, "SUSPENDED", a.Text("suspendAccount", "account", "status"))
	require.Equal(t, "STATUS", a.Text("suspendAccount", "account", "viewerCan", "suspend", "code"))
	require.Equal(t, a.Data, c.admin.Do(t, "suspendAccount", vars{"accountId": c.account}, `account { status version viewerCan { resume { allowed } suspend { allowed code } } }`).Data)

	require.Equal(t, "SUSPENDED", c.dev.Must(t, `{ viewer { account { status } } }`, nil).Text("viewer", "account", "status"), "developers learn why")
	requireError(t, c.dev.Send(t, `{ apps { totalCount } }`, nil), "FORBIDDEN")
	requireError(t, c.dev.Send(t, `query($app: ID!) { app(id: $app) { name } }`, vars{"app": app}), "FORBIDDEN")
	requireError(t, c.dev.Send(t, `query($app: ID!) { node(id: $app) { id } }`, vars{"app": app}), "FORBIDDEN")
	requireError(t, c.dev.Ask(t, "createApp", vars{"name": "New"}, `app { id }`), "FORBIDDEN")
	requireError(t, c.dev.Ask(t, "updateApp", vars{"appId": app, "name": "New"}, `app { id }`), "FORBIDDEN")
	requireError(t, c.dev.Ask(t, "revokeKey", vars{"credentialId": credential}, `credential { id }`), "FORBIDDEN")
	require.NotEmpty(t, s.SignInWith(t, c.email, servertest.UserPassword).Token, "they may still sign in")

	c.admin.Do(t, "resumeAccount", vars{"accountId": c.account}, `account { status }`)
	c.dev.Do(t, "updateApp", vars{"appId": app, "name": "Thawed"}, `app { id }`)
	require.Equal(t, []string{"APP_UPDATED", "ACCOUNT_RESUMED", "ACCOUNT_SUSPENDED", "CREDENTIAL_CREATED", "APP_CREATED", "MEMBER_ADDED", "ACCOUNT_CREATED"},
		timeline(t, c.admin, c.account))
}

func deletedAccount(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "deleted-account")
	app, _ := c.newApp(t, "Orphan")
	credential := c.dev.Do(t, "generateKey", vars{"accountId": c.account}, `credential { id }`).Text("generateKey", "credential", "id")
	product, _ := c.newProduct(t, "deleted-account", "AUTO")
	subscription := c.register(t, app, product)
	a := c.admin.Do(t, "deleteAccount", vars{"accountId": c.account, "reason": "Bankrupt."}, `deletedAccountId`)
	require.Equal(t, c.account, a.Text("deleteAccount", "deletedAccountId"))
	gone := c.admin.Must(t, `query($ids: [ID!]!, $account: ID!) { nodes(ids: $ids) { id } account(id: $account) { id } accounts(where: {nameContains: "deleted-account"}) { totalCount }
		apps(where: {accountIds: [$account]}) { totalCount } }`, vars{"ids": []any{c.account, app, credential, subscription}, "account": c.account})
	require.Equal(t, map[string]any{"nodes": []any{nil, nil, nil, nil}, "account": nil,
		"accounts": map[string]any{"totalCount": 0.0}, "apps": map[string]any{"totalCount": 0.0}}, gone.Data)
	requireError(t, c.admin.Ask(t, "deleteAccount", vars{"accountId": c.account}, `deletedAccountId`), "NOT_FOUND")
	requireProblem(t, c.admin.Ask(t, "restoreApp", vars{"appId": app}, `app { id }`), "restoreApp", "WRONG_STATUS", "appId")

	factsOf := c.admin.Must(t, `query($id: ID!) { events(where: {subjectId: $id}) { nodes { type reason } } }`, vars{"id": c.account})
	require.Equal(t, map[string]any{"type": "ACCOUNT_DELETED", "reason": "Bankrupt."}, factsOf.At("events", "nodes", 0))
	factsOf = c.admin.Must(t, `query($id: ID!) { events(where: {subjectId: $id}) { nodes { type } } }`, vars{"id": credential})
	require.Equal(t, []string{"CREDENTIAL_REVOKED", "CREDENTIAL_CREATED"}, texts(factsOf, "type", "events", "nodes"))
	lost := c.dev.Must(t, `{ viewer { account { id } accounts { totalCount } } apps { totalCount } }`, nil)
	require.Nil(t, lost.At("viewer", "account"))
	require.Zero(t, lost.Number("apps", "totalCount"))
	requireError(t, c.dev.Ask(t, "createApp", vars{"name": "Nowhere"}, `app { id }`), "FORBIDDEN")
}

// oneAccount tests that a developer acts for the account that they joined first,
// whatever a header says.
func oneAccount(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "one-account")
	other := newActors(t, s, "one-account-other")
	mine, _ := c.newApp(t, "Mine")
	theirs, _ := other.newApp(t, "Theirs")
	c.alsoJoin(t, other.account)

	for _, dev := range []*servertest.Client{c.dev, c.dev.As("X-Portico-Account", other.account), c.dev.As("X-Portico-Account", "nonsense")} {
		a := dev.Must(t, `{ viewer { account { id } accounts { nodes { id } } } apps { nodes { id } } }`, nil)
		require.Equal(t, c.account, a.Text("viewer", "account", "id"))
		require.Equal(t, []string{c.account, other.account}, texts(a, "id", "viewer", "accounts", "nodes"), "first joined first")
		require.Equal(t, []string{mine}, texts(a, "id", "apps", "nodes"))
		requireError(t, dev.Ask(t, "updateApp", vars{"appId": theirs, "name": "From the other side"}, `app { id }`), "NOT_FOUND")
		requireProblem(t, dev.Ask(t, "createApp", vars{"name": "There", "accountId": other.account}, `app { id }`), "createApp", "UNKNOWN_REFERENCE", "accountId")
	}
	staff := c.admin.Must(t, `query($id: ID!) { app(id: $id) { id } viewer { account { id } role } }`, vars{"id": theirs})
	require.Equal(t, theirs, staff.Text("app", "id"), "staff act for no account")
	require.Nil(t, staff.At("viewer", "account"))

	c.admin.Do(t, "deleteAccount", vars{"accountId": c.account}, `deletedAccountId`)
	left := c.dev.Must(t, `{ viewer { account { id } } apps { nodes { id } } }`, nil)
	require.Equal(t, other.account, left.Text("viewer", "account", "id"), "a deleted account is none")
	require.Equal(t, []string{theirs}, texts(left, "id", "apps", "nodes"))
}

// alsoJoin makes the developer a member of a second account, for which there is no
// mutation.
func (c *actors) alsoJoin(t *testing.T, account string) {
	t.Helper()
	d := testdb.Open(t, c.server.Setting("DATABASE_URL"))
	ctx := viewer.NewContext(t.Context(), viewer.ForSystem(uuid.Nil))
	id := func(k nodeid.Kind, s string) uuid.UUID {
		row, ok := nodeid.Decode(k, s)
		require.True(t, ok)
		return row
	}
	client := db.NewClient(db.Driver(d.Driver()))
	joined, err := client.Account.Get(ctx, id(nodeid.Account, account))
	require.NoError(t, err)
	require.NoError(t, client.Membership.Create().SetOrganizationID(joined.OrganizationID).SetAccountID(joined.ID).
		SetUserID(id(nodeid.User, c.developer)).SetRole(domain.Member).SetCreatedAt(clock.System{}.Now()).Exec(ctx))
}

func editedAccount(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "edited-account")
	profile := vars{"website": "https://edited.example", "contactEmail": "api@edited.example", "description": "Two\nlines.",
		"customFields": []any{vars{"key": "customerNumber", "value": "42"}}}
	a := c.admin.Do(t, "updateAccount", vars{"accountId": c.account, "name": "Edited", "profile": profile},
		`account { name version profile { website contactEmail description customFields { key value } } }`)
	require.Equal(t, "Edited", a.Text("updateAccount", "account", "name"))
	require.Equal(t, map[string]any{"website": "https://edited.example", "contactEmail": "api@edited.example", "description": "Two\nlines.",
		"customFields": []any{map[string]any{"key": "customerNumber", "value": "42"}}}, a.At("updateAccount", "account", "profile"))
	a = c.admin.Do(t, "updateAccount", vars{"accountId": c.account, "profile": nil, "version": a.Number("updateAccount", "account", "version")},
		`account { name profile { website } }`)
	require.Equal(t, map[string]any{"name": "Edited", "profile": map[string]any{"website": ""}}, a.At("updateAccount", "account"))
	bad := c.admin.Ask(t, "updateAccount", vars{"accountId": c.account, "profile": vars{"website": "javascript:alert(1)"}}, `account { id }`)
	requireProblem(t, bad, "updateAccount", "INVALID", "profile.website")
	requireUnknownField(t, c.dev.Ask(t, "updateAccount", vars{"accountId": c.account, "name": "Mine"}, `account { id }`))
}
