package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2/clientcredentials"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

const (
	exchangeGrant   = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
)

// exchanger is a portal's back end that exchanges tokens of an identity provider.
type exchanger struct {
	*provided
	// id and secret are those of its service token.
	id, secret string
}

// exchanged is an answer of POST /oauth/token.
type exchanged struct {
	status int
	header http.Header
	raw    string

	AccessToken string `json:"access_token"`
	IssuedType  string `json:"issued_token_type"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string
	Error       string
	Description string `json:"error_description"`
	RequestID   string `json:"request_id"`
}

// form is an exchange of a token, changed by pairs of names and values.
func form(token string, pairs ...string) url.Values {
	f := url.Values{"grant_type": {exchangeGrant}, "subject_token": {token}, "subject_token_type": {accessTokenType}}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

// post sends a form as a client; "" for none.
func (x *exchanger) post(t *testing.T, id, secret, body string) *exchanged {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, x.server.URL+"/oauth/token", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://elsewhere.example")
	r.Header.Set("X-Request-Id", "exchange")
	if id != "" {
		r.SetBasicAuth(id, secret)
	}
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer w.Body.Close()
	content, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	out := &exchanged{status: w.StatusCode, header: w.Header, raw: string(content)}
	require.NoError(t, json.Unmarshal(content, out), out.raw)
	require.Equal(t, "no-store", w.Header.Get("Cache-Control"))
	require.Empty(t, w.Header.Get("Access-Control-Allow-Origin"))
	return out
}

// exchange sends a form as the back end.
func (x *exchanger) exchange(t *testing.T, f url.Values) *exchanged {
	t.Helper()
	return x.post(t, x.id, x.secret, f.Encode())
}

// refused requires that a form is refused.
func (x *exchanger) refused(t *testing.T, f url.Values, status int, code string) *exchanged {
	t.Helper()
	out := x.exchange(t, f)
	require.Equal(t, status, out.status, out.raw)
	require.Equal(t, code, out.Error, out.raw)
	require.NotEmpty(t, out.Description)
	require.Equal(t, "exchange", out.RequestID)
	require.Empty(t, out.AccessToken)
	return out
}

// acting exchanges a token, and returns the client that acts.
func (x *exchanger) acting(t *testing.T, f url.Values) (*servertest.Client, *exchanged) {
	t.Helper()
	var out *exchanged
	// What was permitted just now is known after 2 s.
	require.Eventually(t, func() bool { out = x.exchange(t, f); return out.status == http.StatusOK }, 5*time.Second, 200*time.Millisecond, "%v", f)
	require.Equal(t, []string{accessTokenType, "Bearer"}, []string{out.IssuedType, out.TokenType})
	return x.bearer(out.AccessToken), out
}

// A portal's back end acts for whom an identity provider has signed in, by exchanging the
// provider's access token.
func TestStory_Exchange(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		s := servertest.Start(t, url)
		c, foreign := newOrganization(t, s, "exchanging"), newOrganization(t, s, "elsewhere")
		people := map[string]vars{
			"dev": person("The developer", c.email), "ada": person("Ada", "ada@exchanging.example"), "boss": person("Boss", "admin@exchanging.example"),
		}
		people["boss"]["groups"] = []string{"managers"}
		p := addProvider(t, c, startIDP(t, people, "http://127.0.0.1:1/auth/callback"), "exchanging", "--link-by-email", "--role-claim", "groups", "--admin-value", "managers")
		id, backend := c.newToken(t, vars{"name": "portal", "scopes": []string{"USERS_ACT_AS"}})
		x := &exchanger{p, id, backend.Token}
		t.Run("it acts for the person, and events name both", func(t *testing.T) { x.acts(t) })
		t.Run("an OAuth client can", func(t *testing.T) { x.asAnOAuthClient(t) })
		t.Run("and curl, as the guide says", func(t *testing.T) { x.asTheGuideSays(t) })
		t.Run("it does no more than was asked for", func(t *testing.T) { x.isNarrow(t, foreign) })
		t.Run("who may not come in is refused like a wrong token", func(t *testing.T) { x.letsNobodyElseIn(t, foreign) })
		t.Run("only a service token with the scope may", func(t *testing.T) { x.knowsItsClients(t, foreign) })
		t.Run("what is malformed says what is wrong", func(t *testing.T) { x.readsForms(t) })
		t.Run("it ends with what it depends on", func(t *testing.T) { x.ends(t) })
	})
}

func (x *exchanger) acts(t *testing.T) {
	acting, out := x.acting(t, form(x.token(t, "dev")))
	require.Equal(t, "portal:read portal:write", out.Scope)
	require.InDelta(t, 600, out.ExpiresIn, 2)
	a := acting.Must(t, whoArrived, nil)
	require.Equal(t, []string{"PORTAL", x.developer, x.account}, []string{a.Text("viewer", "role"), a.Text("viewer", "user", "id"), a.Text("viewer", "account", "id")})
	app := acting.Do(t, "createApp", vars{"name": "By exchange"}, `app { id } secret { rawKey }`).Text("createApp", "app", "id")
	events := x.admin.Must(t, `query($id: ID!) { events(where: {type: [USER_ACTED_FOR]}) { nodes { actor { user { id } serviceToken { id } } subject { id } changes { field after } } }
		node(id: $id) { ... on App { timeline { nodes { actor { user { id } serviceToken { id } } } } } } }`, vars{"id": app})
	require.Equal(t, x.id, events.Text("events", "nodes", 0, "actor", "serviceToken", "id"))
	require.Equal(t, x.developer, events.Text("events", "nodes", 0, "subject", "id"))
	require.Equal(t, []string{"account", "provider"}, texts(events, "field", "events", "nodes", 0, "changes"))
	require.Equal(t, []string{x.account, "main"}, texts(events, "after", "events", "nodes", 0, "changes"))
	require.Equal(t, []string{x.developer, x.id}, []string{events.Text("node", "timeline", "nodes", 0, "actor", "user", "id"), events.Text("node", "timeline", "nodes", 0, "actor", "serviceToken", "id")})
	for mutation, in := range map[string]vars{"updateUser": {"userId": x.developer, "name": "Another"}, "deleteAccount": {"accountId": x.account}, "signOut": {"everywhere": true}} {
		requireReason(t, acting.Ask(t, mutation, in, `userErrors { code }`), "FORBIDDEN", "SCOPE")
	}
	_, out = x.acting(t, form(x.sign(t, vars{}, vars{"sub": "dev", "exp": time.Now().Unix() + 60})))
	require.LessOrEqual(t, out.ExpiresIn, 60, "no longer than the provider's token")
}

// asAnOAuthClient uses the client of golang.org/x/oauth2.
func (x *exchanger) asAnOAuthClient(t *testing.T) {
	client := clientcredentials.Config{
		ClientID: x.id, ClientSecret: x.secret, TokenURL: x.server.URL + "/oauth/token",
		EndpointParams: form(x.token(t, "dev")), Scopes: []string{"portal:read"},
	}
	token, err := client.Token(t.Context())
	require.NoError(t, err)
	require.True(t, token.Valid())
	require.Equal(t, x.developer, x.bearer(token.AccessToken).Must(t, whoArrived, nil).Text("viewer", "user", "id"))
}

// asTheGuideSays runs the exchange in docs/integrations.md.
func (x *exchanger) asTheGuideSays(t *testing.T) {
	text, err := os.ReadFile("../docs/integrations.md")
	require.NoError(t, err)
	_, block, found := strings.Cut(string(text), "```bash\ncurl -sS \"$PORTICO/oauth/token\"")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "```")
	c := exec.CommandContext(t.Context(), "bash", "-c", "curl -sS \"$PORTICO/oauth/token\""+block)
	c.Env = append(os.Environ(), "PORTICO="+x.server.URL, "BACKEND_ID="+x.id, "BACKEND="+x.secret, "PROVIDERS_TOKEN="+x.token(t, "dev"))
	out, err := c.Output()
	require.NoError(t, err)
	var got exchanged
	require.NoError(t, json.Unmarshal(out, &got), string(out))
	require.Equal(t, x.developer, x.bearer(got.AccessToken).Must(t, whoArrived, nil).Text("viewer", "user", "id"))
}

