package playground_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/playground"
)

// get sends a request to a new handler; headers come in pairs.
func get(t *testing.T, method, path string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	playground.Handler(playground.Options{}).ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return b
}

// links returns the URLs of the files that the page loads.
func links(t *testing.T) []string {
	t.Helper()
	found := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllSubmatch(body(t, get(t, "GET", "/playground")), -1)
	var urls []string
	for _, m := range found {
		urls = append(urls, string(m[1]))
	}
	require.NotEmpty(t, urls)
	return urls
}

func TestPageAndItsSecurityHeaders(t *testing.T) {
	for _, path := range []string{"/playground", "/playground/"} {
		r := get(t, "GET", path)
		require.Equal(t, http.StatusOK, r.StatusCode, path)
		require.Equal(t, "text/html; charset=utf-8", r.Header.Get("Content-Type"))
		require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", r.Header.Get("Referrer-Policy"))
		require.Equal(t, "no-cache", r.Header.Get("Cache-Control"))
		policy := r.Header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'; script-src 'self';")
		require.Contains(t, policy, "frame-ancestors 'none'")
		html := body(t, r)
		require.NotRegexp(t, `<script[^>]*>[^<]`, string(html), "no inline script")
		require.NotRegexp(t, `(src|href|action)="https?://`, string(html), "no other host")
	}
}

func TestFilesAreServedPlainAndCompressed(t *testing.T) {
	for _, url := range links(t) {
		plain := get(t, "GET", url)
		require.Equal(t, http.StatusOK, plain.StatusCode, url)
		require.Empty(t, plain.Header.Get("Content-Encoding"), url)
		require.Contains(t, plain.Header.Get("Cache-Control"), "immutable", url)

		small := get(t, "GET", url, "Accept-Encoding", "br, gzip;q=0.8")
		require.Equal(t, "gzip", small.Header.Get("Content-Encoding"), url)
		require.Equal(t, plain.Header.Get("Content-Type"), small.Header.Get("Content-Type"))
		require.NotEqual(t, plain.Header.Get("ETag"), small.Header.Get("ETag"))
		inflated, err := gzip.NewReader(small.Body)
		require.NoError(t, err)
		content, err := io.ReadAll(inflated)
		require.NoError(t, err)
		require.True(t, bytes.Equal(body(t, plain), content), url)

		again := get(t, "GET", url, "Accept-Encoding", "gzip", "If-None-Match", small.Header.Get("ETag"))
		require.Equal(t, http.StatusNotModified, again.StatusCode, url)
		refused := get(t, "GET", url, "Accept-Encoding", "gzip;q=0")
		require.Empty(t, refused.Header.Get("Content-Encoding"), url)
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	require.Equal(t, http.StatusNotFound, get(t, "GET", "/playground/other").StatusCode)
	require.Equal(t, http.StatusNotFound, get(t, "GET", "/playground/assets/NOTICE").StatusCode)
	require.Equal(t, http.StatusMethodNotAllowed, get(t, "POST", "/playground").StatusCode)
}

func TestPrefixAndEndpointAreOptions(t *testing.T) {
	h := playground.Handler(playground.Options{Prefix: "/try/it/", Endpoint: "/api/graphql"})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/try/it", nil))
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), `/api/graphql`)
	require.Contains(t, w.Body.String(), `src="/try/it/`)
}

func TestNoPasswordWithoutTheOption(t *testing.T) {
	demo := []playground.SignIn{{Email: "ada@demo.example"}}
	for password, o := range map[string]playground.Options{
		"":           {Demo: demo},
		"sesame-127": {Demo: demo, DemoPassword: "sesame-127"},
	} {
		w := httptest.NewRecorder()
		playground.Handler(o).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/playground", nil))
		require.Contains(t, w.Body.String(), "&#34;demoPassword&#34;:&#34;"+password+"&#34;")
	}
}

// The third-party files have the recorded checksums.
func TestThirdPartyFilesHaveTheirChecksums(t *testing.T) {
	sums, err := os.Open("assets/SHA256SUMS")
	require.NoError(t, err)
	defer sums.Close()
	lines := 0
	for s := bufio.NewScanner(sums); s.Scan(); lines++ {
		want, name, ok := strings.Cut(s.Text(), "  ")
		require.True(t, ok, s.Text())
		packed, err := os.Open("assets/" + name + ".gz")
		require.NoError(t, err)
		r, err := gzip.NewReader(packed)
		require.NoError(t, err)
		sum := sha256.New()
		_, err = io.Copy(sum, r)
		require.NoError(t, err)
		require.NoError(t, packed.Close())
		require.Equal(t, want, hex.EncodeToString(sum.Sum(nil)), name)
	}
	require.Equal(t, 4, lines)
}
