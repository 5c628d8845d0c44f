package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/mail/mailtest"
	"portico/internal/testdb"
)

const (
	hasAccepted = `acceptedTerms { version at } user { id }`
	termsDue    = `{ viewer { acceptedTerms { version } termsToAccept { version url } account { viewerCan { createApp { allowed code } } } } apps { totalCount } }`
)

// An organization has terms, which its developers accept before they change anything, each
// version anew; their keys stay valid meanwhile.
func terms(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "terms")
	app, credential := c.newApp(t, "Before")
	leaked := c.dev.Do(t, "generateKey", vars{"appId": app}, `credential { id }`).Text("generateKey", "credential", "id")
	setTerms := func(version any) *servertest.Answer {
		var in any
		if version != nil {
			in = vars{"version": version, "url": "https://terms.example/" + version.(string)}
		}
		return c.admin.Do(t, "updateOrganization", vars{"terms": in}, `organization { terms { version url } }`)
	}
	change := func(by *servertest.Client) *servertest.Answer {
		return by.Ask(t, "updateApp", vars{"appId": app, "description": "Changed"}, `app { description }`)
	}
	require.Nil(t, c.dev.Must(t, termsDue, nil).At("viewer", "termsToAccept"))

	require.Equal(t, "https://terms.example/2026", setTerms("2026").Text("updateOrganization", "organization", "terms", "url"))
	due := c.dev.Must(t, termsDue, nil)
	require.Equal(t, map[string]any{"version": "2026", "url": "https://terms.example/2026"}, due.At("viewer", "termsToAccept"))
	require.Equal(t, map[string]any{"allowed": false, "code": "TERMS"}, due.At("viewer", "account", "viewerCan", "createApp"))
	require.Equal(t, 1, due.Number("apps", "totalCount"), "reading goes on")
	for _, refused := range []*servertest.Answer{
		change(c.dev), c.dev.Ask(t, "createApp", vars{"name": "Another"}, `app { id }`), c.dev.Ask(t, "generateKey", vars{"appId": app}, `credential { id }`),
		c.dev.Ask(t, "inviteMember", vars{"accountId": c.account, "email": "friend@terms.example"}, `invitation { id }`),
	} {
		requireReason(t, refused, "FORBIDDEN", "TERMS")
	}
	c.dev.Do(t, "revokeKey", vars{"credentialId": leaked, "reason": "KEY_COMPROMISE"}, `credential { status }`)
	c.dev.Do(t, "updateUser", vars{"userId": c.developer, "theme": "DARK"}, `user { theme }`)
	c.dev.Do(t, "changePassword", vars{"currentPassword": servertest.UserPassword, "newPassword": "a new kettle, and its lid"}, `user { id }`)
	verdict := c.admin.Must(t, `query($in: ExplainAccessInput!) { explainAccess(input: $in) { code } }`, vars{"in": vars{"credentialId": credential}})
	require.Equal(t, "VALID", verdict.Text("explainAccess", "code"), "keys stay valid")
	require.Equal(t, "Changed", change(c.admin).Text("updateApp", "app", "description"), "staff accept nothing")
	requireReason(t, c.admin.Ask(t, "acceptTerms", vars{"version": "2026"}, hasAccepted), "FORBIDDEN", "ROLE")

	for _, wrong := range []string{"2025", "2026\n2027", strings.Repeat("2026", 2_500)} {
		requireProblem(t, c.dev.Ask(t, "acceptTerms", vars{"version": wrong}, hasAccepted), "acceptTerms", "INVALID", "version")
	}
	requireProblem(t, c.dev.Ask(t, "acceptTerms", vars{"version": " "}, hasAccepted), "acceptTerms", "REQUIRED", "version")
	first := c.dev.Do(t, "acceptTerms", vars{"version": "2026"}, hasAccepted)
	require.Equal(t, first.Data, c.dev.Do(t, "acceptTerms", vars{"version": "2026"}, hasAccepted).Data, "once is enough")
	require.Empty(t, change(c.dev).Errors)
	due = c.dev.Must(t, termsDue, nil)
	require.Equal(t, []any{nil, "2026"}, []any{due.At("viewer", "termsToAccept"), due.At("viewer", "acceptedTerms", "version")})
	seen := c.admin.Must(t, `query($id: ID!) { node(id: $id) { ... on User { acceptedTerms { version } } } events(where: {type: [TERMS_ACCEPTED]}) { nodes { subject { id } changes { field after } } } }`, vars{"id": c.developer})
	require.Equal(t, "2026", seen.Text("node", "acceptedTerms", "version"))
	require.Len(t, seen.List("events", "nodes"), 1)
	require.Equal(t, []any{map[string]any{"field": "version", "after": "2026"}}, seen.At("events", "nodes", 0, "changes"))

	// A new version, also for a service token that acts for the developer.
	c.admin.Do(t, "updateOrganization", vars{"actAs": true}, `organization { actAs }`)
	_, backend := c.newToken(t, vars{"name": "portal", "scopes": []string{"USERS_ACT_AS"}})
	acting := actingFor(t, backend, c.developer, c.account)
	require.Empty(t, change(acting).Errors)
	setTerms("2027")
	requireReason(t, change(c.dev), "FORBIDDEN", "TERMS")
	requireReason(t, change(acting), "FORBIDDEN", "TERMS")
	requireReason(t, acting.Ask(t, "acceptTerms", vars{"version": "2027"}, hasAccepted), "FORBIDDEN", "SCOPE")
	c.dev.Do(t, "acceptTerms", vars{"version": "2027"}, hasAccepted)
	require.Empty(t, change(acting).Errors)
	setTerms("2028")
	setTerms(nil)
	require.Empty(t, change(c.dev).Errors)
	for field, wrong := range map[string]vars{
		"terms.url": {"version": "1", "url": "javascript:alert(1)"}, "terms.version": {"version": strings.Repeat("1", 10_000), "url": "https://terms.example"},
	} {
		code := map[string]string{"terms.url": "INVALID", "terms.version": "TOO_LONG"}[field]
		requireProblem(t, c.admin.Ask(t, "updateOrganization", vars{"terms": wrong}, `organization { id }`), "updateOrganization", code, field)
	}
}

