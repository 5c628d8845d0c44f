package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/mail/mailtest"
	"portico/internal/testdb"
)

// Where developers do not sign in with a password, none opens anything: neither by
// signing in nor by what was begun before the organization decided so. Open sessions go
// on, and administrators sign in as before.
func TestNoPasswordSignIn(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		post := mailtest.Start(t, mailtest.Options{})
		s := servertest.Start(t, url, mailSettings(post.Address)...)
		admin, anonymous := s.SignIn(t, "admin@demo.example"), s.Anonymous()
		c := newActors(t, s, "passwords")
		const newcomer, stranger, chosen = "newcomer@partner.example", "stranger@partner.example", "a quite different sentence"

		// Begun while passwords were in use.
		sent := len(post.Await(t, 1))
		admin.Do(t, "updateOrganization", vars{"signUp": "OPEN", "signUpForm": nil}, `organization { id }`)
		anonymous.Do(t, "requestPasswordReset", vars{"email": c.email}, ``)
		reset := linkIn(t, post.Await(t, sent+1)[sent], c.email)
		c.dev.Do(t, "inviteMember", vars{"accountId": c.account, "email": newcomer}, `invitation { id }`)
		invitation, _ := invitationIn(t, post.Await(t, sent+2)[sent+1])
		anonymous.Do(t, "signUp", vars{"organization": "demo", "email": stranger, "name": "Stranger"}, ``)
		verification, _ := verificationIn(t, post.Await(t, sent+3)[sent+2])
		_, codes := setUpApp(t, c.dev, servertest.UserPassword)
		pending := anonymous.Do(t, "signIn", vars{"email": c.email, "password": servertest.UserPassword}, `accessToken challenge { token }`)
		require.Nil(t, pending.At("signIn", "accessToken"))
		post.Await(t, sent+4) // about the app

		admin.Do(t, "updateOrganization", vars{"passwordSignIn": false}, `organization { passwordSignIn }`)
		for name, a := range map[string]*servertest.Answer{
			"signIn":         anonymous.Ask(t, "signIn", vars{"email": c.email, "password": servertest.UserPassword}, `accessToken challenge { token }`),
			"completeSignIn": anonymous.Ask(t, "completeSignIn", vars{"challenge": pending.Text("signIn", "challenge", "token"), "code": codes[0]}, `accessToken`),
		} {
			require.Equal(t, []string{"UNAUTHENTICATED"}, a.Codes(), name)
		}
		requireProblem(t, anonymous.Ask(t, "resetPassword", vars{"token": reset, "newPassword": chosen}, ``), "resetPassword", "INVALID_LINK", "token")
		requireReason(t, anonymous.Ask(t, "acceptInvitation", vars{"token": invitation, "name": "New", "password": chosen}, `user { id }`), "UNAUTHENTICATED", "NOT_SIGNED_IN")
		requireReason(t, anonymous.Ask(t, "verifyEmail", vars{"token": verification, "password": chosen}, `status`), "FORBIDDEN", "POLICY")
		requireReason(t, anonymous.Ask(t, "signUp", vars{"organization": "demo", "email": "another@partner.example", "name": "Another"}, ``), "FORBIDDEN", "POLICY")
		known := anonymous.Do(t, "requestPasswordReset", vars{"email": c.email}, ``)
		require.Equal(t, requestID.ReplaceAllString(anonymous.Do(t, "requestPasswordReset", vars{"email": stranger}, ``).Raw, ""), requestID.ReplaceAllString(known.Raw, ""))
		require.Empty(t, admin.Must(t, `query($e: String) { users(where: {contains: $e}) { nodes { id } } }`, vars{"e": "@partner.example"}).List("users", "nodes"))
		c.dev.Must(t, `{ apps { totalCount } }`, nil)
		require.Equal(t, "ADMIN", s.SignIn(t, "admin@demo.example").Must(t, `{ viewer { role } }`, nil).Text("viewer", "role"))

		// What was begun is good again when the organization decides otherwise.
		admin.Do(t, "updateOrganization", vars{"passwordSignIn": true}, `organization { passwordSignIn }`)
		done := anonymous.Do(t, "completeSignIn", vars{"challenge": pending.Text("signIn", "challenge", "token"), "code": codes[0]}, `accessToken`)
		require.NotEmpty(t, done.Text("completeSignIn", "accessToken"))
		anonymous.Do(t, "resetPassword", vars{"token": reset, "newPassword": chosen}, ``)
		var links int
		for _, l := range post.Await(t, sent+6) { // about the new device and the password; letters to one person come in order
			if text, _ := l.Parts(t); l.To == c.email && strings.Contains(text, "/reset-password#token=") {
				links++
			}
		}
		require.Equal(t, 1, links, "what was asked for meanwhile sent none")
		require.NotNil(t, anonymous.Do(t, "acceptInvitation", vars{"token": invitation, "name": "New", "password": chosen}, `user { id }`).At("acceptInvitation", "user"))
		require.NotNil(t, anonymous.Do(t, "verifyEmail", vars{"token": verification, "password": chosen}, `user { id }`).At("verifyEmail", "user"))
	})
}
