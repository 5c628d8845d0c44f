package e2e

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

const actAs = `accessToken expiresAt`

// actingFor returns a client with which a service token acts for a developer.
func actingFor(t *testing.T, backend *servertest.Client, user, account string) *servertest.Client {
	t.Helper()
	a := backend.Do(t, "actAs", vars{"userId": user, "accountId": account}, actAs)
	return &servertest.Client{URL: backend.URL, Token: a.Text("actAs", "accessToken")}
}

// actingForDevelopers follows a portal's back end that acts for whom it has signed in.
func actingForDevelopers(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "acting")
	product, _ := c.newProduct(t, "rates", "MANUAL")
	tokenID, backend := c.newToken(t, vars{"name": "portal", "scopes": []string{"USERS_ACT_AS"}})
	of := vars{"userId": c.developer, "accountId": c.account}

	t.Run("it is off until an administrator allows it, in person", func(t *testing.T) {
		requireReason(t, backend.Ask(t, "actAs", of, actAs), "FORBIDDEN", "POLICY")
		_, writer := c.newToken(t, vars{"name": "writer", "scopes": []string{"ADMIN_WRITE", "USERS_ACT_AS"}})
		requireReason(t, writer.Ask(t, "updateOrganization", vars{"actAs": true}, `organization { actAs }`), "FORBIDDEN", "SCOPE")
		a := c.admin.Do(t, "updateOrganization", vars{"actAs": true}, `organization { actAs }`)
		require.Equal(t, true, a.At("updateOrganization", "organization", "actAs"))
	})
	t.Run("only tokens with the scope may", func(t *testing.T) {
		requireReason(t, c.admin.Ask(t, "actAs", of, actAs), "FORBIDDEN", "ROLE")
		requireUnknownField(t, c.dev.Ask(t, "actAs", of, actAs))
		for _, scopes := range [][]string{{"ADMIN_READ", "ADMIN_WRITE"}, {"SUBSCRIPTIONS_DECIDE"}} {
			_, other := c.newToken(t, vars{"name": strings.Join(scopes, " "), "scopes": scopes})
			requireReason(t, other.Ask(t, "actAs", of, actAs), "FORBIDDEN", "SCOPE")
		}
		for _, document := range []string{`{ apps { totalCount } }`, `{ users { totalCount } }`, `{ node(id: "` + c.developer + `") { id } }`} {
			requireReason(t, backend.Send(t, document, nil), "FORBIDDEN", "SCOPE")
		}
	})
	acting := actingFor(t, backend, c.developer, c.account)
	t.Run("the access token is short and names both", func(t *testing.T) {
		body, err := base64.RawURLEncoding.DecodeString(strings.Split(acting.Token, ".")[1])
		require.NoError(t, err)
		var claims struct {
			Act struct {
				Sub string
			}
			Iat, Exp int64
			Sid      string
		}
		require.NoError(t, json.Unmarshal(body, &claims))
		require.Equal(t, tokenID, claims.Act.Sub)
		require.Equal(t, 10*time.Minute, time.Duration(claims.Exp-claims.Iat)*time.Second)
		require.Empty(t, claims.Sid)
	})
	t.Run("it does what the developer may, and events name both", func(t *testing.T) { actingEvents(t, c, acting, tokenID, product) })
	t.Run("what is personal is not for it", func(t *testing.T) { actingIsNarrow(t, c, acting) })
	t.Run("whoever cannot be acted for is unknown", func(t *testing.T) { actingForNobody(t, c, backend) })
	t.Run("it ends with the next request", func(t *testing.T) { actingEnds(t, c, backend) })
}

