package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// Previews say what then happens, and change nothing.
func previews(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "foreseen")
	product, _ := c.newProduct(t, "foreseen-product", "AUTO")
	app, key := c.newApp(t, "Foreseen")
	c.register(t, app, product)
	c.newKey(t, app)
	const impact = `credentialCount credentials { id status } appCount apps { id name } productSubscriptionCount productSubscriptions { id status } callsLast24h`
	ask := func(who *servertest.Client) *servertest.Answer {
		return who.Must(t, `query($app: ID!, $key: ID!) { previewRevoke(credentialId: $key) { `+impact+` } previewDeleteApp(appId: $app) { `+impact+` } app(id: $app) { version timeline { totalCount } } }`, vars{"app": app, "key": key})
	}
	before := ask(c.dev)
	require.Equal(t, []int{1, 1, 1}, hits(before, "previewRevoke"))
	require.Equal(t, []int{2, 1, 1}, hits(before, "previewDeleteApp"))
	require.Equal(t, key, before.Text("previewRevoke", "credentials", 0, "id"))
	require.Equal(t, app, before.Text("previewDeleteApp", "apps", 0, "id"))
	require.Equal(t, "APPROVED", before.Text("previewDeleteApp", "productSubscriptions", 0, "status"))
	require.Zero(t, before.Number("previewDeleteApp", "callsLast24h"))
	require.Equal(t, before.At("app"), ask(c.admin).At("app"), "nothing has changed")
	retire := c.admin.Must(t, `query($id: ID!) { previewRetireProduct(productId: $id) { `+impact+` } }`, vars{"id": product})
	require.Equal(t, []int{2, 1, 1}, hits(retire, "previewRetireProduct"))
	c.dev.Do(t, "deleteApp", vars{"appId": app}, `deletedAppId`)
	retire = c.admin.Must(t, `query($id: ID!) { previewRetireProduct(productId: $id) { `+impact+` } }`, vars{"id": product})
	require.Equal(t, []int{0, 0, 0}, hits(retire, "previewRetireProduct"))
	requireReason(t, c.dev.Send(t, `query($id: ID!) { previewDeleteApp(appId: $id) { appCount } }`, vars{"id": app}), "NOT_FOUND", "UNKNOWN_OBJECT")
}

// hits returns how many keys, apps and subscriptions a preview counts.
func hits(a *servertest.Answer, preview string) []int {
	return []int{a.Number(preview, "credentialCount"), a.Number(preview, "appCount"), a.Number(preview, "productSubscriptionCount")}
}
