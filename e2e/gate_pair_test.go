package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// The pair that is shown beside the raw key works with a product of default settings.
// Authentication types that a product does not accept are refused.
func TestPairOfANewKeyWorks(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		s := servertest.Start(t, url)
		c := newActors(t, s, "pair")
		d := newGatewayClient(t, s, "demo", "pair")
		product := c.admin.Do(t, "createProduct", vars{"name": "paired", "status": "DRAFT", "approval": "AUTO"},
			`product { id authTypes version }`)
		require.Equal(t, []any{"API_KEY", "BASIC"}, product.At("createProduct", "product", "authTypes"))
		id := product.Text("createProduct", "product", "id")
		c.admin.Do(t, "createPlan", vars{"productId": id, "name": "Free"}, `plan { id }`)
		c.admin.Do(t, "updateProduct", vars{"productId": id, "status": "PUBLISHED"}, `product { id }`)
		created := c.dev.Do(t, "createApp", vars{"name": "Caller", "firstKey": vars{"name": "Mine", "environment": "PRODUCTION"}},
			`app { id } credential { name environment } secret { username password rawKey }`)
		require.Equal(t, map[string]any{"name": "Mine", "environment": "PRODUCTION"}, created.At("createApp", "credential"))
		c.dev.Do(t, "register", vars{"appId": created.Text("createApp", "app", "id"), "productId": id}, `productSubscription { id }`)
		username, password := created.Text("createApp", "secret", "username"), created.Text("createApp", "secret", "password")
		raw := created.Text("createApp", "secret", "rawKey")

		pair := vars{"username": username, "password": password, "product": "paired"}
		basic := func(r *http.Request) { r.SetBasicAuth(username, password) }
		bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+raw) }
		require.Equal(t, "VALID", d.verify(t, pair).Code)
		require.Equal(t, "VALID", d.code(t, raw, "paired"))
		require.Equal(t, http.StatusOK, d.authorize(t, basic))
		require.Equal(t, http.StatusOK, d.authorize(t, bearer))

		c.admin.Do(t, "updateProduct", vars{"productId": id, "authTypes": []any{"API_KEY"}}, `product { id }`)
		require.Equal(t, "AUTH_TYPE_NOT_ALLOWED", d.verify(t, pair).Code)
		require.Equal(t, http.StatusForbidden, d.authorize(t, basic))
		require.Equal(t, http.StatusOK, d.authorize(t, bearer))
		c.admin.Do(t, "updateProduct", vars{"productId": id, "authTypes": []any{"BASIC"}}, `product { id }`)
		require.Equal(t, "VALID", d.verify(t, pair).Code)
		require.Equal(t, "AUTH_TYPE_NOT_ALLOWED", d.code(t, raw, "paired"))
		require.Equal(t, http.StatusForbidden, d.authorize(t, bearer))
	})
}

// authorize calls /v1/authorize about a call of the product paired.
func (d *gatewayClient) authorize(t testing.TB, present func(*http.Request)) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/v1/authorize", nil)
	require.NoError(t, err)
	r.Header.Set("X-Portico-Gateway-Token", d.token)
	r.Header.Set("X-Portico-Product", "paired")
	present(r)
	w, err := d.client.Do(r)
	require.NoError(t, err)
	require.NoError(t, w.Body.Close())
	return w.StatusCode
}
