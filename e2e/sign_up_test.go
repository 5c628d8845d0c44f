package e2e

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/mail/mailtest"
	"portico/internal/testdb"
)

const signUpNow = `query($o: String) { serverInfo(organization: $o) { signUp { policy available questions { name label kind required options } } } }`

// Strangers sign up where the organization lets them: nobody is told who is known, there
// is no user before the address is confirmed, and the password is chosen with the link.
func TestSignUp(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		post := mailtest.Start(t, mailtest.Options{})
		s := servertest.Start(t, url, mailSettings(post.Address)...)
		admin, anonymous := s.SignIn(t, "admin@demo.example"), s.Anonymous()
		const errs, joined = `userErrors { code field }`, `status user { email } account { name }`
		info := func() *servertest.Answer { return anonymous.Must(t, signUpNow, vars{"o": "demo"}) }
		nora := vars{"organization": "demo", "email": "Nora@Partner.example", "name": "Nora", "accountName": "Partner Ltd", "language": "TR"}

		// Nobody signs up unless the organization says so; it answers like an unknown one.
		admin.Do(t, "updateOrganization", vars{"signUp": "INVITATION", "signUpForm": nil}, `organization { signUp }`)
		require.Equal(t, "INVITATION", info().Text("serverInfo", "signUp", "policy"))
		requireReason(t, anonymous.Ask(t, "signUp", nora, errs), "FORBIDDEN", "POLICY")
		requireReason(t, anonymous.Ask(t, "signUp", vars{"organization": "none", "email": "nora@partner.example", "name": "Nora"}, errs), "FORBIDDEN", "POLICY")

		admin.Do(t, "updateOrganization", vars{"signUp": "OPEN"}, `organization { signUp }`)
		require.Equal(t, true, info().At("serverInfo", "signUp", "available"))
		requireProblem(t, anonymous.Ask(t, "signUp", vars{"organization": "demo", "email": "no address", "name": "Nora"}, errs), "signUp", "INVALID", "email")
		requireProblem(t, anonymous.Ask(t, "signUp", vars{"organization": "demo", "email": "nora@partner.example", "name": " "}, errs), "signUp", "REQUIRED", "name")

		// Two sign-ups: an unknown address and a known one.
		unknown := anonymous.Must(t, `mutation($in: SignUpInput!) { signUp(input: $in) { userErrors { code } } }`, vars{"in": nora})
		known := anonymous.Must(t, `mutation($in: SignUpInput!) { signUp(input: $in) { userErrors { code } } }`, vars{"in": vars{"organization": "demo", "email": "developer@demo.example", "name": "Mallory"}})
		require.Equal(t, unknown.At("signUp"), known.At("signUp"))
		letters := post.Await(t, 2)
		if letters[0].To == "developer@demo.example" {
			letters[0], letters[1] = letters[1], letters[0]
		}
		text, _ := letters[1].Parts(t)
		require.Contains(t, text, "It is yours already")
		require.Contains(t, text, "https://portal.example.com/sign-in")
		require.NotContains(t, text, "psu_")
		require.NotContains(t, text, "Mallory", "a stranger writes nothing in letters")
		token, text := verificationIn(t, letters[0])
		require.Contains(t, text, "Demo Corporation kuruluşuna", "in the language of choice")
		requireError(t, anonymous.Ask(t, "signIn", vars{"email": "nora@partner.example", "password": servertest.UserPassword}, `accessToken`), "UNAUTHENTICATED")

		requireProblem(t, anonymous.Ask(t, "verifyEmail", vars{"token": token, "password": "short"}, joined+` `+errs), "verifyEmail", "WEAK_PASSWORD", "password")
		requireProblem(t, anonymous.Ask(t, "verifyEmail", vars{"token": "psu_x", "password": servertest.UserPassword}, joined), "verifyEmail", "INVALID_LINK", "token")
		a := anonymous.Do(t, "verifyEmail", vars{"token": token, "password": servertest.UserPassword}, joined)
		require.Equal(t, "ACCEPTED", a.Text("verifyEmail", "status"))
		require.Equal(t, "Partner Ltd", a.Text("verifyEmail", "account", "name"))
		requireProblem(t, anonymous.Ask(t, "verifyEmail", vars{"token": token, "password": servertest.UserPassword}, joined), "verifyEmail", "INVALID_LINK", "token")
		welcome, _ := post.Await(t, 3)[2].Parts(t)
		require.Contains(t, welcome, "Adresiniz doğrulandı")

		// The person owns the account, and makes a key at once.
		me := s.SignInWith(t, "nora@partner.example", servertest.UserPassword)
		own := me.Must(t, `{ viewer { user { language } account { name members { nodes { role } } } } }`, nil)
		require.Equal(t, []any{"TR", "Partner Ltd", "OWNER"}, []any{own.At("viewer", "user", "language"), own.At("viewer", "account", "name"), own.At("viewer", "account", "members", "nodes", 0, "role")})
		require.NotEmpty(t, me.Do(t, "createApp", vars{"name": "Mine"}, `app { id } secret { rawKey }`).Text("createApp", "secret", "rawKey"))
		list := admin.Must(t, `{ signUps { totalCount nodes { email status user { email } } } }`, nil)
		require.Equal(t, 4, list.Number("signUps", "totalCount"), "two are demo data")
		require.Equal(t, []any{"UNVERIFIED", "ACCEPTED"}, []any{list.At("signUps", "nodes", 0, "status"), list.At("signUps", "nodes", 1, "status")})
		require.NotContains(t, s.Log(), token, "the log has no link")

		// Where the letter would not be sent, or nobody signs in with a password, nobody signs up.
		admin.Do(t, "updateMailSettings", vars{"kinds": []vars{{"kind": "VERIFICATION", "enabled": false}}}, `mailSettings { version }`)
		require.Equal(t, false, info().At("serverInfo", "signUp", "available"))
		requireReason(t, anonymous.Ask(t, "signUp", nora, errs), "FORBIDDEN", "NO_MAIL")
		admin.Do(t, "updateOrganization", vars{"passwordSignIn": false}, `organization { signUp }`)
		requireReason(t, anonymous.Ask(t, "signUp", nora, errs), "FORBIDDEN", "POLICY")
	})
}

