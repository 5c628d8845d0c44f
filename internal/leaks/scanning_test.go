package leaks_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/leaks"
	"portico/internal/testdb"
)

// programme is a programme that scans for secrets, with the address of its keys.
type programme struct {
	*httptest.Server
	mu sync.Mutex
	// keys are those that sign, by their identifiers; current are those that are shown so.
	keys    map[string]*ecdsa.PrivateKey
	current map[string]bool
	// answer, if it is not nil, takes the place of the keys.
	answer http.HandlerFunc
	asked  int
}

func newProgramme(t *testing.T) *programme {
	p := &programme{keys: map[string]*ecdsa.PrivateKey{}, current: map[string]bool{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	p.add(t, "first", elliptic.P256())
	return p
}

func (p *programme) add(t *testing.T, id string, c elliptic.Curve) {
	key, err := ecdsa.GenerateKey(c, rand.Reader)
	require.NoError(t, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys[id], p.current[id] = key, true
}

func (p *programme) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.answer != nil {
		p.answer(w, r)
		return
	}
	type key struct {
		ID      string `json:"key_identifier"`
		Key     string `json:"key"`
		Current bool   `json:"is_current"`
	}
	all := []key{{"junk", "no key", true}, {"none", "", true}}
	for id, k := range p.keys {
		raw, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
		if err != nil {
			panic(err)
		}
		all = append(all, key{id, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw})), p.current[id]})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"public_keys": all})
}

func (p *programme) sign(t *testing.T, id, body string) string {
	hash := sha256.Sum256([]byte(body))
	raw, err := ecdsa.SignASN1(rand.Reader, p.keys[id], hash[:])
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(raw)
}

// set changes what the programme answers.
func (p *programme) set(answer http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *programme) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// scan sends a body with these headers.
func (s *scene) scan(t *testing.T, body, id, signature string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, leaks.ScanningPath, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Github-Public-Key-Identifier", id)
	r.Header.Set("GITHUB-PUBLIC-KEY-SIGNATURE", signature)
	w := httptest.NewRecorder()
	leaks.New(s.options).Scan(w, r)
	return w
}

// newScanned returns a scene with a programme.
func newScanned(t *testing.T, url string) (*scene, *programme) {
	s, p := newScene(t, url), newProgramme(t)
	s.options.Programme = leaks.NewProgramme(p.URL, s.Clock)
	return s, p
}

func TestScan(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s, p := newScanned(t, url)
		k, bystander := s.key(t), s.key(t)
		body := fmt.Sprintf(`[{"token": %q, "type": "portico_api_key", "url": "https://git.example/x", "source": "commit", "new": 1}, {"token": "ptk_x", "type": "t"}]`, k.Secret.RawKey)
		signature := p.sign(t, "first", body)
		for range 2 { // a repetition leads to nothing more
			w := s.scan(t, body, "first", signature)
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			require.JSONEq(t, fmt.Sprintf(`[{"token_raw": %q, "token_type": "portico_api_key", "label": "true_positive"}, {"token_raw": "ptk_x", "token_type": "t", "label": "false_positive"}]`, k.Secret.RawKey), w.Body.String())
			require.NoError(t, s.Portal.Apps.AnswerLeakReports(t.Context()))
		}
		require.Equal(t, []string{"CREDENTIAL_CREATED", "CREDENTIAL_LEAK_REPORTED", "CREDENTIAL_REVOKED"}, s.EventTypes(t, k.Credential.ID))
		require.Equal(t, access.CredentialActive, s.status(t, bystander))
		require.NotContains(t, s.log.String(), k.Secret.RawKey)
		require.Equal(t, 1, p.times(), "the keys are read once")
	})
}

