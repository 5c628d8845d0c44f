package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/browsertest"
	"portico/e2e/servertest"
	"portico/internal/playground"
	"portico/internal/testdb"
)

// visit is a user's visit of the playground.
type visit struct {
	t    *testing.T
	page *browsertest.Page
	// ran are the tabs whose operation was run.
	ran map[string]bool
}

// A new user runs the scenarios, first as a developer, then as an administrator, without
// copying an id. It does not run in parallel with other tests: a browser needs the whole
// machine.
func TestPlayground(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, database string) {
		s := servertest.Start(t, database)
		v := &visit{t, browsertest.Open(t, s.URL+"/playground"), map[string]bool{}}
		v.shot("1-anonymous")
		v.run("Welcome")
		v.ask()
		v.decide()
		v.rotateAndDelete()
		v.manage()
		v.keyRequest()
		v.others()
		v.accept()
		v.visibility()
		v.confirm(s)
		v.signInWithApp(s)
		v.shot("9-end")
		require.Len(t, v.ran, len(playground.Tabs()), "every tab was played: %v", v.page.Tabs())
		require.Empty(t, v.page.ConsoleErrors())
		here, err := url.Parse(s.URL)
		require.NoError(t, err)
		require.NotEmpty(t, v.page.Requests())
		for _, request := range v.page.Requests() {
			u, err := url.Parse(request)
			require.NoError(t, err)
			require.True(t, u.Scheme == "data" || u.Host == here.Host, "a request to %s", request)
		}
	})
}

// ask runs the developer's tabs up to the subscription that waits.
func (v *visit) ask() {
	v.signIn("developer@demo.example", "Acme Developer")
	created := v.run("CreateApp")
	require.NotEmpty(v.t, created.Text("createApp", "secret", "rawKey"))
	v.shot("2-create-app")
	require.NotEmpty(v.t, v.run("Products").List("products", "nodes"))
	require.Equal(v.t, "WAITING", v.run("Register").Text("register", "productSubscription", "status"))
	require.Len(v.t, v.run("NarrowSubscription").List("updateSubscriptionEndpoints", "productSubscription", "endpoints", "nodes"), 1)
	require.Len(v.t, v.run("LimitKey").List("updateKey", "credential", "allowedAddresses"), 2)
	seen := v.run("AppPage")
	require.Equal(v.t, created.Text("createApp", "app", "id"), seen.Text("app", "id"))
	require.Equal(v.t, "YELLOW", seen.Text("app", "productSubscriptions", "nodes", 0, "badgeColor"))
	quotas := v.run("Quotas")
	require.EqualValues(v.t, 0, quotas.At("app", "callsLast24h"))
	require.Len(v.t, quotas.List("app", "productSubscriptions", "nodes"), 1)
	require.Equal(v.t, "APP", quotas.Text("app", "productSubscriptions", "nodes", 0, "plan", "quotaPer"))
	usage := v.run("Usage")
	require.Len(v.t, usage.List("usage", "series"), 30)
	require.Greater(v.t, usage.At("usage", "total"), 0.0, "the seed made calls")
	v.shot("3-app-page")
}

// decide runs the administrator's approval, and the developer's tabs after it.
func (v *visit) decide() {
	v.signIn("admin@demo.example", "Demo Administrator")
	require.Contains(v.t, texts(v.run("ApprovalQueue"), "status", "productSubscriptions", "nodes"), "WAITING")
	v.shot("4-approval-queue")
	require.Equal(v.t, "APPROVED", v.run("Approve").Text("approveSubscription", "productSubscription", "status"))
	v.signIn("developer@demo.example", "Acme Developer")
	seen := v.run("AppPage")
	require.Equal(v.t, "APPROVED", seen.Text("app", "productSubscriptions", "nodes", 0, "status"))
	require.Equal(v.t, "GREEN", seen.Text("app", "productSubscriptions", "nodes", 0, "badgeColor"))
	require.Equal(v.t, "SUBSCRIPTION_APPROVED", seen.Text("app", "timeline", "nodes", 0, "type"))
	v.shot("5-approved")
}

