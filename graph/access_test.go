package graph_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/testdb"
)

const explanation = `query($input: ExplainAccessInput!) { explainAccess(input: $input) {
  code valid failed { code passed detail remedy } steps { code passed remedy } limits { rate { limit } quota { limit remaining resetsAt } } } }`

// explainAccess returns what the gateway would be answered, without taking from
// limits or counting a call.
func TestExplanations(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newServer(t, url, database.Options{})
		tenant := s.MustTenant(t, "why")
		product, _ := s.MustProduct(t, tenant.Admin, "orders")
		plan := s.quotaPlan(t, tenant.Admin, product)
		app := s.MustApp(t, tenant.Developer, "app").App
		id := app.GlobalID()
		expires := s.Clock.Now().AddDate(0, 1, 0)
		credentialID := s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AppID: &id, ExpiresAt: &expires}).Credential.GlobalID()
		sub := s.MustRegister(t, tenant.Developer, app, product, plan)
		token := s.token(t, tenant.Developer)
		ask := func(more arguments) (explained map[string]any, code string) {
			in := arguments{"credentialId": credentialID, "product": "orders"}
			for k, v := range more {
				in[k] = v
			}
			a := s.ask(t, token, explanation, map[string]any{"input": in})
			require.Empty(t, a.Errors, a.raw)
			e := a.Data["explainAccess"].(map[string]any)
			steps := e["steps"].([]any)
			require.NotEmpty(t, steps)
			for i, x := range steps {
				step := x.(map[string]any)
				require.Equal(t, step["passed"], step["remedy"] == nil, a.raw)
				require.Equal(t, i < len(steps)-1 || e["valid"] == true, step["passed"], a.raw)
			}
			if e["valid"] != true {
				require.Equal(t, e["code"], e["failed"].(map[string]any)["code"], a.raw)
				require.NotEmpty(t, e["failed"].(map[string]any)["remedy"])
			}
			return e, e["code"].(string)
		}
		_, code := ask(nil)
		require.Equal(t, "WAITING", code)
		_, err := s.Portal.Apps.Approve(tenant.Admin, sub.GlobalID(), nil)
		require.NoError(t, err)
		for range 2 {
			e, code := ask(nil)
			require.Equal(t, "VALID", code)
			require.Nil(t, e["failed"])
			require.Equal(t, map[string]any{"rate": nil, "quota": map[string]any{"limit": 1000.0, "remaining": 1000.0, "resetsAt": "2026-04-01T00:00:00Z"}}, e["limits"])
		}
		for want, more := range map[string]arguments{
			"EXPIRED":           {"at": expires.Format("2006-01-02T15:04:05Z07:00")},
			"WRONG_ENVIRONMENT": {"environment": "PRODUCTION"},
			"NOT_SUBSCRIBED":    {"product": "unheard-of"},
		} {
			_, code := ask(more)
			require.Equal(t, want, code)
		}
		_, code = ask(arguments{"app": "not-its-app"})
		require.Equal(t, "NOT_SUBSCRIBED", code)
		_, err = s.Portal.Apps.UpdateKey(tenant.Developer, apps.UpdateKeyInput{CredentialID: credentialID, AllowedAddresses: input.Patch[[]string]{Set: true, Value: &[]string{"192.0.2.0/24"}}})
		require.NoError(t, err)
		for address, want := range map[string]string{"192.0.2.7": "VALID", "::ffff:192.0.2.7": "VALID", "203.0.113.7": "IP_NOT_ALLOWED", "2001:db8::1": "IP_NOT_ALLOWED"} {
			_, code := ask(arguments{"address": address})
			require.Equal(t, want, code, address)
		}
		_, err = s.Portal.Apps.RevokeKey(tenant.Developer, credentialID, nil, nil)
		require.NoError(t, err)
		_, code = ask(nil)
		require.Equal(t, "REVOKED", code)

		s.calls.flush(t)
		for _, table := range []string{"usage_minutes", "quota_counts"} {
			var n int
			require.NoError(t, s.Database.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
			require.Zero(t, n, table)
		}
	})
}

