package e2e

import (
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// Gateways' calls are counted, shown to their accounts, and exported; and developers may
// ask why a call does not pass.
func toldCalls(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "counted")
	gateway := newGatewayClient(t, s, "counted", "edge-1")
	product := c.limitedProduct(t, "orders", vars{"quota": vars{"limit": 10, "per": "MONTH"}})
	app, _ := c.newApp(t, "Shop")
	id, key := c.newKey(t, app)
	sub := c.register(t, app, product)
	for range 3 {
		require.Equal(t, "VALID", gateway.code(t, key, "orders"))
	}
	require.Equal(t, "NOT_SUBSCRIBED", gateway.code(t, key, "unheard-of"))

	now := time.Now().UTC()
	where := vars{"from": now.Add(-time.Hour).Format(time.RFC3339), "to": now.Add(time.Hour).Format(time.RFC3339), "timeZone": "Europe/Istanbul"}
	asked := func(who *servertest.Client) *servertest.Answer {
		return who.Must(t, `query($where: UsageFilter!) { usage(where: $where, interval: HOUR) {
			total totals { code calls } series { calls } topApps { app { id } calls } asOf } }`, vars{"where": where})
	}
	require.Eventually(t, func() bool { return asked(c.dev).At("usage", "total") == 4.0 }, waitForOthers, pollOthers, "the calls are not counted")
	a := asked(c.admin)
	require.Contains(t, a.Raw, `"totals":[{"code":"NOT_SUBSCRIBED","calls":1},{"code":"VALID","calls":3}]`)
	require.Contains(t, a.Raw, `"topApps":[{"app":{"id":"`+app+`"},"calls":4}]`)

	require.Eventually(t, func() bool {
		a := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on Credential { lastUsedAt } } }`, vars{"id": id})
		return a.At("node", "lastUsedAt") != nil
	}, waitForOthers, pollOthers, "nobody noted that the key was used")
	a = c.dev.Must(t, `query($app: ID!, $sub: ID!, $key: ID!) {
		app(id: $app) { callsLast24h } sub: node(id: $sub) { ... on ProductSubscription { callsLast24h quota { limit used remaining } } }
		key: node(id: $key) { ... on Credential { callsLast24h lastUsedAt } } }`, vars{"app": app, "sub": sub, "key": id})
	require.EqualValues(t, 4, a.At("app", "callsLast24h"))
	require.EqualValues(t, 3, a.At("sub", "callsLast24h"))
	require.Equal(t, map[string]any{"limit": 10.0, "used": 3.0, "remaining": 7.0}, a.At("sub", "quota"))
	require.EqualValues(t, 4, a.At("key", "callsLast24h"))
	used, err := time.Parse(time.RFC3339, a.Text("key", "lastUsedAt"))
	require.NoError(t, err)
	require.WithinDuration(t, now, used, 2*time.Minute)

	c.explains(t, id)
	c.exports(t, app, id, product, where)
}

// explains tests the explanations of why a call with the API key passes, and why it does
// not after the revocation, which every server knows of.
func (c *actors) explains(t *testing.T, key string) {
	t.Helper()
	explain := func() *servertest.Answer {
		return c.dev.Must(t, `query($input: ExplainAccessInput!) { explainAccess(input: $input) { code valid failed { code remedy } limits { quota { remaining } } } }`,
			vars{"input": vars{"credentialId": key, "product": "orders", "method": "GET", "path": "/", "address": "203.0.113.7"}})
	}
	for range 2 { // nothing is counted
		require.Equal(t, map[string]any{"code": "VALID", "valid": true, "failed": nil, "limits": map[string]any{"quota": map[string]any{"remaining": 7.0}}}, explain().Data["explainAccess"])
	}
	c.dev.Do(t, "revokeKey", vars{"credentialId": key}, `credential { id }`)
	a := explain()
	require.Equal(t, "REVOKED", a.Text("explainAccess", "failed", "code"))
	require.NotEmpty(t, a.Text("explainAccess", "failed", "remedy"))
	require.Eventually(t, func() bool {
		a := c.admin.Must(t, `query($id: ID!) { node(id: $id) { ... on Credential { enforcement { appliedBy pending lagMs } } } }`, vars{"id": key})
		return len(a.List("node", "enforcement", "appliedBy")) == 1 && len(a.List("node", "enforcement", "pending")) == 0
	}, waitForOthers, pollOthers, "the revocation does not reach the server")
}

// exports tests the same counts as CSV.
func (c *actors) exports(t *testing.T, app, key, product string, where vars) {
	t.Helper()
	parameters := url.Values{"interval": {"DAY"}, "appId": {app}, "credentialId": {key}}
	for name, v := range where {
		parameters.Set(name, v.(string))
	}
	get := func(token string, parameters url.Values) (*http.Response, string) {
		r, err := http.NewRequest(http.MethodGet, c.server.URL+"/usage.csv?"+parameters.Encode(), nil)
		require.NoError(t, err)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer w.Body.Close()
		body, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		return w, string(body)
	}
	w, body := get(c.dev.Token, parameters)
	require.Equal(t, http.StatusOK, w.StatusCode, body)
	require.Equal(t, "text/csv; charset=utf-8", w.Header.Get("Content-Type"))
	lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"start", "end", "app", "product", "credential", "endpoint", "code", "calls", "id", "account"}, lines[0])
	factsOf := map[string]int{}
	for _, l := range lines[1:] { // a day may have ended in between
		n, err := strconv.Atoi(l[7])
		require.NoError(t, err)
		factsOf[strings.Join(l[2:7], " ")] += n
	}
	require.Equal(t, map[string]int{app + " " + product + " " + key + "  VALID": 3, app + "  " + key + "  NOT_SUBSCRIBED": 1}, factsOf)
	c.exportsAlike(t, app, key, product, where)

	gateway := strings.TrimSpace(c.server.Run(t, "", "gateway", "create", "--organization", "counted", "--name", "edge-2"))
	outsiders := newOrganization(t, c.server, "uncounted")
	other := url.Values{}
	for name, v := range parameters {
		other[name] = v
	}
	other.Set("interval", "YEAR")
	for _, x := range []struct {
		who, token string
		parameters url.Values
		status     int
		code       string
	}{
		{"nobody", "", parameters, http.StatusUnauthorized, "UNAUTHENTICATED"},
		{"somebody with junk", "junk", parameters, http.StatusUnauthorized, "UNAUTHENTICATED"},
		{"a machine", gateway, parameters, http.StatusForbidden, "FORBIDDEN"},
		{"another organization's developer", outsiders.dev.Token, parameters, http.StatusNotFound, "NOT_FOUND"},
		{"its administrator", outsiders.admin.Token, parameters, http.StatusNotFound, "NOT_FOUND"},
		{"an interval that is none", c.dev.Token, other, http.StatusBadRequest, "BAD_USER_INPUT"},
	} {
		w, body := get(x.token, x.parameters)
		require.Equal(t, x.status, w.StatusCode, "%s: %s", x.who, body)
		require.Equal(t, "application/problem+json", w.Header.Get("Content-Type"), x.who)
		require.Contains(t, body, `"code":"`+x.code+`"`, x.who)
		require.Contains(t, body, `"requestId":"`+w.Header.Get("X-Request-Id")+`"`, x.who)
	}
}

// exportsAlike tests the same counts as a list: an administrator's and a developer's rows
// are those of the account.
func (c *actors) exportsAlike(t *testing.T, app, key, product string, where vars) {
	t.Helper()
	filter := vars{"appIds": []string{app}, "credentialIds": []string{key}}
	for name, v := range where {
		filter[name] = v
	}
	for _, by := range []*servertest.Client{c.dev, c.admin} {
		calls := map[string]float64{}
		for _, r := range exported(t, by, "usage", vars{"filter": filter, "interval": "DAY"}) {
			require.Equal(t, map[string]any{"id": c.account}, r["account"])
			require.Equal(t, map[string]any{"id": app}, r["app"])
			require.Equal(t, map[string]any{"id": key}, r["credential"])
			require.Nil(t, r["endpoint"])
			if r["code"] == "VALID" {
				require.Equal(t, map[string]any{"id": product}, r["product"])
			}
			calls[r["code"].(string)] += r["calls"].(float64)
		}
		require.Equal(t, map[string]float64{"VALID": 3, "NOT_SUBSCRIBED": 1}, calls)
	}
}