func (v *visit) rotateAndDelete() {
	fresh := v.run("GenerateKey").Text("generateKey", "credential", "id")
	revoked := v.run("RevokeKey")
	require.Equal(v.t, "REVOKED", revoked.Text("revokeKey", "credential", "status"))
	require.NotEqual(v.t, fresh, revoked.Text("revokeKey", "credential", "id"))
	require.NotEmpty(v.t, v.run("DeleteApp").Text("deleteApp", "deletedAppId"))
}

// manage runs the administrator's other tabs, on the seed's waiting subscriptions.
func (v *visit) manage() {
	v.signIn("admin@demo.example", "Demo Administrator")
	v.run("ApprovalQueue")
	require.Equal(v.t, "REJECTED", v.run("Reject").Text("rejectSubscription", "productSubscription", "status"))
	require.NotEmpty(v.t, v.run("Accounts").List("accounts", "nodes"))
	created := v.run("CreateAppFor").Text("createApp", "app", "id")
	require.Equal(v.t, created, v.run("UpdateApp").Text("updateApp", "app", "id"))
	require.Equal(v.t, created, v.run("GenerateKeyFor").Text("generateKey", "credential", "app", "id"))
	require.Equal(v.t, "NOT_SUBSCRIBED", v.run("ExplainAccess").Text("explainAccess", "code"))
	require.Nil(v.t, v.run("FindKey").At("credentialByKey"), "no credential has it")
	require.Len(v.t, v.run("Enforcement").List("node", "enforcement", "appliedBy"), 1)
	require.Equal(v.t, "ACCOUNT", v.run("ShareQuota").Text("updatePlan", "plan", "quotaPer"))
	require.NotEmpty(v.t, v.run("Users").List("users", "nodes"))
	require.NotEmpty(v.t, v.run("UnlockUser").Text("unlockUser", "user", "id"))
	v.run("ApprovalQueue")
	require.Equal(v.t, "UNSUBSCRIBED", v.run("Unregister").Text("unregister", "productSubscription", "status"))
	for _, decision := range []string{"ApproveSignUp", "RejectSignUp"} {
		v.run("SignUps")
		v.run(decision)
	}
}

// others runs the tabs that are part of no story, as those they are for.
func (v *visit) others() {
	for _, tab := range playground.Tabs() {
		title := regexp.MustCompile(`(?m)^(?:query|mutation) (\w+)`).FindStringSubmatch(tab.Query)[1]
		switch {
		case v.ran[title], title == "VerifyEmail", title == "AcceptAppTransfer": // which take what a letter has, and an offer to another account
			continue
		case title == "GrantProduct", title == "WithdrawProduct": // which close the product that the tabs after them ask for
			continue
		case tab.Group == "Developer":
			v.signIn("developer@demo.example", "Acme Developer")
		case tab.Group == "Approver":
			v.signIn("approver@demo.example", "Demo Approver")
		default:
			v.signIn("admin@demo.example", "Demo Administrator")
		}
		if title == "RotateKey" {
			v.run("CreateApp") // the keys that were listed for the administrator are others', too
		}
		if title == "RejectPlanChange" { // the one before is approved
			v.run("PlanChanges")
		}
		v.run(title)
	}
}

// keyRequest asks for a key, before the product is made to ask questions.
func (v *visit) keyRequest() {
	v.signIn("developer@demo.example", "Acme Developer")
	v.run("CreateApp") // which asks for nothing else
	v.run("Products")
	v.run("RequestKey")
	v.signIn("admin@demo.example", "Demo Administrator")
	v.run("KeyRequests")
	v.run("ApproveKeyRequest")
	v.signIn("developer@demo.example", "Acme Developer")
	v.run("CollectKey")
	v.productTerms()
}

// productTerms gives the product terms, which the developer accepts, and takes them away: the
// tabs after it register with the product.
func (v *visit) productTerms() {
	v.signIn("admin@demo.example", "Demo Administrator")
	product := v.run("SetProductTerms").Text("updateProduct", "product", "id")
	v.signIn("developer@demo.example", "Acme Developer")
	accepted := v.run("AcceptProductTerms")
	require.Equal(v.t, "2026-12", accepted.Text("acceptProductTerms", "productSubscriptions", 0, "acceptedTerms", "version"))
	v.signIn("admin@demo.example", "Demo Administrator")
	v.page.SelectTab("SetProductTerms")
	v.page.SetVariables(`{"input": {"productId": "` + product + `", "terms": null}}`)
	require.Nil(v.t, v.press("SetProductTerms").At("updateProduct", "product", "terms"))
}

