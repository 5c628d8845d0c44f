// Package gateways tests calls through real gateways: the built program, the
// configurations of deploy/gateways in the programs that they are for, and a small API
// behind them.
package gateways

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// vars are the input of a request.
type vars = servertest.Vars

const organization = "edge"

// world is an organization with the two products that the configurations
// guard, and the program that serves it.
type world struct {
	server     *servertest.Server
	admin, dev *servertest.Client
	// ids
	rates, generous, tight, places, free string
	// sunset is when geocoding, which is deprecated, will be retired.
	sunset time.Time
}

func newWorld(t *testing.T, databaseURL string) *world {
	t.Helper()
	w := &world{server: servertest.Start(t, databaseURL)}
	w.server.Run(t, "", "org", "create", "--slug", organization, "--name", "Edge")
	w.server.Run(t, servertest.UserPassword+"\n", "user", "create", "--organization", organization, "--email", "admin@edge.example", "--name", "Admin")
	w.admin = w.server.SignInWith(t, "admin@edge.example", servertest.UserPassword)
	account := w.admin.Do(t, "createAccount", vars{"name": "Acme"}, `account { id }`).Text("createAccount", "account", "id")
	w.admin.Do(t, "createUser", vars{"name": "Developer", "email": "dev@edge.example", "password": servertest.UserPassword,
		"accountId": account, "membershipRole": "OWNER"}, `user { id }`)
	w.dev = w.server.SignInWith(t, "dev@edge.example", servertest.UserPassword)
	w.rates = w.newProduct(t, "currency-rates")
	w.generous = w.newPlan(t, w.rates, vars{"name": "Generous"})
	w.tight = w.newPlan(t, w.rates, vars{"name": "Tight", "rateLimit": vars{"limit": 2, "per": "HOUR"}})
	w.places = w.newProduct(t, "geocoding")
	w.free = w.newPlan(t, w.places, vars{"name": "Free"})
	w.sunset = time.Now().UTC().Truncate(time.Second).AddDate(1, 0, 0)
	w.admin.Do(t, "deprecateProduct", vars{"productId": w.places}, `product { id }`)
	w.admin.Do(t, "retireProduct", vars{"productId": w.places, "at": w.sunset.Format(time.RFC3339)}, `product { id }`)
	return w
}

func (w *world) newProduct(t *testing.T, name string) string {
	t.Helper()
	return w.admin.Do(t, "createProduct", vars{"name": name, "approval": "AUTO"}, `product { id }`).Text("createProduct", "product", "id")
}

func (w *world) newPlan(t *testing.T, product string, plan vars) string {
	t.Helper()
	plan["productId"] = product
	id := w.admin.Do(t, "createPlan", plan, `plan { id }`).Text("createPlan", "plan", "id")
	w.admin.Do(t, "updateProduct", vars{"productId": product, "status": "PUBLISHED"}, `product { id }`)
	return id
}

// app is an app that is registered with currency-rates, and its key.
type app struct{ id, credential, key string }

func (w *world) newApp(t *testing.T, plan string) app {
	t.Helper()
	return w.newAppOf(t, w.rates, plan)
}

// newAppOf makes an app that is registered with a product.
func (w *world) newAppOf(t *testing.T, product, plan string) app {
	t.Helper()
	a := w.dev.Do(t, "createApp", vars{"name": t.Name()}, `app { id } credential { id } secret { rawKey }`)
	out := app{a.Text("createApp", "app", "id"), a.Text("createApp", "credential", "id"), a.Text("createApp", "secret", "rawKey")}
	require.NotEmpty(t, out.key)
	w.dev.Do(t, "register", vars{"appId": out.id, "productId": product, "planId": plan}, `productSubscription { id }`)
	return out
}

// setup is the settings of a gateway.
type setup struct {
	gate     string // host:port
	token    string
	upstream string // host:port
	cors     bool   // with the lines marked #cors
}

// filled returns a configuration of deploy/gateways with its ${VARIABLES} replaced.
func (s setup) filled(t *testing.T, name string, values map[string]string) string {
	t.Helper()
	return os.Expand(s.text(t, name), func(variable string) string {
		if value, known := values[variable]; known {
			return value
		}
		return "$" + variable // nginx has variables of its own
	})
}

// text returns a configuration of deploy/gateways, as it is or with the lines that are
// marked #cors.
func (s setup) text(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/gateways/" + name)
	require.NoError(t, err)
	if !s.cors {
		return string(text)
	}
	return strings.ReplaceAll(string(text), "#cors ", "")
}
