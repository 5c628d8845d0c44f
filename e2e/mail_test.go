package e2e

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/mail/mailtest"
	"portico/internal/testdb"
)

const createUser = `mutation($e: String!, $n: String!) { createUser(input: {name: $n, email: $e, role: ADMIN, password: "` + servertest.UserPassword + `"}) { user { id } userErrors { code } } }`

// mailSettings are those of a server that sends by a mail server of the test.
func mailSettings(address string) []string {
	return []string{"PORTICO_SMTP_URL=smtp://" + address, "PORTICO_MAIL_FROM=no-reply@portal.example.com", "PORTICO_PORTAL_URL=https://portal.example.com"}
}

// A letter waits for a mail server that is down, through a crash of Portico, and comes
// once.
func TestLetters(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		down := mailtest.Start(t, mailtest.Options{})
		down.Stop()
		// The secrets are in the first server's folder.
		secrets := "XDG_CONFIG_HOME=" + t.TempDir()
		s := servertest.Start(t, url, append(mailSettings(down.Address), secrets)...)
		admin := s.SignIn(t, "admin@demo.example")
		admin.Must(t, createUser, servertest.Vars{"e": "new@demo.example", "n": "Nora"})
		awaitMetric(t, s, `portico_mail_waiting 1`)
		awaitMetric(t, s, `portico_mail_server_unusable 1`)
		s.Kill()

		up := mailtest.Start(t, mailtest.Options{Address: down.Address})
		s = servertest.Start(t, url, append(mailSettings(up.Address), secrets)...)
		s.SignIn(t, "admin@demo.example").Must(t, createUser, servertest.Vars{"e": "newer@demo.example", "n": "Nils"})
		all := up.Await(t, 2)
		require.Equal(t, []string{"new@demo.example", "newer@demo.example"}, []string{all[0].To, all[1].To}, "nothing of the demo data, and in order")
		text, html := all[0].Parts(t)
		require.Contains(t, text, "Hello Nora,")
		require.Contains(t, text, "https://portal.example.com/sign-in")
		require.Contains(t, html, `href="https://portal.example.com/sign-in"`)
		require.NotContains(t, text+html, servertest.UserPassword)
		require.NotContains(t, s.Log(), "new@demo.example", "the log has no addresses")
		awaitMetric(t, s, `portico_mail_letters_total{kind="WELCOME",outcome="sent"} 2`)
	})
}

// awaitMetric waits until the server shows a line among its metrics.
func awaitMetric(t *testing.T, s *servertest.Server, line string) {
	t.Helper()
	var page string
	require.Eventually(t, func() bool {
		r, err := http.Get(s.Ops + "/metrics")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		raw, err := io.ReadAll(r.Body)
		page = string(raw)
		return err == nil && strings.Contains(page, "\n"+line+"\n")
	}, 60*time.Second, 50*time.Millisecond, "%s is not among the metrics", line)
}

// In development letters are shown, to those who call the machine by its own name.
func TestLettersInDevelopment(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t))
	require.Contains(t, s.Output(), "Letters")
	require.Contains(t, lettersPage(t, s.URL+"/dev/mail", ""), "There are none yet.")
	s.SignIn(t, "admin@demo.example").Must(t, createUser, servertest.Vars{"e": "new@demo.example", "n": "<script>alert(1)</script>"})
	awaitMetric(t, s, `portico_mail_letters_total{kind="WELCOME",outcome="sent"} 1`)
	link := regexp.MustCompile(`href="(/dev/mail/[^"]+\.eml)"`).FindStringSubmatch(lettersPage(t, s.URL+"/dev/mail", ""))[1]
	page := lettersPage(t, s.URL+link, "")
	require.Contains(t, page, "<iframe sandbox")
	require.Contains(t, page, "http://localhost:3000/sign-in")
	require.NotContains(t, page, "<script")
	require.NotContains(t, lettersPage(t, s.URL+link, "evil.example"), "sign-in", "another name that leads here is refused")
}

func lettersPage(t *testing.T, url, host string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(t, err)
	r.Host = host
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer w.Body.Close()
	raw, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return string(raw)
}

func TestDoctorTriesTheMailServer(t *testing.T) {
	t.Parallel()
	url := testdb.SQLite(t)
	server := mailtest.Start(t, mailtest.Options{User: "portico", Password: "geheim"})
	settings := mailSettings("portico:geheim@" + server.Address)
	found, well := runDoctor(t, url, settings...)
	require.True(t, well, found)
	require.Regexp(t, `(?m)^ok +mail +127\.0\.0\.1:\d+ can be used`, found)
	server.Stop()
	found, well = runDoctor(t, url, settings...)
	require.False(t, well)
	require.Regexp(t, `(?m)^wrong +mail +127\.0\.0\.1:\d+ cannot be used`, found)
	found, _ = runDoctor(t, url, "PORTICO_SMTP_URL=smtp://mail.example", "PORTICO_DEV=")
	require.Contains(t, found, "PORTICO_MAIL_FROM: is required")
	require.NotContains(t, found, "geheim")
}
