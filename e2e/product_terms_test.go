package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

const (
	acceptedFields = `productSubscription { id status acceptedTerms { version acceptedBy { name } } termsToAccept { version url } }`
	dueTerms       = `query($id: ID!) { productSubscription(id: $id) { status acceptedTerms { version } termsToAccept { version } } }`
)

// productTerms tests that who registers an app accepts the terms of the product, each version
// anew, and that subscriptions go on meanwhile.
func productTerms(t *testing.T, s *servertest.Server) {
	c, other := newActors(t, s, "bound"), newActors(t, s, "bound-other")
	product, plan := c.newProduct(t, "bound", "AUTO")
	setTerms := func(version string) {
		c.admin.Do(t, "updateProduct", vars{"productId": product, "terms": vars{"version": version, "url": "https://terms.example/" + version}}, `product { terms { version } }`)
	}
	setTerms("2026-01")
	for field, in := range map[string]vars{
		"terms.url":     {"terms": vars{"version": "1", "url": "javascript:alert(1)"}},
		"terms.version": {"terms": vars{"version": " ", "url": "https://terms.example"}},
		"logoUrl":       {"logoUrl": "http://one.example/logo.svg"},
		"summary":       {"summary": strings.Repeat("a", 201)},
	} {
		in["productId"] = product
		code := map[string]string{"terms.version": "REQUIRED", "summary": "TOO_LONG"}[field]
		if code == "" {
			code = "INVALID"
		}
		requireProblem(t, c.admin.Ask(t, "updateProduct", in, `product { id }`), "updateProduct", code, field)
	}
	seen := c.dev.Must(t, `query($id: ID!) { product(id: $id) { summary logoUrl terms { version url } } }`, vars{"id": product})
	require.Equal(t, "https://terms.example/2026-01", seen.Text("product", "terms", "url"))

	app, _ := c.newApp(t, "Bound")
	in := func(version any) vars {
		out := vars{"appId": app, "productId": product, "planId": plan}
		if version != nil {
			out["acceptedTermsVersion"] = version
		}
		return out
	}
	requireProblem(t, c.dev.Ask(t, "register", in(nil), acceptedFields), "register", "REQUIRED", "acceptedTermsVersion")
	requireProblem(t, c.dev.Ask(t, "register", in("2025-12"), acceptedFields), "register", "INVALID", "acceptedTermsVersion")
	requireProblem(t, c.admin.Ask(t, "register", in("2026-01"), acceptedFields), "register", "NOT_ALLOWED", "acceptedTermsVersion")
	registered := c.dev.Do(t, "register", in("2026-01"), acceptedFields)
	id := registered.Text("register", "productSubscription", "id")
	require.Equal(t, []any{"2026-01", nil}, []any{registered.At("register", "productSubscription", "acceptedTerms", "version"), registered.At("register", "productSubscription", "termsToAccept")})
	require.NotNil(t, registered.At("register", "productSubscription", "acceptedTerms", "acceptedBy"))

	asked, _ := c.newApp(t, "Asked")
	request := func(version any) vars {
		return vars{"appId": asked, "plans": []any{vars{"productId": product, "planId": plan, "acceptedTermsVersion": version}}}
	}
	requireProblem(t, c.dev.Ask(t, "requestKey", request(nil), `keyRequest { id }`), "requestKey", "REQUIRED", "plans.0.acceptedTermsVersion")
	c.dev.Do(t, "requestKey", request("2026-01"), `keyRequest { id }`)

	setTerms("2026-07")
	due := c.dev.Must(t, dueTerms, vars{"id": id})
	require.Equal(t, []any{"APPROVED", "2026-01", "2026-07"}, []any{due.At("productSubscription", "status"), due.At("productSubscription", "acceptedTerms", "version"), due.At("productSubscription", "termsToAccept", "version")}, "it goes on")
	accept := func(by *servertest.Client, version string) *servertest.Answer {
		return by.Ask(t, "acceptProductTerms", vars{"subscriptionIds": []any{id}, "version": version}, `productSubscriptions { id acceptedTerms { version } termsToAccept { version } }`)
	}
	requireProblem(t, accept(c.dev, "2026-01"), "acceptProductTerms", "INVALID", "version")
	requireError(t, accept(other.dev, "2026-07"), "NOT_FOUND")
	requireReason(t, accept(c.admin, "2026-07"), "FORBIDDEN", "ROLE")
	accepted := accept(c.dev, "2026-07")
	require.Equal(t, []any{"2026-07", nil}, []any{accepted.At("acceptProductTerms", "productSubscriptions", 0, "acceptedTerms", "version"), accepted.At("acceptProductTerms", "productSubscriptions", 0, "termsToAccept")})
	require.Equal(t, []string{"SUBSCRIPTION_TERMS_ACCEPTED", "SUBSCRIPTION_REGISTERED"}, timeline(t, c.dev, id))
}
