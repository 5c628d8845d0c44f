package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/mail/mailtest"
	"portico/internal/testdb"
)

const endingFields = `product { status deprecatesAt retiresAt version }`

// productEndings tests that the end of a product is set, moved and called off, and what is
// refused.
func productEndings(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "product-endings")
	product, _ := c.newProduct(t, "product-endings", "AUTO")
	in := func(d time.Duration) string {
		return time.Now().UTC().Add(d).Truncate(time.Second).Format(time.RFC3339)
	}
	const day = 24 * time.Hour
	for _, name := range []string{"deprecateProduct", "retireProduct"} {
		requireProblem(t, c.admin.Ask(t, name, vars{"productId": product, "at": in(-time.Second)}, endingFields), name, "MUST_BE_FUTURE", "at")
		requireProblem(t, c.admin.Ask(t, name, vars{"productId": product, "at": in(6 * 365 * day)}, endingFields), name, "TOO_FAR", "at")
		requireReason(t, c.admin.Ask(t, name, vars{"productId": strings.Repeat("x", 30)}, endingFields), "NOT_FOUND", "UNKNOWN_OBJECT")
		requireProblem(t, c.admin.Ask(t, name, vars{"productId": product, "at": nil}, endingFields), name, "REQUIRED", "at")
		require.NotEmpty(t, c.dev.Ask(t, name, vars{"productId": product}, endingFields).Errors)
	}
	deprecates, retires := in(10*day), in(100*day)
	c.admin.Do(t, "deprecateProduct", vars{"productId": product, "at": deprecates}, endingFields)
	requireProblem(t, c.admin.Ask(t, "retireProduct", vars{"productId": product, "at": in(9 * day)}, endingFields), "retireProduct", "INVALID", "at")
	c.admin.Do(t, "retireProduct", vars{"productId": product, "at": in(50 * day)}, endingFields)
	a := c.admin.Do(t, "retireProduct", vars{"productId": product, "at": retires}, endingFields)
	version := a.Number("retireProduct", "product", "version")
	seen := c.dev.Must(t, `query($id: ID!) { product(id: $id) { status deprecatesAt retiresAt } }`, vars{"id": product})
	require.Equal(t, map[string]any{"status": "PUBLISHED", "deprecatesAt": deprecates, "retiresAt": retires}, seen.At("product"), "developers know")
	requireError(t, c.admin.Ask(t, "cancelProductEnding", vars{"productId": product, "version": version - 1}, endingFields), "CONFLICT")
	a = c.admin.Do(t, "cancelProductEnding", vars{"productId": product}, endingFields)
	require.Nil(t, a.At("cancelProductEnding", "product", "deprecatesAt"))
	require.Nil(t, a.At("cancelProductEnding", "product", "retiresAt"))
	a = c.admin.Do(t, "deprecateProduct", vars{"productId": product}, endingFields)
	require.Equal(t, "DEPRECATED", a.Text("deprecateProduct", "product", "status"))
	require.NotNil(t, a.At("deprecateProduct", "product", "deprecatesAt"))
	c.admin.Do(t, "retireProduct", vars{"productId": product}, endingFields)
	requireProblem(t, c.admin.Ask(t, "cancelProductEnding", vars{"productId": product}, endingFields), "cancelProductEnding", "WRONG_STATUS", "productId")
}

