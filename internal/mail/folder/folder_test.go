package folder_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/mail"
	"portico/internal/mail/folder"
)

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestLettersAreShown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "letters")
	f, err := folder.Open(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	h := f.Handler("/dev/mail")
	require.Contains(t, get(h, "/dev/mail").Body.String(), "There are none yet.")

	m := mail.Message{
		ID: "one@portal.example.com", From: "a@portal.example.com", To: "b@example.com", ToName: "Ayşe", Subject: `</a><script>alert(1)</script> İzmir`,
		Date: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Language: "en", Text: "</pre><script>alert(2)</script>", HTML: `<p class="x">Hello</p><script>alert(3)</script>`,
	}
	require.NoError(t, f.Send(t.Context(), m))
	require.NoError(t, f.Send(t.Context(), m), "sent again, it replaces itself")
	list := get(h, "/dev/mail").Body.String()
	links := regexp.MustCompile(`href="(/dev/mail/[^"]+)"`).FindAllStringSubmatch(list, -1)
	require.Len(t, links, 1)
	one := get(h, links[0][1])
	require.Equal(t, http.StatusOK, one.Code)
	require.Contains(t, one.Header().Get("Content-Security-Policy"), "default-src 'none'")
	require.NotContains(t, one.Header().Get("Content-Security-Policy"), "script-src")
	for _, page := range []string{list, one.Body.String()} {
		require.NotContains(t, page, "<script", "all of a letter is text, or within the sandbox's attribute")
		require.Contains(t, page, "İzmir")
	}
	require.Contains(t, one.Body.String(), `<iframe sandbox title="The letter in HTML" srcdoc="&lt;p class=&#34;x&#34;&gt;Hello`)
	raw := get(h, strings.Replace(links[0][1], "/dev/mail/", "/dev/mail/raw/", 1))
	require.Contains(t, raw.Header().Get("Content-Type"), "text/plain")
	require.Contains(t, raw.Body.String(), "Message-ID: <one@portal.example.com>")
	for _, path := range []string{"/dev/mail/none", "/dev/mail/raw/none", "/dev/mail/..%2f..%2fetc%2fpasswd", "/dev/mail/raw/%2e%2e%2fletters"} {
		require.Equal(t, http.StatusNotFound, get(h, path).Code, path)
	}
}

func TestTheOldestLettersGo(t *testing.T) {
	f, err := folder.Open(t.TempDir())
	require.NoError(t, err)
	for i := range 205 {
		require.NoError(t, f.Send(t.Context(), mail.Message{
			ID: strconv.Itoa(i) + "@example.com", From: "a@example.com", To: "b@example.com", Date: time.Unix(int64(i), 0),
		}))
	}
	all, err := os.ReadDir(f.Path())
	require.NoError(t, err)
	require.Len(t, all, 200)
	require.Contains(t, all[0].Name(), "-5.eml")
}
