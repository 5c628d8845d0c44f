package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
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

// activeAccount tests which account a developer of several acts for: chosen at sign-in,
// kept by the session, and for one request by the header.
func activeAccount(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "active-account")
	other := newActors(t, s, "active-account-other")
	mine, _ := c.newApp(t, "Mine")
	theirs, _ := other.newApp(t, "Theirs")
	c.alsoJoin(t, other.account)
	requireActive := func(dev *servertest.Client, account, app string) {
		t.Helper()
		a := dev.Must(t, `{ viewer { account { id } accounts { nodes { id } } user { accounts { nodes { id } } } } apps { nodes { id } } }`, nil)
		require.Equal(t, account, a.Text("viewer", "account", "id"))
		require.Equal(t, []string{c.account, other.account}, texts(a, "id", "viewer", "accounts", "nodes"))
		require.Equal(t, []string{c.account, other.account}, texts(a, "id", "viewer", "user", "accounts", "nodes"))
		require.Equal(t, []string{app}, texts(a, "id", "apps", "nodes"))
	}
	requireActive(c.dev, c.account, mine)
	requireError(t, c.dev.Ask(t, "updateApp", vars{"appId": theirs, "name": "From the other side"}, `app { id }`), "NOT_FOUND")
	requireProblem(t, c.dev.Ask(t, "createApp", vars{"name": "There", "accountId": other.account}, `app { id }`), "createApp", "UNKNOWN_REFERENCE", "accountId")

	// For one request.
	requireActive(c.dev.As("X-Portico-Account", other.account), other.account, theirs)
	requireActive(c.dev, c.account, mine)
	foreign := newOrganization(t, s, "active-account-foreign")
	var answers []map[string]any
	for _, id := range []string{foreign.account, newActors(t, s, "active-account-third").account, "acct_7N42dgm5tFLK9N8MT7fHC7", "nonsense", "", mine} {
		for _, who := range []*servertest.Client{c.dev, c.admin} {
			a := who.As("X-Portico-Account", id).Send(t, `{ viewer { account { id } } apps { nodes { id } } }`, nil)
			requireError(t, a, "FORBIDDEN")
			require.Equal(t, "NOT_A_MEMBER", a.Errors[0].Extensions["reason"])
			require.Nil(t, a.Data)
			delete(a.Errors[0].Extensions, "requestId")
			answers = append(answers, map[string]any{"message": a.Errors[0].Message, "extensions": a.Errors[0].Extensions, "status": a.Status})
		}
	}
	for _, a := range answers {
		require.Equal(t, answers[0], a, "foreign, unknown and malformed answer alike")
	}

	// For the session, also after it is refreshed; other sessions keep theirs.
	signedIn := func(in vars) *servertest.Answer {
		in["email"], in["password"] = c.email, servertest.UserPassword
		return s.Anonymous().Ask(t, "signIn", in, `accessToken refreshToken viewer { account { id } }`)
	}
	first := signedIn(vars{})
	require.Equal(t, c.account, first.Text("signIn", "viewer", "account", "id"))
	dev := s.Anonymous()
	dev.Token = first.Text("signIn", "accessToken")
	require.Equal(t, other.account, dev.Do(t, "switchAccount", vars{"accountId": other.account}, `account { id name }`).Text("switchAccount", "account", "id"))
	requireActive(dev, other.account, theirs)
	requireActive(c.dev, c.account, mine)
	renewed := s.Anonymous().Do(t, "refreshSession", vars{"refreshToken": first.Text("signIn", "refreshToken")}, `accessToken viewer { account { id } }`)
	require.Equal(t, other.account, renewed.Text("refreshSession", "viewer", "account", "id"))
	dev.Token = renewed.Text("refreshSession", "accessToken")
	requireActive(dev, other.account, theirs)
	requireError(t, dev.Ask(t, "switchAccount", vars{"accountId": foreign.account}, `account { id }`), "NOT_FOUND")
	requireError(t, c.admin.Ask(t, "switchAccount", vars{"accountId": c.account}, `account { id }`), "FORBIDDEN")
	requireError(t, s.Anonymous().Ask(t, "switchAccount", vars{"accountId": c.account}, `account { id }`), "UNAUTHENTICATED")

	// At sign-in: the named one, or that of the last sign-in.
	require.Equal(t, other.account, signedIn(vars{"accountId": other.account}).Text("signIn", "viewer", "account", "id"))
	require.Equal(t, other.account, signedIn(vars{}).Text("signIn", "viewer", "account", "id"))
	requireProblem(t, signedIn(vars{"accountId": foreign.account}), "signIn", "UNKNOWN_REFERENCE", "accountId")

	// From a suspended account to another one, and not to one that is gone.
	c.admin.Do(t, "suspendAccount", vars{"accountId": other.account}, `account { status }`)
	requireError(t, dev.Send(t, `{ apps { nodes { id } } }`, nil), "FORBIDDEN")
	dev.Do(t, "switchAccount", vars{"accountId": c.account}, `account { id }`)
	requireActive(dev, c.account, mine)
	c.admin.Do(t, "deleteAccount", vars{"accountId": c.account}, `deletedAccountId`)
	requireError(t, dev.Ask(t, "switchAccount", vars{"accountId": c.account}, `account { id }`), "NOT_FOUND")
	c.admin.Do(t, "resumeAccount", vars{"accountId": other.account}, `account { status }`)
	left := dev.Must(t, `{ viewer { account { id } } apps { nodes { id } } }`, nil)
	require.Equal(t, other.account, left.Text("viewer", "account", "id"), "a deleted account is none")
	require.Equal(t, []string{theirs}, texts(left, "id", "apps", "nodes"))
}

// alsoJoin makes the developer a member of a second account.
func (c *actors) alsoJoin(t *testing.T, account string) {
	t.Helper()
	c.admin.Do(t, "addMember", vars{"accountId": account, "userId": c.developer}, `membership { id }`)
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
