package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// replays repeats requests with an idempotency key.
func replays(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "replays")
	const app = `app { id name } credential { id } secret { rawKey } replayed`
	input := vars{"name": "Once", "idempotencyKey": "one", "labels": []any{vars{"key": "a", "value": "b"}}}
	created := c.dev.Do(t, "createApp", input, app)
	again := c.dev.Do(t, "createApp", input, app)
	require.Equal(t, true, again.At("createApp", "replayed"))
	require.Nil(t, again.At("createApp", "secret"), "the secret comes once")
	require.Equal(t, created.At("createApp", "app"), again.At("createApp", "app"))
	require.Equal(t, created.At("createApp", "credential"), again.At("createApp", "credential"))
	requireError(t, c.dev.Ask(t, "createApp", vars{"name": "Other", "idempotencyKey": "one"}, app), "CONFLICT")
	id := created.Text("createApp", "app", "id")
	require.Equal(t, []string{"CREDENTIAL_CREATED", "APP_CREATED"}, timeline(t, c.dev, id))

	const key = `credential { id } secret { rawKey } replayed`
	input = vars{"appId": id, "name": "Second", "idempotencyKey": "one"} // the key of another mutation is independent
	created = c.dev.Do(t, "generateKey", input, key)
	again = c.dev.Do(t, "generateKey", input, key)
	require.Equal(t, created.At("generateKey", "credential"), again.At("generateKey", "credential"))
	require.Nil(t, again.At("generateKey", "secret"))
	requireError(t, c.dev.Ask(t, "generateKey", vars{"appId": id, "name": "Third", "idempotencyKey": "one"}, key), "CONFLICT")

	product, _ := c.newProduct(t, "replays", "MANUAL")
	other, _ := c.newProduct(t, "replays-other", "MANUAL")
	input = vars{"appId": id, "productId": product, "idempotencyKey": "one"}
	created = c.dev.Do(t, "register", input, `productSubscription { id } replayed`)
	require.Equal(t, false, created.At("register", "replayed"))
	again = c.dev.Do(t, "register", input, `productSubscription { id } replayed`)
	require.Equal(t, true, again.At("register", "replayed"))
	require.Equal(t, created.At("register", "productSubscription"), again.At("register", "productSubscription"))
	requireError(t, c.dev.Ask(t, "register", vars{"appId": id, "productId": other, "idempotencyKey": "one"}, `replayed`), "CONFLICT")

	a := c.admin.Do(t, "createApp", vars{"name": "Once", "accountId": c.account, "idempotencyKey": "one"}, app)
	require.Equal(t, false, a.At("createApp", "replayed"), "another user's key is another one")
	requireProblem(t, c.dev.Ask(t, "createApp", vars{"name": "Blank", "idempotencyKey": " "}, app), "createApp", "REQUIRED", "idempotencyKey")
	a = c.dev.Ask(t, "createApp", vars{"name": "", "idempotencyKey": "two"}, app)
	requireProblem(t, a, "createApp", "REQUIRED", "name")
	a = c.dev.Do(t, "createApp", vars{"name": "Corrected", "idempotencyKey": "two"}, app)
	require.Equal(t, false, a.At("createApp", "replayed"), "what made nothing is not remembered")
}
