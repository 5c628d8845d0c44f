package e2e

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/nodeid"
)

// foreignIDs returns ids of existing objects that do not belong to the developer's
// account, but to another account or organization, by type.
func foreignIDs(t *testing.T, s *servertest.Server, other *actors) map[nodeid.Kind][]string {
	t.Helper()
	app, credential := other.newApp(t, "Foreign")
	product, _ := other.newProduct(t, "bad-ids", "MANUAL")
	out := map[nodeid.Kind][]string{
		nodeid.App: {app}, nodeid.Credential: {credential}, nodeid.ProductSubscription: {other.register(t, app, product)},
		nodeid.Account: {other.account}, nodeid.User: {other.developer},
	}
	a := s.SignIn(t, "admin@second.example").Must(t, `{ apps(first: 1) { nodes { id credentials(first: 1) { nodes { id } } } } accounts(first: 1) { nodes { id } }
		productSubscriptions(first: 1) { nodes { id } } users(first: 1) { nodes { id } } products(first: 1) { nodes { id } } }`, nil)
	out[nodeid.App] = append(out[nodeid.App], a.Text("apps", "nodes", 0, "id"))
	out[nodeid.Credential] = append(out[nodeid.Credential], a.Text("apps", "nodes", 0, "credentials", "nodes", 0, "id"))
	out[nodeid.Account] = append(out[nodeid.Account], a.Text("accounts", "nodes", 0, "id"))
	out[nodeid.User] = append(out[nodeid.User], a.Text("users", "nodes", 0, "id"))
	out[nodeid.ProductSubscription] = append(out[nodeid.ProductSubscription], a.Text("productSubscriptions", "nodes", 0, "id"))
	out[nodeid.Product] = append(out[nodeid.Product], a.Text("products", "nodes", 0, "id"))
	return out
}

// invalidIDs returns ids that name no object: unknown, of another type, and malformed.
func invalidIDs(k nodeid.Kind) []string {
	good := nodeid.Encode(k, uuid.New())
	return []string{good, nodeid.Encode(k, uuid.Nil), nodeid.Encode(nodeid.Membership, uuid.New()), "", "nonsense", good + "x", good[:len(good)-1],
		strings.ToUpper(good), uuid.NewString(), "app_' OR '1'='1", "app_" + longText(10_000), good + "\x00", strings.Replace(good, "_", "_-", 1), "gid://portico/App/1"}
}

