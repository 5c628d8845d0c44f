package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/mail/mailtest"
	"portico/internal/testdb"
)

const recovered = "a staple, and another battery"

// Who has forgotten the password asks for a letter, sets a new one with its link, and
// ends what went on under the old one.
func TestStory_ForgottenPassword(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		letters := mailtest.Start(t, mailtest.Options{})
		s := servertest.Start(t, url, mailSettings(letters.Address)...)
		c, anyone := newActors(t, s, "forgotten"), s.Anonymous()
		require.Equal(t, true, anyone.Must(t, `{ serverInfo { passwordResetByMail } }`, nil).At("serverInfo", "passwordResetByMail"))
		welcomed := len(letters.Await(t, 1))

		ask := func(email string) string { return anyone.Do(t, "requestPasswordReset", vars{"email": email}, ``).Raw }
		known := ask("  " + strings.ToUpper(c.email))
		for _, email := range []string{"nobody@demo.example", strings.Replace(c.email, "o", "\u043e", 1)} {
			require.Equal(t, requestID.ReplaceAllString(known, ""), requestID.ReplaceAllString(ask(email), ""))
		}
		token := linkIn(t, letters.Await(t, welcomed+1)[welcomed], c.email)
		for email, code := range map[string]string{"a@demo.example\nBcc: b@demo.example": "INVALID", strings.Repeat("x", 300) + "@demo.example": "TOO_LONG"} {
			requireProblem(t, anyone.Ask(t, "requestPasswordReset", vars{"email": email}, ``), "requestPasswordReset", code, "email")
		}

		reset := func(token, password string) *servertest.Answer {
			return anyone.Ask(t, "resetPassword", vars{"token": token, "newPassword": password}, ``)
		}
		requireProblem(t, reset(token, c.email), "resetPassword", "WEAK_PASSWORD", "newPassword")
		c.dev.Must(t, `{ apps { totalCount } }`, nil)
		anyone.Do(t, "resetPassword", vars{"token": token, "newPassword": recovered}, ``)
		requireError(t, c.dev.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
		used := reset(token, "yet another battery")
		requireProblem(t, used, "resetPassword", "INVALID_LINK", "token")
		require.Equal(t, requestID.ReplaceAllString(used.Raw, ""), requestID.ReplaceAllString(reset("ppr_nothing", "yet another battery").Raw, ""))
		requireError(t, anyone.Ask(t, "signIn", vars{"email": c.email, "password": servertest.UserPassword}, `accessToken`), "UNAUTHENTICATED")
		in := anyone.Do(t, "signIn", vars{"email": c.email, "password": recovered}, `accessToken`)

		// An administrator sends one, which is no longer valid once the password changes.
		c.admin.Do(t, "sendPasswordReset", vars{"userId": c.developer, "reason": "They called."}, `user { id }`)
		sent := linkIn(t, letters.Await(t, welcomed+3)[welcomed+2], c.email)
		own := s.Anonymous()
		own.Token = in.Text("signIn", "accessToken")
		own.Do(t, "changePassword", vars{"currentPassword": recovered, "newPassword": "yet another battery"}, `user { id }`)
		require.Equal(t, requestID.ReplaceAllString(used.Raw, ""), requestID.ReplaceAllString(reset(sent, recovered).Raw, ""))
		told := letters.Await(t, welcomed+4)
		require.Len(t, told, welcomed+4, "nobody else got any")
		for _, i := range []int{welcomed + 1, welcomed + 3} {
			text, _ := told[i].Parts(t)
			require.Contains(t, text, "password was", "both changes are told")
		}
		for _, secret := range []string{token, sent} {
			require.NotContains(t, s.Log(), secret)
		}
	})
}

// requestID is what differs between two answers that are alike.
var requestID = regexp.MustCompile(`"extensions":\{.*\}`)

// linkIn returns the token in a letter to an address.
func linkIn(t *testing.T, l mailtest.Letter, to string) string {
	t.Helper()
	require.Equal(t, to, l.To)
	text, html := l.Parts(t)
	found := regexp.MustCompile(`https://portal\.example\.com/reset-password#token=(ppr_\w+)\n`).FindStringSubmatch(text)
	require.Len(t, found, 2, text)
	require.Contains(t, html, "#token="+found[1]+`"`)
	return found[1]
}

// An operator gives a user a link, with which the user chooses the password.
func TestStory_PrintedResetLink(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		s := servertest.Start(t, url)
		c := newActors(t, s, "printed")
		link := s.Run(t, "", "user", "reset-password", "--link", "--organization", "demo", "--email", strings.ToUpper(c.email))
		require.Regexp(t, `^http://localhost:3000/reset-password#token=ppr_\w+\n$`, link)
		_, token, _ := strings.Cut(strings.TrimSpace(link), "=")
		c.dev.Must(t, `{ apps { totalCount } }`, nil)
		s.Anonymous().Do(t, "resetPassword", vars{"token": token, "newPassword": recovered}, ``)
		requireError(t, c.dev.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
		s.SignInWith(t, c.email, recovered)
		seen := c.admin.Must(t, `query($id: ID!) { events(where: {subjectId: $id, type: [USER_PASSWORD_RESET_PRINTED]}) { totalCount } }`, vars{"id": c.developer})
		require.Equal(t, 1, seen.Number("events", "totalCount"))
	})
}
