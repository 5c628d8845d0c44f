package e2e

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/ent/db"
	_ "portico/ent/db/runtime" // the privacy rules and defaults of ent's entities
	"portico/internal/clock"
	"portico/internal/nodeid"
	"portico/internal/term"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

func suspendedAccount(t *testing.T, s *servertest.Server) {
	c := newCast(t, s, "suspended-account")
	app, key := c.newApp(t, "Frozen")
	a := c.admin.Do(t, "suspendAccount", vars{"accountId": c.account, "reason": "Unpaid."}, `account { status version viewerCan { resume { allowed } suspend { allowed code } } }`)
	require.Equal(t, "SUSPENDED", a.Text("suspendAccount", "account", "status"))
	require.Equal(t, "STATUS", a.Text("suspendAccount", "account", "viewerCan", "suspend", "code"))
	require.Equal(t, a.Data, c.admin.Do(t, "suspendAccount", vars{"accountId": c.account}, `account { status version viewerCan { resume { allowed } suspend { allowed code } } }`).Data)

	require.Equal(t, "SUSPENDED", c.dev.Must(t, `{ viewer { account { status } } }`, nil).Text("viewer", "account", "status"), "developers learn why")
	refused(t, c.dev.Send(t, `{ apps { totalCount } }`, nil), "FORBIDDEN")
	refused(t, c.dev.Send(t, `query($app: ID!) { app(id: $app) { name } }`, vars{"app": app}), "FORBIDDEN")
	refused(t, c.dev.Send(t, `query($app: ID!) { node(id: $app) { id } }`, vars{"app": app}), "FORBIDDEN")
	refused(t, c.dev.Ask(t, "createApp", vars{"name": "New"}, `app { id }`), "FORBIDDEN")
	refused(t, c.dev.Ask(t, "updateApp", vars{"appId": app, "name": "New"}, `app { id }`), "FORBIDDEN")
	refused(t, c.dev.Ask(t, "revokeKey", vars{"credentialId": key}, `credential { id }`), "FORBIDDEN")
	require.NotEmpty(t, s.SignIn(t, c.email).Token, "they may still sign in")

	c.admin.Do(t, "resumeAccount", vars{"accountId": c.account}, `account { status }`)
	c.dev.Do(t, "updateApp", vars{"appId": app, "name": "Thawed"}, `app { id }`)
	require.Equal(t, []string{"APP_UPDATED", "ACCOUNT_RESUMED", "ACCOUNT_SUSPENDED", "CREDENTIAL_CREATED", "APP_CREATED", "MEMBER_ADDED", "ACCOUNT_CREATED"},
		timeline(t, c.admin, c.account))
}

func deletedAccount(t *testing.T, s *servertest.Server) {
	c := newCast(t, s, "deleted-account")
	app, _ := c.newApp(t, "Orphan")
	key := c.dev.Do(t, "generateKey", vars{"accountId": c.account}, `credential { id }`).Text("generateKey", "credential", "id")
	product, _ := c.newProduct(t, "deleted-account", "AUTO")
	registration := c.register(t, app, product)
	a := c.admin.Do(t, "deleteAccount", vars{"accountId": c.account, "reason": "Bankrupt."}, `deletedAccountId`)
	require.Equal(t, c.account, a.Text("deleteAccount", "deletedAccountId"))
	gone := c.admin.Must(t, `query($ids: [ID!]!, $account: ID!) { nodes(ids: $ids) { id } account(id: $account) { id } accounts(where: {nameContains: "deleted-account"}) { totalCount }
		apps(where: {accountIds: [$account]}) { totalCount } }`, vars{"ids": []any{c.account, app, key, registration}, "account": c.account})
	require.Equal(t, map[string]any{"nodes": []any{nil, nil, nil, nil}, "account": nil,
		"accounts": map[string]any{"totalCount": 0.0}, "apps": map[string]any{"totalCount": 0.0}}, gone.Data)
	refused(t, c.admin.Ask(t, "deleteAccount", vars{"accountId": c.account}, `deletedAccountId`), "NOT_FOUND")
	corrected(t, c.admin.Ask(t, "restoreApp", vars{"appId": app}, `app { id }`), "restoreApp", "WRONG_STATUS", "appId")

	told := c.admin.Must(t, `query($id: ID!) { events(where: {subjectId: $id}) { nodes { type reason } } }`, vars{"id": c.account})
	require.Equal(t, map[string]any{"type": "ACCOUNT_DELETED", "reason": "Bankrupt."}, told.At("events", "nodes", 0))
	told = c.admin.Must(t, `query($id: ID!) { events(where: {subjectId: $id}) { nodes { type } } }`, vars{"id": key})
	require.Equal(t, []string{"CREDENTIAL_REVOKED", "CREDENTIAL_CREATED"}, texts(told, "type", "events", "nodes"))
	lost := c.dev.Must(t, `{ viewer { account { id } accounts { totalCount } } apps { totalCount } }`, nil)
	require.Nil(t, lost.At("viewer", "account"))
	require.Zero(t, lost.Number("apps", "totalCount"))
	refused(t, c.dev.Ask(t, "createApp", vars{"name": "Nowhere"}, `app { id }`), "FORBIDDEN")
}