// Whoever signs up or is invited accepts the terms then; the answer tells nobody who is
// known.
func TestTermsOfNewcomers(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		post := mailtest.Start(t, mailtest.Options{})
		s := servertest.Start(t, url, mailSettings(post.Address)...)
		c, other, anonymous := newOrganization(t, s, "terms"), newOrganization(t, s, "others"), s.Anonymous()
		c.admin.Do(t, "updateOrganization", vars{"signUp": "OPEN", "terms": vars{"version": "2026", "url": "https://terms.example/2026"}}, `organization { id }`)
		other.admin.Do(t, "updateOrganization", vars{"terms": vars{"version": "theirs", "url": "https://others.example"}}, `organization { id }`)
		shown := anonymous.Must(t, `{ serverInfo(organization: "terms") { terms { version url } } }`, nil)
		require.Equal(t, map[string]any{"version": "2026", "url": "https://terms.example/2026"}, shown.At("serverInfo", "terms"))

		const errs = `userErrors { code field message }`
		signUp := func(email string, version any) *servertest.Answer {
			return anonymous.Ask(t, "signUp", vars{"organization": "terms", "email": email, "name": "Nora", "termsVersion": version}, errs)
		}
		for _, version := range []any{nil, "", "2025", "theirs", "2026\n", strings.Repeat("2026", 2_500)} {
			unknown, known := signUp("nora@terms.example", version), signUp(c.email, version)
			if version == "2026\n" { // as every text, it is taken without blanks around it
				require.Empty(t, unknown.At("signUp", "userErrors"))
			} else {
				code := "INVALID"
				if version == nil || version == "" {
					code = "REQUIRED"
				}
				requireProblem(t, unknown, "signUp", code, "termsVersion")
			}
			require.Equal(t, unknown.At("signUp"), known.At("signUp"), "%.20q", version)
		}
		token, _ := verificationIn(t, letterTo(t, post, "nora@terms.example"))
		anonymous.Do(t, "verifyEmail", vars{"token": token, "password": servertest.UserPassword}, `status`)
		nora := s.SignInWith(t, "nora@terms.example", servertest.UserPassword)
		nora.Do(t, "createApp", vars{"name": "Mine"}, `app { id }`)
		require.Equal(t, "2026", nora.Must(t, termsDue, nil).Text("viewer", "acceptedTerms", "version"))

		// Invited, a new person accepts them with the link, and a user after signing in.
		c.dev.Do(t, "acceptTerms", vars{"version": "2026"}, hasAccepted)
		c.dev.Do(t, "inviteMember", vars{"accountId": c.account, "email": "ada@terms.example"}, `invitation { id }`)
		invitation, _ := invitationIn(t, letterTo(t, post, "ada@terms.example"))
		in := vars{"token": invitation, "name": "Ada", "password": servertest.UserPassword}
		requireProblem(t, anonymous.Ask(t, "acceptInvitation", in, errs), "acceptInvitation", "REQUIRED", "termsVersion")
		in["termsVersion"] = "theirs"
		requireProblem(t, anonymous.Ask(t, "acceptInvitation", in, errs), "acceptInvitation", "INVALID", "termsVersion")
		in["termsVersion"] = "2026"
		anonymous.Do(t, "acceptInvitation", in, `user { id }`)
		s.SignInWith(t, "ada@terms.example", servertest.UserPassword).Do(t, "createApp", vars{"name": "Ours"}, `app { id }`)

		c.newUser(t, "Made", "made@terms.example", c.account, "MEMBER")
		made := s.SignInWith(t, "made@terms.example", servertest.UserPassword)
		requireReason(t, made.Ask(t, "createApp", vars{"name": "Mine"}, `app { id }`), "FORBIDDEN", "TERMS")
		made.Do(t, "acceptTerms", vars{"version": "2026"}, hasAccepted)
		made.Do(t, "createApp", vars{"name": "Mine"}, `app { id }`)
	})
}

// letterTo returns the first letter to an address.
func letterTo(t *testing.T, post *mailtest.Server, email string) (out mailtest.Letter) {
	t.Helper()
	require.Eventually(t, func() bool {
		for _, l := range post.Letters() {
			if l.To == email {
				out = l
				return true
			}
		}
		return false
	}, 30*time.Second, 50*time.Millisecond)
	return out
}