// The example of GitHub's own documentation.
func TestScan_GitHubsExample(t *testing.T) {
	s, p := newScanned(t, testdb.SQLite(t))
	p.set(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"public_keys": [{"key_identifier": "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c", "is_current": true,
			"key": "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\nAjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n-----END PUBLIC KEY-----\n"}]}`))
	})
	const id, signature = "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c", "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg=="
	const body = `[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]`
	w := s.scan(t, body, id, signature)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.JSONEq(t, `[{"token_raw": "some_token", "token_type": "some_type", "label": "false_positive"}]`, w.Body.String())
	problem(t, s.scan(t, body+" ", id, signature), http.StatusUnauthorized)
}

func TestScan_ErrNotSigned(t *testing.T) {
	s, p := newScanned(t, testdb.SQLite(t))
	p.add(t, "large", elliptic.P384())
	p.add(t, "given up", elliptic.P256())
	p.current["given up"] = false
	k := s.key(t)
	body := fmt.Sprintf(`[{"token": %q, "type": "t"}]`, k.Secret.RawKey)
	right := p.sign(t, "first", body)
	for name, c := range map[string]struct{ body, id, signature string }{
		"none": {body, "", ""}, "no identifier": {body, "", right}, "no signature": {body, "first", ""}, "another body": {body + " ", "first", right},
		"unknown identifier": {body, "unknown", right}, "another's": {body, "given up", right}, "a key given up": {body, "given up", p.sign(t, "given up", body)},
		"another curve": {body, "large", p.sign(t, "large", body)}, "no base 64": {body, "first", "!" + right}, "line breaks": {body, "first", right[:8] + "\n" + right[8:]},
		"cut": {body, "first", right[:len(right)-8]}, "zero": {body, "first", "MAYCAQACAQA="}, "no key": {body, "junk", right},
	} {
		require.NotContains(t, problem(t, s.scan(t, c.body, c.id, c.signature), http.StatusUnauthorized), k.Secret.RawKey, name)
	}
	require.Zero(t, s.Rows(t, "leak_reports"))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, leaks.ScanningPath, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header["Github-Public-Key-Identifier"], r.Header["Github-Public-Key-Signature"] = []string{"first", "first"}, []string{right}
	w := httptest.NewRecorder()
	leaks.New(s.options).Scan(w, r)
	problem(t, w, http.StatusUnauthorized)
	require.Equal(t, 1, p.times(), "unknown identifiers do not make us ask again and again")
}

func TestScan_ErrBody(t *testing.T) {
	s, p := newScanned(t, testdb.SQLite(t))
	for body, status := range map[string]int{
		"": 400, "null": 400, "{}": 400, "[1]": 400, `[{"token": 1}]`: 400, `[{"type": "t"}]`: 400, "[] []": 400, `[{"token": "` + strings.Repeat("a", 1025) + `"}]`: 400,
		`[{"token": "a", "type": "` + strings.Repeat("a", 257) + `"}]`: 400,
		`[{"token": "a", "token": "b"}]`:                               400, `[{"token": "a", "url": "b", "u\u0072l": "c"}]`: 400, `[{"TOKEN": "a"}]`: 400, `[{"token": "\ud800"}]`: 400, "[{\"token\": \"\xff\"}]": 400,
		`[{"token": "a", "more": ` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}]`: 400, `[{"token": "a"},]`: 400,
		"[" + strings.Repeat(`{"token": "a"},`, 1000) + `{"token": "a"}]`: 413, strings.Repeat(" ", 1<<20+1): 413,
	} {
		problem(t, s.scan(t, body, "first", p.sign(t, "first", body)), status)
	}
	unknown := `[{"token": "a", "more": {"token": 1, "token": 2}}]`
	require.Equal(t, http.StatusOK, s.scan(t, unknown, "first", p.sign(t, "first", unknown)).Code)
	require.Equal(t, "The field 1.token must be a string.", problem(t, s.scan(t, `[{"token": "a"}, {"token": 1}]`, "first", p.sign(t, "first", `[{"token": "a"}, {"token": 1}]`)), 400))
	w := s.scan(t, "[]", "first", p.sign(t, "first", "[]"))
	require.Equal(t, "[]\n", w.Body.String())
}

// A key that comes later is learned, one that is given up is refused, and while the
// programme does not answer its keys are used for a day.
func TestProgrammeKeysFollow(t *testing.T) {
	s, p := newScanned(t, testdb.SQLite(t))
	status := func(id string) int { return s.scan(t, "[]", id, p.sign(t, id, "[]")).Code }
	require.Equal(t, http.StatusOK, status("first"))
	p.add(t, "second", elliptic.P256())
	require.Equal(t, http.StatusUnauthorized, status("second"), "it was asked just now")
	s.Clock.Advance(time.Minute)
	require.Equal(t, http.StatusOK, status("second"))
	p.current["first"] = false
	require.Equal(t, http.StatusOK, status("first"), "within the hour")
	s.Clock.Advance(time.Hour)
	require.Equal(t, http.StatusUnauthorized, status("first"))
	p.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	s.Clock.Advance(23 * time.Hour)
	require.Equal(t, http.StatusOK, status("second"), "it does not answer")
	s.Clock.Advance(2 * time.Hour)
	require.Equal(t, http.StatusServiceUnavailable, status("second"))
	p.set(nil)
	s.Clock.Advance(time.Minute)
	require.Equal(t, http.StatusOK, status("second"))
	s.Clock.Advance(-48 * time.Hour)
	require.Equal(t, http.StatusOK, status("second"), "the clock was set back")
}

// Whatever the address of the keys answers, the request is refused in time, and can be sent
// again.
func TestScan_ErrKeysUnavailable(t *testing.T) {
	elsewhere := newProgramme(t)
	for name, answer := range map[string]http.HandlerFunc{
		"fails":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"redirects": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) },
		"no JSON":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"no keys":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"public_keys": []}`)) },
		"too long": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"public_keys": [{"key": "` + strings.Repeat("a", 1<<20) + `"}]}`))
		},
		"slow": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			s, p := newScanned(t, testdb.SQLite(t))
			p.set(answer)
			begun := time.Now()
			w := s.scan(t, "[]", "first", elsewhere.sign(t, "first", "[]"))
			require.Equal(t, "60", w.Header().Get("Retry-After"))
			require.NotContains(t, problem(t, w, http.StatusServiceUnavailable), p.URL)
			require.Less(t, time.Since(begun), 5*time.Second)
		})
	}
	require.Zero(t, elsewhere.times(), "a redirect is not followed")
	s, p := newScanned(t, testdb.SQLite(t))
	p.Close()
	problem(t, s.scan(t, "[]", "first", elsewhere.sign(t, "first", "[]")), http.StatusServiceUnavailable)
}

// While the keys cannot be read, strangers' requests leave one line a minute.
func TestScan_ErrUnavailableFillsNoLog(t *testing.T) {
	s, p := newScanned(t, testdb.SQLite(t))
	p.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	for range 2 {
		for range 50 {
			problem(t, s.scan(t, "[]", "unknown", p.sign(t, "first", "[]")), http.StatusServiceUnavailable)
		}
		s.Clock.Advance(time.Minute)
	}
	require.Equal(t, 2, strings.Count(s.log.String(), "level=ERROR"), s.log.String())
	require.Contains(t, s.log.String(), "leftOutSinceLastLine=49")
}