func (x *exchanger) isNarrow(t *testing.T, foreign *actors) {
	token := x.token(t, "dev")
	reading, out := x.acting(t, form(token, "scope", "portal:read"))
	require.Equal(t, "portal:read", out.Scope)
	reading.Must(t, `{ apps { totalCount } }`, nil)
	requireReason(t, reading.Ask(t, "createApp", vars{"name": "No"}, `userErrors { code }`), "FORBIDDEN", "SCOPE")
	second := x.newAccount(t, "Second")
	x.admin.Do(t, "addMember", vars{"accountId": second, "userId": x.developer, "role": "OWNER"}, `membership { id }`)
	inSecond, _ := x.acting(t, form(token, "account_id", second))
	require.Equal(t, second, inSecond.Must(t, whoArrived, nil).Text("viewer", "account", "id"))
	requireReason(t, inSecond.As("X-Portico-Account", x.account).Send(t, whoArrived, nil), "FORBIDDEN", "NOT_A_MEMBER")
	want := x.refused(t, form("junk"), http.StatusBadRequest, "invalid_request")
	for _, account := range []string{foreign.account, x.newAccount(t, "Not theirs"), "acct_6okIEBEhcBkVXBYU1pI0MI", "acct_junk", x.developer, "\x00"} {
		require.Equal(t, want.raw, x.refused(t, form(token, "account_id", account), http.StatusBadRequest, "invalid_request").raw, account)
	}
}