func actingEvents(t *testing.T, c *actors, acting *servertest.Client, tokenID, product string) {
	a := acting.Do(t, "createApp", vars{"name": "Made for the developer"}, `app { id account { id } } secret { rawKey }`)
	app := a.Text("createApp", "app", "id")
	require.Equal(t, c.account, a.Text("createApp", "app", "account", "id"))
	require.NotEmpty(t, a.Text("createApp", "secret", "rawKey"))
	registered := acting.Do(t, "register", vars{"appId": app, "productId": product}, `productSubscription { id requestedBy { user { id } } }`)
	require.Equal(t, c.developer, registered.Text("register", "productSubscription", "requestedBy", "user", "id"))
	acting.Do(t, "withdraw", vars{"subscriptionId": registered.Text("register", "productSubscription", "id")}, `productSubscription { status }`)
	key := acting.Do(t, "generateKey", vars{"appId": app, "environment": "PRODUCTION"}, `credential { id }`).Text("generateKey", "credential", "id")
	acting.Do(t, "revokeKey", vars{"credentialId": key}, `credential { status }`)
	acting.Do(t, "deleteApp", vars{"appId": app}, `deletedAppId`)

	all := c.admin.Must(t, `{ events(first: 100) { nodes { type actor { role name user { id } serviceToken { id } } } } }`, nil)
	var types []string
	for _, e := range all.List("events", "nodes") {
		e := servertest.Answer{Data: e.(map[string]any)}
		if e.Text("actor", "serviceToken", "id") == tokenID && e.At("actor", "user") != nil {
			require.Equal(t, c.developer, e.Text("actor", "user", "id"))
			require.Equal(t, "PORTAL", e.Text("actor", "role"))
			require.Equal(t, "acting developer", e.Text("actor", "name"))
			types = append(types, e.Text("type"))
		}
	}
	for _, want := range []string{"APP_CREATED", "CREDENTIAL_CREATED", "SUBSCRIPTION_REGISTERED", "SUBSCRIPTION_WITHDRAWN", "CREDENTIAL_REVOKED", "APP_DELETED"} {
		require.Contains(t, types, want)
	}
	exchanged := c.admin.Must(t, `{ events(where: {type: [USER_ACTED_FOR]}) { nodes { actor { serviceToken { id } user { id } } subject { id } changes { field after } } } }`, nil)
	require.Equal(t, tokenID, exchanged.Text("events", "nodes", 0, "actor", "serviceToken", "id"))
	require.Nil(t, exchanged.At("events", "nodes", 0, "actor", "user"))
	require.Equal(t, c.developer, exchanged.Text("events", "nodes", 0, "subject", "id"))
	require.Equal(t, c.account, exchanged.Text("events", "nodes", 0, "changes", 0, "after"))

	// What the person does in person names no token.
	c.newApp(t, "Mine")
	own := c.admin.Must(t, `{ events(where: {type: [APP_CREATED]}, first: 1) { nodes { actor { user { id } serviceToken { id } } } } }`, nil)
	require.Equal(t, c.developer, own.Text("events", "nodes", 0, "actor", "user", "id"))
	require.Nil(t, own.At("events", "nodes", 0, "actor", "serviceToken"))
}