// visibility makes a product private, lets an account see it, and takes that back.
func (v *visit) visibility() {
	v.signIn("admin@demo.example", "Demo Administrator")
	v.run("Products")
	v.run("Accounts")
	v.run("GrantProduct")
	v.run("WithdrawProduct")
}

// accept lets the administrator offer an app once more, and the other account accept it.
func (v *visit) accept() {
	v.signIn("admin@demo.example", "Demo Administrator")
	v.run("AppAndReceiver")
	v.run("TransferApp")
	v.signIn("developer@globex.example", "Globex Developer")
	v.run("AcceptTerms")
	v.run("AppTransfers")
	require.Equal(v.t, "Globex", v.run("AcceptAppTransfer").Text("acceptAppTransfer", "app", "account", "name"))
}

// confirm confirms the address of SignUp by the link of the letter, which development keeps.
func (v *visit) confirm(s *servertest.Server) {
	read := func(path string) string {
		a, err := http.Get(s.URL + path)
		require.NoError(v.t, err)
		defer a.Body.Close()
		text, err := io.ReadAll(a.Body)
		require.NoError(v.t, err)
		return string(text)
	}
	var token string
	require.Eventually(v.t, func() bool {
		for _, letter := range regexp.MustCompile(`href="(/dev/mail/[^"]+)"`).FindAllStringSubmatch(read("/dev/mail"), -1) {
			if token = regexp.MustCompile(`psu_\w+`).FindString(read(letter[1])); token != "" {
				return true
			}
		}
		return false
	}, 20*time.Second, 200*time.Millisecond, "the letter")
	v.page.SelectTab("VerifyEmail")
	v.page.SetVariables(`{"input": {"token": "` + token + `", "password": "` + servertest.UserPassword + `"}}`)
	require.Equal(v.t, "WAITING", v.press("VerifyEmail").Text("verifyEmail", "status"))
}

// signInWithApp signs in as a developer who has an authenticator app.
func (v *visit) signInWithApp(s *servertest.Server) {
	const email = "developer@globex.example"
	secret, _ := setUpApp(v.t, s.SignIn(v.t, email), servertest.Password)
	v.page.SignOut()
	v.page.SignIn(email, servertest.Password)
	require.Empty(v.t, v.page.User())
	v.page.EnterCode(code(v.t, secret, next))
	require.Equal(v.t, "Globex Developer", v.page.User(), v.page.Problem())
}

// signIn replaces the user who is signed in.
func (v *visit) signIn(email, name string) {
	if v.page.User() != "" {
		v.page.SignOut()
	}
	v.page.SignIn(email, servertest.Password)
	require.Empty(v.t, v.page.Problem())
	require.Equal(v.t, name, v.page.User())
}

// run opens a tab and presses its button; see press.
func (v *visit) run(tab string) *servertest.Answer {
	v.page.SelectTab(tab)
	return v.press(tab)
}

// press presses the button of the open tab, and requires a response without errors.
func (v *visit) press(tab string) *servertest.Answer {
	a := &servertest.Answer{Raw: v.page.Run()}
	require.NoError(v.t, json.Unmarshal([]byte(a.Raw), a), a.Raw)
	require.Empty(v.t, a.Errors, "%s: %s", tab, a.Raw)
	for field := range a.Data {
		require.Empty(v.t, a.List(field, "userErrors"), "%s: %s", tab, a.Raw)
	}
	v.ran[tab] = true
	return a
}

// shot writes a screenshot to the folder PLAYGROUND_SHOTS, if that is set.
func (v *visit) shot(name string) {
	if folder := os.Getenv("PLAYGROUND_SHOTS"); folder != "" {
		v.page.Screenshot(filepath.Join(folder, name+".png"))
	}
}