func (x *exchanger) letsNobodyElseIn(t *testing.T, foreign *actors) {
	want := x.refused(t, form("junk"), http.StatusBadRequest, "invalid_request")
	alike := func(name, token string) {
		t.Helper()
		require.Equal(t, want.raw, x.refused(t, form(token), http.StatusBadRequest, "invalid_request").raw, name)
	}
	alike("unknown", x.token(t, "ada"))
	alike("staff", x.token(t, "boss"))
	for name, claims := range map[string]vars{
		"expired": {"iat": time.Now().Unix() - 600, "exp": time.Now().Unix() - 40}, "expired within the skew": {"iat": time.Now().Unix() - 600, "exp": time.Now().Unix() - 5},
		"another audience": {"aud": "https://another.example"}, "of a client": {"aud": clientID}, "another issuer": {"iss": "https://elsewhere.example"},
		"not valid yet": {"nbf": time.Now().Unix() + 300}, "issued in the future": {"iat": time.Now().Unix() + 300},
	} {
		claims["sub"] = "dev"
		alike(name, x.sign(t, vars{}, claims))
	}
	for _, alg := range []string{"none", "HS256", "ES256"} {
		alike(alg, x.sign(t, vars{"alg": alg}, vars{"sub": "dev"}))
	}
	alike("a session's", x.dev.Token)
	alike("a service token", x.secret)
	_, theirs := foreign.newToken(t, vars{"name": "portal", "scopes": []string{"USERS_ACT_AS"}})
	foreigner := &exchanger{x.provided, foreign.admin.Must(t, `{ serviceTokens { nodes { id } } }`, nil).Text("serviceTokens", "nodes", 0, "id"), theirs.Token}
	require.Equal(t, want.raw, foreigner.refused(t, form(x.token(t, "dev")), http.StatusBadRequest, "invalid_request").raw, "of another organization")
	ada := x.token(t, "ada")
	x.set(t, "--create-users", "PORTAL")
	boss := x.sign(t, vars{}, vars{"sub": "new boss", "name": "Boss", "email": "boss@exchanging.example", "email_verified": true, "groups": []string{"managers"}})
	require.Eventually(t, func() bool { return x.bearer(ada).Send(t, whoArrived, nil).At("viewer") != nil }, 5*time.Second, 100*time.Millisecond)
	eve := person("Eve", "eve@exchanging.example")
	eve["sub"] = "eve"
	alike("somebody new who would be staff", boss)
	require.Equal(t, want.raw, x.refused(t, form(x.sign(t, vars{}, eve), "account_id", x.account), http.StatusBadRequest, "invalid_request").raw)
	for _, email := range []string{"boss@exchanging.example", "eve@exchanging.example"} {
		users := x.admin.Must(t, `query($e: String) { users(where: {contains: $e}) { totalCount } }`, vars{"e": email})
		require.Zero(t, users.Number("users", "totalCount"), "what is refused makes nobody")
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if out := x.exchange(t, form(x.sign(t, vars{}, eve))); out.status != http.StatusOK {
				t.Errorf("somebody new, many times at once: %s", out.raw)
			}
		})
	}
	all.Wait()
	acting, _ := x.acting(t, form(ada))
	id := acting.Must(t, whoArrived, nil).Text("viewer", "user", "id")
	x.admin.Do(t, "disableUser", vars{"userId": id}, `user { id }`)
	requireReason(t, acting.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED", "SESSION_EXPIRED")
	alike("disabled", ada)
}

func (x *exchanger) knowsItsClients(t *testing.T, foreign *actors) {
	f := form(x.token(t, "dev")).Encode()
	gone, revoked := x.newToken(t, vars{"name": "revoked", "scopes": []string{"USERS_ACT_AS"}})
	x.admin.Do(t, "revokeServiceToken", vars{"serviceTokenId": gone}, `serviceToken { id }`)
	for name, c := range map[string][2]string{
		"nobody": {"", ""}, "another id": {gone, x.secret}, "a wrong token": {x.id, "pst_" + strings.Repeat("x", 49)}, "no token": {x.id, ""},
		"a person": {x.developer, x.dev.Token}, "revoked": {gone, revoked.Token}, "a session's": {x.id, x.dev.Token},
	} {
		out := x.post(t, c[0], c[1], f)
		require.Equal(t, http.StatusUnauthorized, out.status, name)
		require.Equal(t, "invalid_client", out.Error, name)
		require.Equal(t, `Basic realm="portico"`, out.header.Get("WWW-Authenticate"), name)
	}
	for _, scopes := range [][]string{{"ADMIN_READ", "ADMIN_WRITE", "SUBSCRIPTIONS_DECIDE"}, {"GATEWAY"}} {
		id, other := x.newToken(t, vars{"name": strings.Join(scopes, " "), "scopes": scopes})
		out := x.post(t, id, other.Token, f)
		require.Equal(t, []any{http.StatusBadRequest, "unauthorized_client"}, []any{out.status, out.Error})
	}
}