// accountSwitch plays the header that names the active account.
func accountSwitch(t *testing.T, s *servertest.Server) {
	c := newCast(t, s, "account-switch")
	other := newCast(t, s, "account-switch-other")
	mine, _ := c.newApp(t, "Mine")
	theirs, _ := other.newApp(t, "Theirs")

	first := c.dev.As("X-Portico-Account", c.account).Must(t, `{ viewer { account { id } accounts { totalCount nodes { id } } } apps { nodes { id } } }`, nil)
	require.Equal(t, c.account, first.Text("viewer", "account", "id"))
	require.Equal(t, []string{c.account}, texts(first, "id", "viewer", "accounts", "nodes"))
	require.Equal(t, []string{mine}, texts(first, "id", "apps", "nodes"))

	second := s.SignIn(t, "developer@second.example").Must(t, `{ viewer { account { id } } }`, nil).Text("viewer", "account", "id")
	var answers []string
	for _, account := range []string{other.account, second, "acct_0000000000000000000000", "nonsense", mine, c.account + "," + other.account} {
		a := c.dev.As("X-Portico-Account", account).As("X-Request-Id", "switch").Send(t, `{ apps { nodes { id } } }`, nil)
		require.Equal(t, 403, a.Status, account)
		refused(t, a, "FORBIDDEN")
		answers = append(answers, a.Raw)
	}
	for _, a := range answers {
		require.Equal(t, answers[0], a, "somebody else's account is as good as none")
	}
	staff := c.admin.As("X-Portico-Account", c.account).Must(t, `query($id: ID!) { app(id: $id) { id } viewer { account { id } role } }`, vars{"id": theirs})
	require.Equal(t, theirs, staff.Text("app", "id"), "staff act for no account")
	require.Nil(t, staff.At("viewer", "account"))

	c.alsoJoin(t, other.account)
	both := c.dev.Must(t, `{ viewer { account { id } accounts { nodes { id } } } apps { nodes { id } } }`, nil)
	require.Equal(t, []string{c.account, other.account}, texts(both, "id", "viewer", "accounts", "nodes"), "first joined first")
	require.Equal(t, []string{mine}, texts(both, "id", "apps", "nodes"), "without the header the first one acts")
	switched := c.dev.As("X-Portico-Account", other.account)
	require.Equal(t, []string{theirs}, texts(switched.Must(t, `{ apps { nodes { id } } }`, nil), "id", "apps", "nodes"))
	refused(t, switched.Ask(t, "updateApp", vars{"appId": mine, "name": "From the other side"}, `app { id }`), "NOT_FOUND")
	a := switched.Do(t, "createApp", vars{"name": "Here"}, `app { account { id } }`)
	require.Equal(t, other.account, a.Text("createApp", "app", "account", "id"))
	corrected(t, switched.Ask(t, "createApp", vars{"name": "There", "accountId": c.account}, `app { id }`), "createApp", "UNKNOWN_REFERENCE", "accountId")
}

// alsoJoin makes the developer a member of a second account. The API cannot do
// that yet.
func (c *cast) alsoJoin(t *testing.T, account string) {
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
		SetUserID(id(nodeid.User, c.developer)).SetRole(term.Member).SetCreatedAt(clock.System{}.Now()).Exec(ctx))
}

func editedAccount(t *testing.T, s *servertest.Server) {
	c := newCast(t, s, "edited-account")
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
	corrected(t, bad, "updateAccount", "INVALID", "profile.website")
	unknown(t, c.dev.Ask(t, "updateAccount", vars{"accountId": c.account, "name": "Mine"}, `account { id }`))
}