// actingIsNarrow: nothing about people, no other account, no further token.
func actingIsNarrow(t *testing.T, c *actors, acting *servertest.Client) {
	member := c.newUser(t, "Member", "member@acting.example", c.account, "MEMBER")
	for mutation, in := range map[string]vars{
		"updateUser":            {"userId": c.developer, "name": "Somebody else"},
		"inviteMember":          {"accountId": c.account, "email": "thief@elsewhere.example"},
		"deleteAccount":         {"accountId": c.account},
		"changePassword":        {"currentPassword": servertest.UserPassword, "newPassword": "a quite different sentence"},
		"updateMailPreferences": {"keyNames": false},
		"switchAccount":         {"accountId": c.account},
		"signOut":               {"everywhere": true},
		"enableTotp":            {"password": servertest.UserPassword},
	} {
		requireReason(t, acting.Ask(t, mutation, in, `userErrors { code }`), "FORBIDDEN", "SCOPE")
	}
	for _, mutation := range []string{"removeMember", "changeMemberRole", "transferOwnership"} {
		in := vars{"membershipId": membershipOf(t, c, member)}
		if mutation == "changeMemberRole" {
			in["role"] = "OWNER"
		}
		requireReason(t, acting.Ask(t, mutation, in, `userErrors { code }`), "FORBIDDEN", "SCOPE")
	}
	for _, document := range []string{`{ sessions { totalCount } }`, `mutation { signIn(input: {email: "a@b.example", password: "x"}) { accessToken } }`} {
		requireReason(t, acting.Send(t, document, nil), "FORBIDDEN", "SCOPE")
	}
	for _, mutation := range []string{"actAs", "createServiceToken", "disableUser"} {
		requireUnknownField(t, acting.Send(t, `mutation { `+mutation+`(input: {}) { userErrors { code } } }`, nil))
	}
	second := c.newAccount(t, "Second")
	c.admin.Do(t, "addMember", vars{"accountId": second, "userId": c.developer, "role": "OWNER"}, `membership { id }`)
	requireReason(t, acting.As("X-Portico-Account", second).Send(t, `{ apps { totalCount } }`, nil), "FORBIDDEN", "NOT_A_MEMBER")
	acting.As("X-Portico-Account", c.account).Must(t, `{ apps { totalCount } }`, nil)
	a := acting.Must(t, `{ viewer { user { id accounts { nodes { id } } } account { id } accounts { nodes { id } totalCount } } }`, nil)
	require.Equal(t, c.developer, a.Text("viewer", "user", "id"))
	require.Equal(t, []string{c.account}, texts(a, "id", "viewer", "accounts", "nodes"), "the others are not its business")
	require.Equal(t, []string{c.account}, texts(a, "id", "viewer", "user", "accounts", "nodes"))
	require.Equal(t, "acting developer", c.dev.Must(t, `{ viewer { user { name } } }`, nil).Text("viewer", "user", "name"))
}

func membershipOf(t *testing.T, c *actors, user string) string {
	t.Helper()
	a := c.admin.Must(t, `query($id: ID!) { account(id: $id) { members(first: 100) { nodes { id user { id } } } } }`, vars{"id": c.account})
	for _, m := range a.List("account", "members", "nodes") {
		m := servertest.Answer{Data: m.(map[string]any)}
		if m.Text("user", "id") == user {
			return m.Text("id")
		}
	}
	t.Fatalf("%s is no member", user)
	return ""
}

// actingForNobody: all who cannot be acted for, and accounts that are not theirs, answer
// as ids that do not exist.
func actingForNobody(t *testing.T, c *actors, backend *servertest.Client) {
	foreign := newOrganization(t, c.server, "acting-elsewhere")
	other := c.newAccount(t, "Not theirs")
	admin := c.admin.Must(t, `{ viewer { user { id } } }`, nil).Text("viewer", "user", "id")
	disabled := c.newUser(t, "Disabled", "disabled@acting.example", c.account, "MEMBER")
	c.admin.Do(t, "disableUser", vars{"userId": disabled}, `user { id }`)
	deleted := c.newUser(t, "Deleted", "deleted@acting.example", c.account, "MEMBER")
	c.admin.Do(t, "deleteUser", vars{"userId": deleted}, `deletedUserId`)
	gone := c.newAccount(t, "Gone")
	c.admin.Do(t, "addMember", vars{"accountId": gone, "userId": c.developer, "role": "OWNER"}, `membership { id }`)
	c.admin.Do(t, "deleteAccount", vars{"accountId": gone}, `deletedAccountId`)
	events := func() int {
		return c.admin.Must(t, `{ events(where: {type: [USER_ACTED_FOR]}) { totalCount } }`, nil).Number("events", "totalCount")
	}
	before := events()
	same := backend.As("X-Request-Id", "same")
	want := same.Ask(t, "actAs", vars{"userId": "user_6okIEBEhcBkVXBYU1pI0MI", "accountId": c.account}, actAs)
	requireReason(t, want, "NOT_FOUND", "UNKNOWN_OBJECT")
	for name, in := range map[string]vars{
		"of another organization": {"userId": foreign.developer, "accountId": foreign.account},
		"foreign, own account":    {"userId": foreign.developer, "accountId": c.account},
		"foreign account":         {"userId": c.developer, "accountId": foreign.account},
		"not theirs":              {"userId": c.developer, "accountId": other},
		"a deleted account":       {"userId": c.developer, "accountId": gone},
		"no account":              {"userId": c.developer, "accountId": "acct_6okIEBEhcBkVXBYU1pI0MI"},
		"nonsense":                {"userId": "nonsense", "accountId": "nonsense"},
		"staff":                   {"userId": admin, "accountId": c.account},
		"disabled":                {"userId": disabled, "accountId": c.account},
		"deleted":                 {"userId": deleted, "accountId": c.account},
		"an account as user":      {"userId": c.account, "accountId": c.account},
	} {
		require.Equal(t, want.Raw, same.Ask(t, "actAs", in, actAs).Raw, name)
	}
	require.Equal(t, before, events())
}

