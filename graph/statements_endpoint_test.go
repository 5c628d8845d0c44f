package graph_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/database"
	"portico/internal/input"
	"portico/internal/testdb"
)

// Endpoints are read for a whole page at once, however they are reached: a page
// of many apps costs no more statements than a page of one.
func TestEndpointsAreReadTogether(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var c counter
		s := newServer(t, url, database.Options{OnStatement: c.note})
		tenant := s.MustTenant(t, "ends")
		for i := range 6 {
			p, plan := s.MustProduct(t, tenant.Admin, fmt.Sprint("product-", i))
			var ids []string
			for n := range i + 2 {
				created, err := s.Portal.Catalog.CreateEndpoint(tenant.Admin, catalog.CreateEndpointInput{ProductID: p.GlobalID(), Method: access.MethodGet, Path: fmt.Sprint("/", n)})
				require.NoError(t, err)
				ids = append(ids, created.GlobalID())
			}
			for range i%3 + 1 {
				app := s.MustApp(t, tenant.Developer, fmt.Sprint("app", i)).App
				sub := s.MustRegister(t, tenant.Developer, app, p, plan)
				narrow := apps.UpdateSubscriptionEndpointsInput{SubscriptionID: sub.GlobalID(), EndpointIDs: input.Patch[[]string]{Set: true}}
				if ids := ids[:1+i%2]; i > 2 {
					narrow.EndpointIDs.Value = &ids
				}
				_, err := s.Portal.Apps.UpdateSubscriptionEndpoints(tenant.Developer, narrow)
				require.NoError(t, err)
				_, err = s.Portal.Apps.Approve(tenant.Admin, sub.GlobalID(), nil)
				require.NoError(t, err)
			}
		}
		for name, ctx := range map[string]context.Context{"developer": tenant.Developer, "administrator": tenant.Admin} {
			token := s.token(t, ctx)
			for document, most := range map[string]int{
				// viewer, apps, endpoints, product of an endpoint
				`query($n: Int) { apps(first: $n) { nodes { connectedEndpoints(first: 3) { totalCount nodes { method path product { name } } } } } }`: 4,
				// viewer, apps, subscriptions, endpoints
				`query($n: Int) { apps(first: $n) { nodes { productSubscriptions { nodes { narrowed endpoints(first: 3) { totalCount nodes { path } pageInfo { hasNextPage } } } } } } }`: 4,
				// viewer, products, endpoints
				`query($n: Int) { products(first: $n) { nodes { keyless enforceEndpoints endpoints(last: 2) { totalCount nodes { path viewerCan { update { allowed } } } } } } }`: 3,
			} {
				ask := func(n int) []string {
					return c.during(func() {
						a := s.ask(t, token, document, map[string]any{"n": n})
						require.Empty(t, a.Errors, a.raw)
						require.NotContains(t, a.raw, `"totalCount":0`)
					})
				}
				one, many := ask(1), ask(50)
				require.LessOrEqual(t, len(many), most, "%s:\n%s", name, strings.Join(many, "\n"))
				require.Len(t, one, len(many), name)
			}
		}
	})
}

// A burst that is too small is distinguished from one that is left out.
func TestABurstIsAtLeastOne(t *testing.T) {
	s := newServer(t, testdb.SQLite(t), database.Options{})
	tenant := s.MustTenant(t, "burst")
	product, _ := s.MustProduct(t, tenant.Admin, "orders")
	account := tenant.Account.GlobalID()
	credentialID := s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AccountID: &account}).Credential.GlobalID()
	for name, in := range map[string]arguments{
		"createPlan": {"productId": product.GlobalID(), "name": "bursting"}, "updateKey": {"credentialId": credentialID}, "generateKey": {"accountId": account},
	} {
		object := map[string]string{"createPlan": "plan"}[name]
		if object == "" {
			object = "credential"
		}
		ask := func(rate arguments) answer {
			in["rateLimit"] = rate
			return s.ask(t, s.token(t, tenant.Admin), mutation(name, object+" { rateLimit { limit burst } } userErrors { code field }"), map[string]any{"input": in})
		}
		a := ask(arguments{"limit": 7, "per": "SECOND", "burst": 0})
		require.JSONEq(t, `{"`+name+`":{"`+object+`":null,"userErrors":[{"code":"INVALID","field":["rateLimit","burst"]}]}}`, a.data(t))
		for _, rate := range []arguments{{"limit": 7, "per": "SECOND"}, {"limit": 7, "per": "SECOND", "burst": nil}} {
			if in["name"] != nil {
				in["name"] = fmt.Sprint("plan ", len(rate))
			}
			a = ask(rate)
			require.JSONEq(t, `{"`+name+`":{"`+object+`":{"rateLimit":{"limit":7,"burst":7}},"userErrors":[]}}`, a.data(t))
		}
	}
}