// An administrator decides about who has confirmed the address and answered the
// organization's questions; the person is told by a letter.
func TestSignUpWithApproval(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		post := mailtest.Start(t, mailtest.Options{})
		s := servertest.Start(t, url, mailSettings(post.Address)...)
		admin, anonymous := s.SignIn(t, "admin@demo.example"), s.Anonymous()
		const errs = `userErrors { code field }`
		questions := []vars{
			{"name": "use", "label": "What do you want to build?", "kind": "TEXT", "required": true},
			{"name": "size", "label": "How large are you?", "kind": "CHOICE", "options": []string{"small", "large"}},
			{"name": "partner", "label": "Are you a partner?", "kind": "BOOLEAN"},
		}
		broken := append(append([]vars{}, questions...), vars{"name": "use", "label": "", "kind": "CHOICE"})
		a := admin.Ask(t, "updateOrganization", vars{"signUpForm": vars{"questions": broken}}, `userErrors { code field }`)
		require.Contains(t, a.Raw, `{"code":"TAKEN","field":["signUpForm","questions","3","name"]`)
		require.Contains(t, a.Raw, `{"code":"REQUIRED","field":["signUpForm","questions","3","options"]`)
		admin.Do(t, "updateOrganization", vars{"signUp": "APPROVAL", "signUpForm": vars{"questions": questions}}, `organization { signUpForm { questions { name } } }`)
		require.Equal(t, []any{"small", "large"}, anonymous.Must(t, signUpNow, vars{"o": "demo"}).At("serverInfo", "signUp", "questions", 1, "options"))

		ask := func(email string, answers ...vars) *servertest.Answer {
			return anonymous.Ask(t, "signUp", vars{"organization": "demo", "email": email, "name": "Nora", "answers": answers}, errs)
		}
		use, large := vars{"name": "use", "value": "Maps"}, vars{"name": "size", "value": "large"}
		requireProblem(t, ask("nora@partner.example"), "signUp", "REQUIRED", "answers")
		requireProblem(t, ask("nora@partner.example", use, vars{"name": "size", "value": "huge"}), "signUp", "INVALID", "answers.1.value")
		requireProblem(t, ask("nora@partner.example", use, vars{"name": "partner", "value": "perhaps"}), "signUp", "INVALID", "answers.1.value")
		requireProblem(t, ask("nora@partner.example", use, vars{"name": "else", "value": "x"}), "signUp", "UNKNOWN_REFERENCE", "answers.1.name")

		verify := func(email string) string {
			t.Helper()
			before := len(post.Letters())
			require.Empty(t, ask(email, use, large).At("signUp", "userErrors"))
			token, _ := verificationIn(t, post.Await(t, before+1)[before])
			v := anonymous.Do(t, "verifyEmail", vars{"token": token, "password": servertest.UserPassword}, `status user { email }`)
			require.Equal(t, []any{"WAITING", nil}, []any{v.At("verifyEmail", "status"), v.At("verifyEmail", "user")})
			text, _ := post.Await(t, before+2)[before+1].Parts(t)
			require.Contains(t, text, "Nora ("+email+")", "administrators are told")
			requireError(t, anonymous.Ask(t, "signIn", vars{"email": email, "password": servertest.UserPassword}, `accessToken`), "UNAUTHENTICATED")
			waiting := admin.Must(t, `{ signUps(where: {status: [WAITING]}) { nodes { id answers { label value } viewerCan { approve { allowed } } } } }`, nil)
			require.Equal(t, "Maps", waiting.At("signUps", "nodes", 0, "answers", 0, "value"))
			return waiting.Text("signUps", "nodes", 0, "id")
		}
		approved := verify("nora@partner.example")
		b := admin.Do(t, "approveSignUp", vars{"signUpId": approved, "note": "Welcome aboard."}, `signUp { status decidedBy { name } } user { email } account { name }`)
		require.Equal(t, "ACCEPTED", b.Text("approveSignUp", "signUp", "status"))
		text, _ := post.Await(t, 3)[2].Parts(t)
		require.Contains(t, text, "Welcome aboard.")
		requireProblem(t, admin.Ask(t, "rejectSignUp", vars{"signUpId": approved, "reason": "No."}, errs), "rejectSignUp", "WRONG_STATUS", "signUpId")
		nora := s.SignInWith(t, "nora@partner.example", servertest.UserPassword)
		require.Equal(t, "Nora", nora.Must(t, `{ viewer { account { name } } }`, nil).Text("viewer", "account", "name"))
		requireUnknownField(t, nora.Ask(t, "approveSignUp", vars{"signUpId": approved}, errs))

		rejected := verify("mallory@partner.example")
		requireProblem(t, admin.Ask(t, "rejectSignUp", vars{"signUpId": rejected, "reason": " "}, errs), "rejectSignUp", "REQUIRED", "reason")
		admin.Do(t, "rejectSignUp", vars{"signUpId": rejected, "reason": "We do not know you."}, `signUp { status }`)
		text, _ = post.Await(t, 6)[5].Parts(t)
		require.Contains(t, text, "We do not know you.")
		requireError(t, anonymous.Ask(t, "signIn", vars{"email": "mallory@partner.example", "password": servertest.UserPassword}, `accessToken`), "UNAUTHENTICATED")

		// Somebody has the address meanwhile.
		late := verify("late@partner.example")
		admin.Do(t, "createUser", vars{"name": "Late", "email": "late@partner.example", "password": servertest.UserPassword, "role": "ADMIN"}, `user { id }`)
		requireProblem(t, admin.Ask(t, "approveSignUp", vars{"signUpId": late}, errs), "approveSignUp", "WRONG_STATUS", "signUpId")

		// Nobody is asked anything where nobody signs up.
		admin.Do(t, "updateOrganization", vars{"passwordSignIn": false}, `organization { signUp }`)
		a = anonymous.Must(t, signUpNow, vars{"o": "demo"})
		require.Equal(t, []any{"APPROVAL", false}, []any{a.At("serverInfo", "signUp", "policy"), a.At("serverInfo", "signUp", "available")})
		require.Empty(t, a.List("serverInfo", "signUp", "questions"))
	})
}

// verificationIn returns the token in a letter's link, which text and HTML have alike.
func verificationIn(t *testing.T, l mailtest.Letter) (token, text string) {
	t.Helper()
	text, html := l.Parts(t)
	link := regexp.MustCompile(`https://portal\.example\.com/verify-email#token=(psu_\w+)`).FindStringSubmatch(text)
	require.Len(t, link, 2, text)
	require.Contains(t, html, `href="`+link[0]+`"`)
	return link[1], text
}