// actingEnds with the service token, the policy, the membership and the person, and is
// stopped while the account is suspended.
func actingEnds(t *testing.T, c *actors, backend *servertest.Client) {
	const document = `{ apps { totalCount } }`
	ended := func(client *servertest.Client) {
		t.Helper()
		requireReason(t, client.Send(t, document, nil), "UNAUTHENTICATED", "SESSION_EXPIRED")
	}
	account := c.newAccount(t, "Brief")
	user := c.newUser(t, "Brief", "brief@acting.example", account, "OWNER")
	guest := c.newUser(t, "Guest", "guest@acting.example", account, "MEMBER")

	id, brief := c.newToken(t, vars{"name": "brief", "scopes": []string{"USERS_ACT_AS"}})
	one, two, three := actingFor(t, brief, user, account), actingFor(t, backend, user, account), actingFor(t, backend, guest, account)
	one.Must(t, document, nil)
	c.admin.Do(t, "revokeServiceToken", vars{"serviceTokenId": id}, `serviceToken { status }`)
	ended(one)
	two.Must(t, document, nil)

	c.admin.Do(t, "suspendAccount", vars{"accountId": account}, `account { id }`)
	requireReason(t, two.Send(t, document, nil), "FORBIDDEN", "ACCOUNT_SUSPENDED")
	c.admin.Do(t, "resumeAccount", vars{"accountId": account}, `account { id }`)
	two.Must(t, document, nil)

	a := c.admin.Must(t, `query($id: ID!) { account(id: $id) { members { nodes { id user { id } } } } }`, vars{"id": account})
	for _, m := range a.List("account", "members", "nodes") {
		m := servertest.Answer{Data: m.(map[string]any)}
		if m.Text("user", "id") == guest {
			c.admin.Do(t, "removeMember", vars{"membershipId": m.Text("id")}, `deletedMembershipId`)
		}
	}
	ended(three)

	c.admin.Do(t, "updateOrganization", vars{"actAs": false}, `organization { actAs }`)
	ended(two)
	c.admin.Do(t, "updateOrganization", vars{"actAs": true}, `organization { actAs }`)
	two.Must(t, document, nil)
	c.admin.Do(t, "disableUser", vars{"userId": user}, `user { id }`)
	ended(two)

	// A token of which a letter was changed, and one whose claims were, are none.
	body := strings.Split(actingFor(t, backend, c.developer, c.account).Token, ".")
	forged, err := base64.RawURLEncoding.DecodeString(body[1])
	require.NoError(t, err)
	body[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(forged), `"act"`, `"acx"`, 1)))
	ended(&servertest.Client{URL: backend.URL, Token: strings.Join(body, ".")})
}