// A product is retired when its time has come: gateways refuse its calls from that second on,
// and Portico ends the subscriptions by itself. Its developers were told by letter, and its
// callers by each answer.
func TestProductRetiresByItself(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		t.Parallel()
		letters := mailtest.Start(t, mailtest.Options{})
		s := servertest.Start(t, url, mailSettings(letters.Address)...)
		c := newActors(t, s, "retiring")
		product, _ := c.newProduct(t, "retiring", "AUTO")
		made := c.dev.Do(t, "createApp", vars{"name": "Last user"}, `app { id } secret { rawKey }`)
		app, key := made.Text("createApp", "app", "id"), made.Text("createApp", "secret", "rawKey")
		subscription := c.register(t, app, product)
		gateway := newGatewayClient(t, s, "demo", "retiring")
		gateway.requireSoon(t, "VALID", key, "retiring")

		c.admin.Do(t, "deprecateProduct", vars{"productId": product}, endingFields)
		at := time.Now().UTC().Truncate(time.Second).Add(10 * time.Second)
		c.admin.Do(t, "retireProduct", vars{"productId": product, "at": at.Format(time.RFC3339)}, endingFields)
		status, header := gateway.authorizeFor(t, key, "retiring")
		require.Equal(t, http.StatusOK, status)
		require.Regexp(t, `^@\d{10}$`, header.Get("Deprecation"))
		require.Equal(t, at.Format(http.TimeFormat), header.Get("Sunset"))
		var told struct{ Code, Deprecation, Sunset string }
		body, err := gateway.post("/v1/verify", vars{"key": key, "product": "retiring"})
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(body, &told))
		require.Equal(t, "VALID", told.Code)
		require.Equal(t, header.Get("Sunset"), told.Sunset)

		require.Eventually(t, func() bool {
			refusedAt := time.Now()
			code := gateway.code(t, key, "retiring")
			require.True(t, code == "VALID" || !time.Now().Before(at), "refused before its time, at %s", refusedAt)
			require.True(t, code != "VALID" || refusedAt.Before(at.Add(time.Second)), "allowed after its time")
			return code == "NOT_SUBSCRIBED"
		}, time.Minute, 100*time.Millisecond)
		status, header = gateway.authorizeFor(t, key, "retiring")
		require.Equal(t, http.StatusForbidden, status)
		require.Equal(t, at.Format(http.TimeFormat), header.Get("Sunset"), "it says why")

		database := testdb.Open(t, s.Setting("DATABASE_URL"))
		read := func() *servertest.Answer {
			return c.dev.Must(t, `query($product: ID!, $app: ID!) { product(id: $product) { status retiresAt }
				app(id: $app) { productSubscriptions { nodes { id status reason } } } }`, vars{"product": product, "app": app})
		}
		require.Eventually(t, func() bool {
			// So that the job need not wait a minute for its next turn.
			_, err := database.ExecContext(t.Context(), `UPDATE leases SET last_run_at = NULL WHERE id = 'product-endings'`)
			require.NoError(t, err)
			return read().Text("product", "status") == "RETIRED"
		}, 2*time.Minute, time.Second)
		seen := read()
		require.Equal(t, at.Format(time.RFC3339), seen.Text("product", "retiresAt"))
		require.Equal(t, []any{map[string]any{"id": subscription, "status": "UNSUBSCRIBED", "reason": "The product was retired."}}, seen.At("app", "productSubscriptions", "nodes"))
		events := c.admin.Must(t, `query($id: ID!) { events(where: {subjectId: $id}, first: 2) { nodes { type actor { name } changes { field before after } } } }`, vars{"id": product})
		require.Equal(t, "Portico", events.Text("events", "nodes", 0, "actor", "name"))
		requireOneLetter(t, letters, c.email, "Title of retiring will be retired in 1 day")
	})
}

// requireOneLetter requires that exactly one letter with a subject comes to somebody.
func requireOneLetter(t *testing.T, letters *mailtest.Server, to, subject string) {
	t.Helper()
	count := func() (n int) {
		for _, l := range letters.Letters() {
			if l.To == to && l.Subject() == subject {
				n++
			}
		}
		return n
	}
	require.Eventually(t, func() bool { return count() > 0 }, time.Minute, 100*time.Millisecond)
	require.Equal(t, 1, count())
}

// authorizeFor calls /v1/authorize for a product, and returns the status and the header.
func (d *gatewayClient) authorizeFor(t testing.TB, key, product string) (int, http.Header) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, d.url+"/v1/authorize", nil)
	require.NoError(t, err)
	r.Header.Set("X-Portico-Gateway-Token", d.token)
	r.Header.Set("X-Portico-Product", product)
	r.Header.Set("X-API-Key", key)
	w, err := d.client.Do(r)
	require.NoError(t, err)
	require.NoError(t, w.Body.Close())
	return w.StatusCode, w.Header
}