// A product that is hidden from the viewer is answered like a name that does not
// exist, except for the name itself.
func TestExplanationsHideHiddenProducts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newServer(t, url, database.Options{})
		tenant, otherTenant := s.MustTenant(t, "why"), s.MustTenant(t, "else")
		make := func(admin context.Context, name string, status domain.ProductStatus, keyless bool) {
			product, _ := s.MustProduct(t, admin, name)
			yes := true
			_, err := s.Portal.Catalog.UpdateProduct(admin, catalog.UpdateProductInput{ProductID: product.GlobalID(),
				Keyless: input.Patch[bool]{Set: true, Value: &keyless}, EnforceEndpoints: input.Patch[bool]{Set: true, Value: &yes}})
			require.NoError(t, err)
			_, err = s.Database.ExecContext(t.Context(), `UPDATE products SET status = $1 WHERE id = $2`, status, product.ID)
			require.NoError(t, err)
		}
		make(tenant.Admin, "draftone", domain.Draft, false)
		make(tenant.Admin, "draftkey", domain.Draft, true)
		make(tenant.Admin, "retired1", domain.Retired, true)
		make(tenant.Admin, "hidden01", domain.Published, true)
		_, err := s.Database.ExecContext(t.Context(), `UPDATE products SET visibility = 'PRIVATE' WHERE name = 'hidden01'`)
		require.NoError(t, err)
		make(otherTenant.Admin, "foreign1", domain.Published, true)
		account := tenant.Account.GlobalID()
		s.MustApp(t, tenant.Developer, "app")
		credentialID := s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AccountID: &account}).Credential.GlobalID()
		ask := func(token, name string, more arguments) string {
			in := arguments{"credentialId": credentialID, "product": name}
			for k, v := range more {
				in[k] = v
			}
			a := s.ask(t, token, `query($input: ExplainAccessInput!) { explainAccess(input: $input) {
				code valid steps { code passed detail remedy } limits { rate { limit } quota { limit } } } }`, map[string]any{"input": in})
			return strings.ReplaceAll(a.raw, name, "NAME")
		}
		for _, more := range []arguments{nil, {"path": "/", "method": "GET"}, {"environment": "PRODUCTION"}, {"app": "none"}} {
			developer, admin := s.token(t, tenant.Developer), s.token(t, tenant.Admin)
			unknown := ask(developer, "unknown1", more)
			for _, name := range []string{"draftone", "draftkey", "retired1", "hidden01", "foreign1"} {
				require.Equal(t, unknown, ask(developer, name, more), name)
			}
			require.Equal(t, ask(admin, "unknown1", more), ask(admin, "foreign1", more))
		}
	})
}

// Input that cannot describe a call is refused before the gateway is asked.
func TestInvalidExplanations(t *testing.T) {
	s := newServer(t, testdb.SQLite(t), database.Options{})
	tenant := s.MustTenant(t, "why")
	account := tenant.Account.GlobalID()
	credentialID := s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AccountID: &account}).Credential.GlobalID()
	long := string(make([]byte, 3000))
	for name, more := range map[string]arguments{
		"an address that is none": {"address": "localhost"}, "an empty address": {"address": ""},
		"a long path": {"path": long}, "a long product": {"product": long}, "control characters": {"method": "GET\r\nX: y"},
	} {
		in := arguments{"credentialId": credentialID}
		for k, v := range more {
			in[k] = v
		}
		a := s.ask(t, s.token(t, tenant.Admin), explanation, map[string]any{"input": in})
		require.Len(t, a.Errors, 1, "%s: %s", name, a.raw)
		require.Equal(t, "BAD_USER_INPUT", a.Errors[0].Extensions["code"], name)
	}
	for _, id := range []string{account, madeUp(credentialID), "", "' OR 1=1 --"} {
		a := s.ask(t, s.token(t, tenant.Admin), explanation, map[string]any{"input": arguments{"credentialId": id, "environment": access.Production}})
		require.Len(t, a.Errors, 1, a.raw)
		require.Equal(t, "NOT_FOUND", a.Errors[0].Extensions["code"], id)
	}
}

// An administrator sees which servers have not applied a revocation yet; a
// developer sees nothing of servers.
func TestEnforcement(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newServer(t, url, database.Options{})
		tenant := s.MustTenant(t, "reach")
		account := tenant.Account.GlobalID()
		credentialID := s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AccountID: &account}).Credential.GlobalID()
		s.serve(t, tenant.Organization.ID, "idle", -1)
		ask := func() map[string]any {
			a := s.ask(t, s.token(t, tenant.Admin), `query($id: ID!) { node(id: $id) { ... on Credential { enforcement { revision appliedBy pending lagMs } } } }`, map[string]any{"id": credentialID})
			require.Empty(t, a.Errors, a.raw)
			return a.Data["node"].(map[string]any)["enforcement"].(map[string]any)
		}
		before := ask()
		require.Equal(t, []any{"idle"}, before["appliedBy"])
		require.Equal(t, []any{}, before["pending"])
		require.EqualValues(t, 0, before["lagMs"])
		s.serve(t, tenant.Organization.ID, "edge", int64(before["revision"].(float64)))
		require.Equal(t, []any{"edge", "idle"}, ask()["appliedBy"])
		_, err := s.Portal.Apps.RevokeKey(tenant.Developer, credentialID, nil, nil)
		require.NoError(t, err)
		s.Clock.Advance(1500 * time.Millisecond)
		after := ask()
		require.Greater(t, after["revision"], before["revision"])
		require.Equal(t, []any{"idle"}, after["appliedBy"])
		require.Equal(t, []any{"edge"}, after["pending"])
		require.EqualValues(t, 1500, after["lagMs"])
	})
}