// badIDs compares whole responses: a foreign object has the same response as one that
// does not exist.
func badIDs(t *testing.T, s *servertest.Server) {
	c, other := newActors(t, s, "bad-ids"), newActors(t, s, "bad-ids-other")
	foreign := foreignIDs(t, s, other)
	mine, _ := c.newApp(t, "Mine")
	product, _ := c.newProduct(t, "bad-ids-mine", "MANUAL")

	t.Run("queries", func(t *testing.T) {
		dev := c.dev.As("X-Request-Id", "same")
		for kind, document := range map[nodeid.Kind]string{
			nodeid.App:                 `query($id: ID!) { app(id: $id) { id } node(id: $id) { id } nodes(ids: [$id]) { id } }`,
			nodeid.Product:             `query($id: ID!) { product(id: $id) { id } node(id: $id) { id } nodes(ids: [$id]) { id } }`,
			nodeid.Credential:          `query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } events(where: {subjectId: $id}) { totalCount nodes { id } } }`,
			nodeid.ProductSubscription: `query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } events(where: {subjectId: $id}) { totalCount nodes { id } } }`,
			nodeid.Account:             `query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } events(where: {subjectId: $id}) { totalCount nodes { id } } }`,
			nodeid.User:                `query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } events(where: {subjectId: $id}) { totalCount nodes { id } } }`,
		} {
			requireSameAnswers(t, append(invalidIDs(kind), foreign[kind]...), func(id string) *servertest.Answer { return dev.Must(t, document, vars{"id": id}) })
		}
		requireSameAnswers(t, []string{uuid.NewString(), uuid.NewString(), referenceOf(t, other, foreign[nodeid.App][0])}, func(ref string) *servertest.Answer {
			return dev.Must(t, `query($r: UUID!) { appByReferenceId(referenceId: $r) { id } }`, vars{"r": ref})
		})
	})
	for _, m := range []struct {
		who             *servertest.Client
		mutation, field string
		kind            nodeid.Kind
		input           vars
		selection       string
	}{
		{c.dev, "updateApp", "appId", nodeid.App, vars{"name": "Stolen"}, `app { id }`},
		{c.dev, "deleteApp", "appId", nodeid.App, nil, `deletedAppId`},
		{c.dev, "generateKey", "appId", nodeid.App, nil, `secret { rawKey }`},
		{c.dev, "generateKey", "accountId", nodeid.Account, nil, `secret { rawKey }`},
		{c.dev, "createApp", "accountId", nodeid.Account, vars{"name": "Planted"}, `secret { rawKey }`},
		{c.dev, "updateKey", "credentialId", nodeid.Credential, vars{"name": "Stolen"}, `credential { id }`},
		{c.dev, "revokeKey", "credentialId", nodeid.Credential, nil, `credential { id }`},
		{c.dev, "register", "appId", nodeid.App, vars{"productId": product}, `productSubscription { id }`},
		{c.dev, "register", "productId", nodeid.Product, vars{"appId": mine}, `productSubscription { id }`},
		{c.dev, "withdraw", "subscriptionId", nodeid.ProductSubscription, nil, `productSubscription { id }`},
		{c.dev, "unregister", "subscriptionId", nodeid.ProductSubscription, nil, `productSubscription { id }`},
	} {
		t.Run(m.mutation+" "+m.field, func(t *testing.T) {
			who := m.who.As("X-Request-Id", "same")
			requireSameAnswers(t, append(invalidIDs(m.kind), foreign[m.kind]...), func(id string) *servertest.Answer {
				input := maps.Clone(m.input)
				if input == nil {
					input = vars{}
				}
				input[m.field] = id
				a := who.Ask(t, m.mutation, input, m.selection)
				require.Empty(t, a.Leaks(), a.Raw)
				if m.field == "productId" || m.mutation == "createApp" { // not the target of the mutation
					requireProblem(t, a, m.mutation, "UNKNOWN_REFERENCE", m.field)
				} else {
					requireError(t, a, "NOT_FOUND")
				}
				return a
			})
		})
	}
	t.Run("another organization's administrator", func(t *testing.T) {
		admin := s.SignIn(t, "admin@second.example").As("X-Request-Id", "same")
		for mutation, kind := range map[string]nodeid.Kind{"suspendAccount": nodeid.Account, "deleteAccount": nodeid.Account, "disableUser": nodeid.User,
			"disableKey": nodeid.Credential, "approveSubscription": nodeid.ProductSubscription, "restoreApp": nodeid.App} {
			field := map[nodeid.Kind]string{nodeid.Account: "accountId", nodeid.User: "userId", nodeid.Credential: "credentialId",
				nodeid.ProductSubscription: "subscriptionId", nodeid.App: "appId"}[kind]
			requireSameAnswers(t, append(invalidIDs(kind), foreign[kind][0]), func(id string) *servertest.Answer {
				a := admin.Ask(t, mutation, vars{field: id}, `__typename`)
				requireError(t, a, "NOT_FOUND")
				return a
			})
		}
	})
}

// requireSameAnswers requires identical responses for all ids.
func requireSameAnswers(t *testing.T, ids []string, ask func(id string) *servertest.Answer) {
	t.Helper()
	first := ask(ids[0])
	for _, id := range ids[1:] {
		require.NotEmpty(t, first.Raw)
		require.Equal(t, first.Raw, ask(id).Raw, "%.60q", id)
	}
}

func referenceOf(t *testing.T, c *actors, app string) string {
	t.Helper()
	ref := c.dev.Must(t, `query($id: ID!) { app(id: $id) { referenceId } }`, vars{"id": app}).Text("app", "referenceId")
	require.NotEmpty(t, ref)
	return ref
}
