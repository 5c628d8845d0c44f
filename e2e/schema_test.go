package e2e

import (
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// The schema is published at an address of its own: to everybody and each role what it may
// use, to administrators all views, and the same text as the committed files.
func TestPublishedSchemas(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.SQLite(t))
	c := newOrganization(t, s, "contract")
	c.admin.Do(t, "createUser", vars{"name": "Ada", "email": "ada@contract.example", "password": servertest.UserPassword, "role": "APPROVER"}, `user { id }`)
	approver := s.SignInWith(t, "ada@contract.example", servertest.UserPassword)
	file := func(name string) string {
		raw, err := os.ReadFile("../" + name)
		require.NoError(t, err)
		return string(raw)
	}
	whole, portal, staff, public := file("schema.graphql"), file("schema.portal.graphql"), file("schema.approver.graphql"), file("schema.public.graphql")
	for _, x := range []struct {
		who     *servertest.Client
		ask     string
		status  int
		content string
	}{
		{s.Anonymous(), "", 200, public},
		{c.dev, "", 200, portal},
		{approver, "", 200, staff},
		{c.admin, "", 200, whole},
		{c.admin, "?role=portal", 200, portal},
		{c.admin, "?role=approver", 200, staff},
		{c.admin, "?role=admin", 200, whole},
		{c.dev, "?role=anonymous", 200, public},
		{c.dev, "?role=portal", 200, portal},
		{c.dev, "?role=admin", 403, ""},
		{approver, "?role=admin", 403, ""},
		{approver, "?role=portal", 403, ""},
		{s.Anonymous(), "?role=portal", 401, ""},
		{c.admin, "?role=root", 400, ""},
		{c.admin, "?role=admin&role=portal", 400, ""},
		{&servertest.Client{URL: s.URL, Token: "nonsense"}, "", 401, ""},
	} {
		w, body := get(t, http.MethodGet, x.who, "/schema.graphql"+x.ask, "")
		require.Equal(t, x.status, w.StatusCode, "%s: %.200s", x.ask, body)
		if x.status != http.StatusOK {
			require.Equal(t, "application/problem+json", w.Header.Get("Content-Type"))
			continue
		}
		require.Equal(t, x.content, body, x.ask)
		require.Equal(t, "application/graphql; charset=utf-8", w.Header.Get("Content-Type"))
		require.Equal(t, "private, no-cache", w.Header.Get("Cache-Control"))
		require.Contains(t, w.Header.Values("Vary"), "Authorization")
	}

	w, _ := get(t, http.MethodGet, c.dev, "/schema.graphql", "")
	again, body := get(t, http.MethodGet, c.dev, "/schema.graphql", w.Header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.StatusCode)
	require.Empty(t, body)
	other, _ := get(t, http.MethodGet, c.admin, "/schema.graphql", w.Header.Get("ETag"))
	require.Equal(t, http.StatusOK, other.StatusCode)
	head, body := get(t, http.MethodHead, c.dev, "/schema.graphql", "")
	require.Equal(t, http.StatusOK, head.StatusCode)
	require.Empty(t, body)
	post, _ := get(t, http.MethodPost, c.dev, "/schema.graphql", "")
	require.Equal(t, http.StatusMethodNotAllowed, post.StatusCode)
	require.Equal(t, "GET, HEAD, OPTIONS", post.Header.Get("Allow"))
}

// get sends a request without a body, with what If-None-Match is to say.
func get(t testing.TB, method string, by *servertest.Client, path, known string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, by.URL+path, nil)
	require.NoError(t, err)
	if by.Token != "" {
		r.Header.Set("Authorization", "Bearer "+by.Token)
	}
	if known != "" {
		r.Header.Set("If-None-Match", known)
	}
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w, string(body)
}
