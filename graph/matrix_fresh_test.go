package graph_test

import (
	"context"
	"github.com/stretchr/testify/require"

	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// What a play needs is created anew for each viewer, so that one viewer's
// success does not make another one fail.

// newUser is the input for a new developer of the developer's account.
func newUser(w *world, _ string) input {
	return input{"name": "New", "email": w.name("new") + "@one.example", "password": portaltest.Password, "accountId": w.ids["account"]}
}

// ownAppInput is the input for an app of the viewer's own: a developer's account
// is the active one, an administrator has to name it.
func ownAppInput(w *world, who string) input {
	in := input{"name": "one's own"}
	switch who {
	case "admin":
		in["accountId"] = w.ids["account"]
	case "foreign":
		in["accountId"] = w.ids["foreign account"]
	}
	return in
}

// ownApp creates an app that the viewer may do everything with; viewers without
// an account get the developer's.
func (w *world) ownApp(who string) string {
	if _, ok := w.people[who]; !ok {
		who = "developer"
	}
	return w.make(who, "createApp", ownAppInput(w, who), "app")
}

func (w *world) freshApp() string { return w.ownApp("developer") }

func (w *world) deletedApp() string {
	id := w.freshApp()
	_, err := w.Portal.DeleteApp(w.as("developer"), id, nil)
	require.NoError(w.t, err)
	return id
}

func (w *world) freshKey() string {
	return w.make("developer", "generateKey", input{"appId": w.ids["app"]}, "credential")
}

func (w *world) freshAccountKey() string {
	return w.make("developer", "generateKey", input{"accountId": w.ids["account"]}, "credential")
}

func (w *world) disabledKey() string {
	return w.make("admin", "disableKey", input{"credentialId": w.freshKey()}, "credential")
}

func (w *world) waiting() string {
	return w.make("developer", "register", input{"appId": w.freshApp(), "productId": w.ids["product"]}, "productSubscription")
}

func (w *world) approved() string {
	return w.make("admin", "approveSubscription", input{"subscriptionId": w.waiting()}, "productSubscription")
}

func (w *world) suspended() string {
	return w.make("admin", "suspendSubscription", input{"subscriptionId": w.approved()}, "productSubscription")
}

func (w *world) freshAccount() string {
	return w.make("admin", "createAccount", input{"name": w.name("account")}, "account")
}

func (w *world) suspendedAccount() string {
	return w.make("admin", "suspendAccount", input{"accountId": w.freshAccount()}, "account")
}

func (w *world) freshUser() string {
	return w.make("admin", "createUser", newUser(w, ""), "user")
}

func (w *world) disabledUser() string {
	return w.make("admin", "disableUser", input{"userId": w.freshUser()}, "user")
}

func (w *world) freshProduct() string {
	return w.make("admin", "createProduct", input{"name": w.name("product")}, "product")
}

func (w *world) freshPlan() string {
	return w.make("admin", "createPlan", input{"productId": w.freshProduct(), "name": "free"}, "plan")
}

func (w *world) freshEndpoint() string {
	return w.make("admin", "createEndpoint", input{"productId": w.freshProduct(), "method": "GET", "path": "/orders"}, "endpoint")
}

// freshPerson creates a person in the same role and account as the viewer, whose
// password may change.
func (w *world) freshPerson(who string) (string, viewer.Viewer) {
	var ctx context.Context
	switch who {
	case "developer":
		ctx = w.MustDeveloper(w.t, w.one.Admin, w.one.Account)
	case "other":
		ctx = w.MustDeveloper(w.t, w.one.Admin, w.globex)
	case "admin":
		ctx = w.MustAdmin(w.t, w.one.Organization)
	case "foreign":
		ctx = w.MustAdmin(w.t, w.two.Organization)
	default:
		return w.tokens[who], viewer.Viewer{}
	}
	return w.token(w.t, ctx), viewer.Current(ctx)
}