func (x *exchanger) readsForms(t *testing.T) {
	token := x.token(t, "dev")
	for name, c := range map[string]struct {
		form   url.Values
		status int
		code   string
	}{
		"no grant":            {form(token, "grant_type", ""), http.StatusBadRequest, "invalid_request"},
		"another grant":       {form(token, "grant_type", "client_credentials"), http.StatusBadRequest, "unsupported_grant_type"},
		"no token":            {form(""), http.StatusBadRequest, "invalid_request"},
		"no type":             {form(token, "subject_token_type", ""), http.StatusBadRequest, "invalid_request"},
		"an ID token":         {form(token, "subject_token_type", "urn:ietf:params:oauth:token-type:id_token"), http.StatusBadRequest, "invalid_request"},
		"asks for a refresh":  {form(token, "requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), http.StatusBadRequest, "invalid_request"},
		"another actor":       {form(token, "actor_token", "x"), http.StatusBadRequest, "invalid_request"},
		"an audience":         {form(token, "audience", "https://elsewhere.example"), http.StatusBadRequest, "invalid_target"},
		"a resource":          {form(token, "resource", "https://elsewhere.example"), http.StatusBadRequest, "invalid_target"},
		"an unknown scope":    {form(token, "scope", "portal:read everything"), http.StatusBadRequest, "invalid_scope"},
		"more than may be":    {form(token, "scope", "admin:read"), http.StatusBadRequest, "invalid_scope"},
		"only blanks":         {form(token, "scope", " "), http.StatusBadRequest, "invalid_scope"},
		"two tokens":          {url.Values{"grant_type": {exchangeGrant}, "subject_token": {token, token}, "subject_token_type": {accessTokenType}}, http.StatusBadRequest, "invalid_request"},
		"longer than a token": {form(strings.Repeat("x", 17<<10)), http.StatusBadRequest, "invalid_request"},
		"200 kB":              {form(strings.Repeat("x", 200_000)), http.StatusRequestEntityTooLarge, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) { x.refused(t, c.form, c.status, c.code) })
	}
	for _, body := range []string{"", "%", "a=1;b=2", `{"grant_type": "x"}`, "\x00\xff"} {
		require.Equal(t, http.StatusBadRequest, x.post(t, x.id, x.secret, body).status, body)
	}
	w, err := http.Get(x.server.URL + "/oauth/token?" + form(token).Encode())
	require.NoError(t, err)
	defer w.Body.Close()
	require.Equal(t, http.StatusMethodNotAllowed, w.StatusCode)
}

func (x *exchanger) ends(t *testing.T) {
	ended := func(acting *servertest.Client) {
		t.Helper()
		requireReason(t, acting.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED", "SESSION_EXPIRED")
	}
	acting, _ := x.acting(t, form(x.token(t, "dev")))
	x.set(t, "--label", "Another")
	ended(acting)
	acting, _ = x.acting(t, form(x.token(t, "dev")))
	x.server.Run(t, "", "identity-provider", "unlink", "--organization", x.slug, "--name", "main", "--subject", "dev")
	ended(acting)
	acting, _ = x.acting(t, form(x.token(t, "dev")))
	x.admin.Do(t, "revokeServiceToken", vars{"serviceTokenId": x.id}, `serviceToken { id }`)
	ended(acting)
	id, again := x.newToken(t, vars{"name": "portal again", "scopes": []string{"USERS_ACT_AS"}})
	x.id, x.secret = id, again.Token
	acting, _ = x.acting(t, form(x.token(t, "dev")))
	before := x.token(t, "dev")
	x.stop()
	acting.Must(t, `{ apps { totalCount } }`, nil)
	x.acting(t, form(before))
	x.start(t)
	latest := x.token(t, "dev")
	x.stop()
	require.Eventually(t, func() bool {
		out := x.exchange(t, form(latest))
		return out.status == http.StatusServiceUnavailable && out.Error == "temporarily_unavailable" && out.header.Get("Retry-After") != ""
	}, 20*time.Second, 200*time.Millisecond, "the provider is down, and its new key unknown")
	x.server.Run(t, "", "identity-provider", "remove", "--organization", x.slug, "--name", "main")
	ended(acting)
	x.refused(t, form(before), http.StatusBadRequest, "invalid_request")
}
