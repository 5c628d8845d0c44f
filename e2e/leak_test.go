package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/mail/mailtest"
	"portico/internal/testdb"
)

// posted is an answer to a request that is no GraphQL.
type posted struct {
	status int
	header http.Header
	raw    string
}

// postTo sends a body with headers.
func postTo(t *testing.T, url, body string, headers ...string) posted {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Origin", "https://elsewhere.example")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer w.Body.Close()
	raw, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	require.Empty(t, w.Header.Get("Access-Control-Allow-Origin"))
	return posted{w.StatusCode, w.Header, string(raw)}
}

// Whoever holds a key ends it at once, and neither the log nor the answers show it.
func TestStory_RevokeByPossession(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		s := servertest.Start(t, url, "PORTICO_LOG_LEVEL=debug")
		c := newActors(t, s, "held")
		gateway := newGatewayClient(t, s, "demo", "held")
		app, _ := c.newApp(t, "Held")
		id, raw := c.newKey(t, app)
		gateway.requireSoon(t, "VALID", raw, "")
		revoke := func(headers ...string) posted { return postTo(t, s.URL+"/v1/revoke", "", headers...) }
		for range 2 {
			out := revoke("Authorization", "Bearer "+raw)
			require.Equal(t, http.StatusNoContent, out.status, out.raw)
			require.Equal(t, "REVOKED", gateway.code(t, raw, ""), "at once")
		}
		shown := c.dev.Must(t, `query($id: ID!) { node(id: $id) { ... on Credential { status revokedReason timeline { nodes { type actor { role name user { id } } } } } } }`, vars{"id": id})
		require.Equal(t, []string{"REVOKED", "KEY_COMPROMISE"}, []string{shown.Text("node", "status"), shown.Text("node", "revokedReason")})
		require.Equal(t, []string{"CREDENTIAL_REVOKED", "CREDENTIAL_CREATED"}, texts(shown, "type", "node", "timeline", "nodes"))
		require.Equal(t, "Whoever held the key", shown.Text("node", "timeline", "nodes", 0, "actor", "name"))
		require.Nil(t, shown.At("node", "timeline", "nodes", 0, "actor", "role"))

		_, other := c.newKey(t, app)
		wrong := revoke("X-API-Key", other[:len(other)-1]+"_")
		require.Equal(t, http.StatusBadRequest, wrong.status, wrong.raw)
		unknown := revoke("Authorization", "Basic MDAwMDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAwOjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMA==")
		require.Equal(t, http.StatusUnauthorized, unknown.status, unknown.raw)
		require.Equal(t, http.StatusBadRequest, revoke().status)
		require.Equal(t, "VALID", gateway.code(t, other, ""))
		for _, secret := range []string{raw, other} {
			require.NotContains(t, s.Log()+wrong.raw+unknown.raw, secret)
		}
	})
}

// scanner is a programme that scans for secrets.
type scanner struct {
	key  *ecdsa.PrivateKey
	keys *httptest.Server
}

func newScanner(t *testing.T) *scanner {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	raw, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw})
	s := &scanner{key: key, keys: httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(vars{"public_keys": []vars{{"key_identifier": "of the test", "key": string(text), "is_current": true}}})
	}))}
	t.Cleanup(s.keys.Close)
	return s
}

// report sends what was found.
func (s *scanner) report(t *testing.T, url string, found ...vars) posted {
	t.Helper()
	body, err := json.Marshal(found)
	require.NoError(t, err)
	hash := sha256.Sum256(body)
	signature, err := ecdsa.SignASN1(rand.Reader, s.key, hash[:])
	require.NoError(t, err)
	return postTo(t, url+"/v1/secret-scanning", string(body), "Github-Public-Key-Identifier", "of the test", "Github-Public-Key-Signature", base64.StdEncoding.EncodeToString(signature))
}

