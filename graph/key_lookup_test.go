package graph_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/database"
	"portico/internal/testdb"
)

// A credential is looked up by a request's body only, never by a URL, which is
// logged.
func TestCredentialByKeyNeedsPOST(t *testing.T) {
	s := newServer(t, testdb.SQLite(t), database.Options{})
	tenant := s.MustTenant(t, "one")
	account := tenant.Account.GlobalID()
	created := s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AccountID: &account})
	token := s.token(t, tenant.Developer)
	const document = `query($input: CredentialByKeyInput!) { credentialByKey(input: $input) { id rawKeyHint } }`
	a := s.ask(t, token, document, map[string]any{"input": arguments{"key": created.Secret.RawKey}})
	require.Empty(t, a.Errors, a.raw)
	require.Equal(t, map[string]any{"id": created.Credential.GlobalID(), "rawKeyHint": created.Credential.RawKeyHint}, a.Data["credentialByKey"])
	_, err := s.Database.ExecContext(t.Context(), `UPDATE credentials SET raw_key_hint = ''`)
	require.NoError(t, err)
	require.Contains(t, s.ask(t, token, document, map[string]any{"input": arguments{"key": created.Secret.RawKey}}).raw, `"rawKeyHint":null`)

	for _, query := range []string{`{ credentialByKey(input: {key: "x"}) { id } }`, `{ ...F } fragment F on Query { k: credentialByKey(input: {key: "x"}) { id } }`} {
		r := httptest.NewRequest(http.MethodGet, "/graphql?query="+url.QueryEscape(query), nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		require.Equal(t, http.StatusMethodNotAllowed, w.Code, w.Body)
	}
}
