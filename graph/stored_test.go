package graph_test

import (
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/database"
	"portico/internal/testdb"
)

// A credential that is stored with a status that the schema does not have is
// shown as revoked everywhere, stays so, and is explained so.
func TestUnknownStoredStatusReadsAsRevoked(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newServer(t, url, database.Options{})
		tenant := s.MustTenant(t, "old")
		created := s.MustApp(t, tenant.Developer, "Shop")
		app, end := created.App.GlobalID(), s.Clock.Now().Add(time.Hour)
		expiring := s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AppID: &app, ExpiresAt: &end}).Credential
		statement := `PRAGMA ignore_check_constraints = 1; UPDATE credentials SET status = 'UNHEARD_OF'; PRAGMA ignore_check_constraints = 0`
		if s.Database.Dialect() == dialect.Postgres {
			statement = `ALTER TABLE credentials DROP CONSTRAINT credentials_status; UPDATE credentials SET status = 'UNHEARD_OF'`
		}
		_, err := s.Database.ExecContext(t.Context(), statement)
		require.NoError(t, err)
		s.Clock.Advance(2 * time.Hour)
		token, admin := s.token(t, tenant.Developer), s.token(t, tenant.Admin)

		a := s.ask(t, token, `query($id: ID!) { app(id: $id) {
			all: credentials { nodes { status enabled viewerCan { update { allowed } revoke { allowed } } } }
			revoked: credentials(where: {status: [REVOKED]}) { totalCount }
			others: credentials(where: {status: [ACTIVE, UNCOLLECTED, DISABLED, EXPIRED]}) { totalCount }
			keyCounts { total active uncollected disabled expired revoked } } }`, map[string]any{"id": app})
		no := map[string]any{"allowed": false}
		row := map[string]any{"status": "REVOKED", "enabled": false, "viewerCan": map[string]any{"update": no, "revoke": no}}
		require.Empty(t, a.Errors, a.raw)
		require.Equal(t, map[string]any{
			"all":     map[string]any{"nodes": []any{row, row}},
			"revoked": map[string]any{"totalCount": 2.0}, "others": map[string]any{"totalCount": 0.0},
			"keyCounts": map[string]any{"total": 2.0, "active": 0.0, "uncollected": 0.0, "disabled": 0.0, "expired": 0.0, "revoked": 2.0},
		}, a.Data["app"])

		for _, credentialID := range []string{created.Credential.GlobalID(), expiring.GlobalID()} {
			b := s.ask(t, admin, `mutation($id: ID!) { enableKey(input: {credentialId: $id}) { credential { status } userErrors { code } } }`, map[string]any{"id": credentialID})
			require.Contains(t, b.raw, `"KEY_REVOKED"`)
			c := s.ask(t, token, `query($id: ID!) { explainAccess(input: {credentialId: $id}) { valid code } }`, map[string]any{"id": credentialID})
			require.Contains(t, c.raw, `{"valid":false,"code":"REVOKED"}`)
		}
	})
}

// A key that nobody has collected is shown as that, also past the time at which it would
// expire, can be revoked and nothing else, and is explained as one that no gateway knows.
func TestAnUncollectedKeyIsShownAsThat(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		request := w.keyApproved()
		a := w.askAs("developer", `query($id: ID!) { keyRequest(id: $id) { app { id } credential { id status enabled secretHint expiresAt viewerCan { update { allowed } enable { allowed } revoke { allowed } } } } }`, map[string]any{"id": request})
		require.Empty(t, a.Errors, a.raw)
		key, _ := dig(a.Data, "keyRequest.credential.id")
		app, _ := dig(a.Data, "keyRequest.app.id")
		require.Contains(t, a.raw, `"status":"UNCOLLECTED","enabled":false`)
		require.Contains(t, a.raw, `"enable":{"allowed":false},"revoke":{"allowed":true}`)
		a = w.askAs("developer", `query($id: ID!) { app(id: $id) { credentials(where: {status: [UNCOLLECTED]}) { nodes { id } } others: credentials(where: {status: [ACTIVE, DISABLED, EXPIRED, REVOKED]}) { totalCount }
			keyCounts { total active uncollected disabled expired revoked } } }`, map[string]any{"id": app})
		require.Empty(t, a.Errors, a.raw)
		require.Equal(t, map[string]any{
			"credentials": map[string]any{"nodes": []any{map[string]any{"id": key}}}, "others": map[string]any{"totalCount": 1.0}, // the app's first
			"keyCounts": map[string]any{"total": 2.0, "active": 1.0, "uncollected": 1.0, "disabled": 0.0, "expired": 0.0, "revoked": 0.0},
		}, a.Data["app"])
		a = w.askAs("developer", `query($id: ID!) { explainAccess(input: {credentialId: $id}) { valid code } }`, map[string]any{"id": key})
		require.Contains(t, a.raw, `{"valid":false,"code":"NOT_FOUND"}`)
		w.mustSucceed("developer", "revokeKey", arguments{"credentialId": key}, "credential { status }")
		a = w.askAs("developer", mutation("collectKey", "secret { rawKey } userErrors { code }"), map[string]any{"input": arguments{"keyRequestId": request}})
		require.Contains(t, a.raw, `"secret":null,"userErrors":[{"code":"WRONG_STATUS"}]`)
	})
}