// A key that anybody, or a programme, finds is revoked, and its owner sees where it was
// found; the finder learns nothing.
func TestStory_LeakedKeys(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		scanner, letters := newScanner(t), mailtest.Start(t, mailtest.Options{})
		s := servertest.Start(t, url, append(mailSettings(letters.Address), "PORTICO_LOG_LEVEL=debug", "PORTICO_SECRET_SCANNING_KEYS_URL="+scanner.keys.URL)...)
		c := newActors(t, s, "leaky")
		app, _ := c.newApp(t, "Leaky")
		id, raw := c.newKey(t, app)
		anyone := s.Anonymous()
		report := func(key string) string {
			a := anyone.Do(t, "reportLeakedKey", vars{"key": key, "url": "https://paste.example/1", "note": "Line 7."}, ``)
			return requestID.ReplaceAllString(a.Raw, "")
		}
		const unknown = "00000000-0000-4000-8000-000000000000:00000000-0000-4000-8000-000000000000"
		require.Equal(t, report(unknown), report(raw), "whether there is such a key is not told")
		requireProblem(t, anyone.Ask(t, "reportLeakedKey", vars{"key": raw[1:]}, ``), "reportLeakedKey", "INVALID", "key")
		const asked = `query($id: ID!) { node(id: $id) { ... on Credential { status timeline { nodes { type reason actor { name } changes { field after } } } } } }`
		revoked := func(id string) *servertest.Answer {
			var shown *servertest.Answer
			require.Eventually(t, func() bool {
				shown = c.dev.Must(t, asked, vars{"id": id})
				// The key and its timeline are read one after the other, and may be of different moments.
				return shown.Text("node", "status") == "REVOKED" && len(shown.List("node", "timeline", "nodes")) > 1
			}, waitForOthers, pollOthers)
			return shown
		}
		shown := revoked(id)
		require.Equal(t, []string{"CREDENTIAL_REVOKED", "CREDENTIAL_LEAK_REPORTED", "CREDENTIAL_CREATED"}, texts(shown, "type", "node", "timeline", "nodes"))
		require.Equal(t, []string{"Line 7.", "Whoever found the key"}, []string{shown.Text("node", "timeline", "nodes", 1, "reason"), shown.Text("node", "timeline", "nodes", 1, "actor", "name")})
		require.Equal(t, "https://paste.example/1", shown.Text("node", "timeline", "nodes", 1, "changes", 0, "after"))

		second, other := c.newKey(t, app)
		out := scanner.report(t, s.URL, vars{"token": other, "type": "portico", "url": "https://git.example/2", "source": "commit"}, vars{"token": "ptk_junk", "type": "portico"})
		require.Equal(t, http.StatusOK, out.status, out.raw)
		require.JSONEq(t, `[{"token_raw": "`+other+`", "token_type": "portico", "label": "true_positive"}, {"token_raw": "ptk_junk", "token_type": "portico", "label": "false_positive"}]`, out.raw)
		shown = revoked(second)
		require.Equal(t, "Secret scanning", shown.Text("node", "timeline", "nodes", 1, "actor", "name"))
		require.Equal(t, http.StatusUnauthorized, postTo(t, s.URL+"/v1/secret-scanning", "[]", "Github-Public-Key-Identifier", "of the test").status)
		for _, secret := range []string{raw, other} {
			require.NotContains(t, s.Log(), secret)
		}

		c.admin.Do(t, "updateOrganization", vars{"leakedKeys": "NOTIFY"}, `organization { leakedKeys }`)
		third, kept := c.newKey(t, app)
		report(kept)
		var all []mailtest.Letter
		require.Eventually(t, func() bool {
			all = slices.DeleteFunc(letters.Letters(), func(l mailtest.Letter) bool { return !strings.Contains(l.Subject(), "may be known to others") })
			return len(all) == 3
		}, 60*time.Second, 100*time.Millisecond, "a letter for each key")
		text, _ := all[2].Parts(t)
		require.Contains(t, text, "It still works")
		require.Contains(t, text, "> https://paste.example/1")
		require.Equal(t, "ACTIVE", c.dev.Must(t, asked, vars{"id": third}).Text("node", "status"))
	})
}

// Without an address of keys nothing is served there.
func TestSecretScanningIsOff(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t))
	require.Equal(t, http.StatusNotFound, newScanner(t).report(t, s.URL).status)
}
