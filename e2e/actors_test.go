package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// actors are the users of a story: an administrator, and an account of the story's own
// with its developer.
type actors struct {
	server     *servertest.Server
	admin, dev *servertest.Client
	// account and developer are ids.
	account, developer string
	email              string
}

// newActors creates the account of a story in the organization demo.
func newActors(t *testing.T, s *servertest.Server, name string) *actors {
	t.Helper()
	c := &actors{server: s, admin: s.SignIn(t, "admin@demo.example")}
	c.join(t, name)
	return c
}

// newOrganization creates an organization by the command line, for a story that
// changes its policies; the first administrator signs in.
func newOrganization(t *testing.T, s *servertest.Server, slug string) *actors {
	t.Helper()
	s.Run(t, "", "org", "create", "--slug", slug, "--name", "The organization "+slug)
	email := "admin@" + slug + ".example"
	s.Run(t, servertest.UserPassword+"\n", "user", "create", "--organization", slug, "--email", email, "--name", "First Administrator")
	c := &actors{server: s, admin: s.SignInWith(t, email, servertest.UserPassword)}
	c.join(t, slug)
	return c
}

// join creates the account and its owner.
func (c *actors) join(t *testing.T, name string) {
	t.Helper()
	c.account = c.newAccount(t, name+" account")
	c.email = "developer@" + name + ".example"
	c.developer = c.newUser(t, name+" developer", c.email, c.account, "OWNER")
	c.dev = c.server.SignInWith(t, c.email, servertest.UserPassword)
}

func (c *actors) newAccount(t *testing.T, name string) string {
	t.Helper()
	return c.admin.Do(t, "createAccount", vars{"name": name}, `account { id }`).Text("createAccount", "account", "id")
}

// newUser creates a developer with UserPassword.
func (c *actors) newUser(t *testing.T, name, email, account, role string) string {
	t.Helper()
	return c.admin.Do(t, "createUser", vars{"name": name, "email": email, "password": servertest.UserPassword,
		"accountId": account, "membershipRole": role}, `user { id }`).Text("createUser", "user", "id")
}

// newApp creates an app in the developer's account and returns its id and the id of its
// first credential.
func (c *actors) newApp(t *testing.T, name string) (app, credential string) {
	t.Helper()
	a := c.dev.Do(t, "createApp", vars{"name": name}, `app { id } credential { id }`)
	return a.Text("createApp", "app", "id"), a.Text("createApp", "credential", "id")
}

// register registers an app with a product and returns the subscription's id.
func (c *actors) register(t *testing.T, app, product string) string {
	t.Helper()
	a := c.dev.Do(t, "register", vars{"appId": app, "productId": product}, `productSubscription { id }`)
	return a.Text("register", "productSubscription", "id")
}

// newProduct publishes a product of the story's own, with a plan; approval is
// MANUAL or AUTO.
func (c *actors) newProduct(t *testing.T, name, approval string) (product, plan string) {
	t.Helper()
	product = c.admin.Do(t, "createProduct", vars{"name": name, "title": "Title of " + name, "approval": approval},
		`product { id }`).Text("createProduct", "product", "id")
	plan = c.admin.Do(t, "createPlan", vars{"productId": product, "name": "Free"}, `plan { id }`).Text("createPlan", "plan", "id")
	c.publish(t, product)
	return product, plan
}

func (c *actors) publish(t *testing.T, product string) {
	t.Helper()
	c.admin.Do(t, "updateProduct", vars{"productId": product, "status": "PUBLISHED"}, `product { id }`)
}

// requireError requires one top-level error with this code, which contains the request's
// id and no internals.
func requireError(t *testing.T, a *servertest.Answer, code string) {
	t.Helper()
	require.Equal(t, []string{code}, a.Codes(), a.Raw)
	id := a.Header.Get("X-Request-Id")
	require.NotEmpty(t, id)
	require.Equal(t, id, a.Errors[0].Extensions["requestId"], a.Raw)
	require.Empty(t, a.Leaks(), a.Raw)
}

// requireUnknownField requires the response to a field that the caller's role cannot see.
func requireUnknownField(t *testing.T, a *servertest.Answer) {
	t.Helper()
	require.NotEmpty(t, a.Codes())
	for _, e := range a.Errors {
		require.Equal(t, "BAD_USER_INPUT", e.Code(), a.Raw)
		require.Regexp(t, `^(Unknown type|Cannot query field|Variable "\$[\w.]+" unknown field)`, e.Message)
	}
	require.Nil(t, a.Data)
	require.Empty(t, a.Leaks(), a.Raw)
}

// requireProblem requires one problem of the input with this code and field ("" for none),
// and that nothing was created.
func requireProblem(t *testing.T, a *servertest.Answer, mutation, code, field string) {
	t.Helper()
	require.Empty(t, a.Errors, a.Raw)
	require.Equal(t, []string{code}, a.UserErrors(mutation), a.Raw)
	var path []string
	for _, step := range a.List(mutation, "userErrors", 0, "field") {
		path = append(path, fmt.Sprint(step))
	}
	require.Equal(t, field, strings.Join(path, "."), a.Raw)
	require.NotEmpty(t, a.Text(mutation, "userErrors", 0, "message"))
	require.Empty(t, a.Leaks(), a.Raw)
}

// texts returns one field of every element of a list.
func texts(a *servertest.Answer, field string, path ...any) []string {
	out := []string{}
	for _, one := range a.List(path...) {
		m, _ := one.(map[string]any)
		s, _ := m[field].(string)
		out = append(out, s)
	}
	return out
}

// timeline returns the types of an object's events, newest first.
func timeline(t *testing.T, c *servertest.Client, id string) []string {
	t.Helper()
	a := c.Must(t, `query($id: ID!) { node(id: $id) {
		... on App { timeline(first: 100) { nodes { type } } }
		... on Account { timeline(first: 100) { nodes { type } } }
		... on Credential { timeline(first: 100) { nodes { type } } }
		... on ProductSubscription { timeline(first: 100) { nodes { type } } } } }`, vars{"id": id})
	return texts(a, "type", "node", "timeline", "nodes")
}
