package server

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph"
	"portico/internal/viewer"
)

// publicDocuments returns a document for each public field, and what its
// response contains.
func publicDocuments() map[string][2]string {
	return map[string][2]string{
		"viewer":               {`query { viewer { role user { name } } }`, `"viewer":null`},
		"serverInfo":           {`query { __typename ...F } fragment F on Query { i: serverInfo { languages } }`, `"i":{"languages":["en"]}`},
		"catalogue":            {`query { catalogue(organization: "none") { organizationName } }`, `"catalogue":null`},
		"refreshSession":       {`mutation { refreshSession(input: {refreshToken: "prt_"}) { accessToken } }`, `"path":["refreshSession"]`},
		"switchAccount":        {`mutation { switchAccount(input: {accountId: "acct_"}) { userErrors { code } } }`, `"NOT_SIGNED_IN"`},
		"completeSignIn":       {`mutation { completeSignIn(input: {challenge: "pch_", code: "1"}) { accessToken } }`, `"CHALLENGE_EXPIRED"`},
		"signOut":              {`mutation { signOut(input: {refreshToken: "prt_"}) { endedSessionIds } }`, `"path":["signOut"]`},
		"requestPasswordReset": {`mutation { requestPasswordReset(input: {email: "nobody"}) { userErrors { code } } }`, `"INVALID"`},
		"signUp":               {`mutation { signUp(input: {organization: "none", email: "a@b.example", name: "A"}) { userErrors { code } } }`, `"POLICY"`},
		"verifyEmail":          {`mutation { verifyEmail(input: {token: "psu_", password: "long enough, and more"}) { userErrors { code } } }`, `"INVALID_LINK"`},
		"acceptInvitation":     {`mutation { acceptInvitation(input: {token: "pit_"}) { userErrors { code } } }`, `"INVALID_LINK"`},
		"reportLeakedKey":      {`mutation { reportLeakedKey(input: {key: "x"}) { userErrors { code } } }`, `"INVALID"`},
		"resetPassword":        {`mutation { resetPassword(input: {token: "ppr_", newPassword: "x"}) { userErrors { code } } }`, `"INVALID_LINK"`},
		// No such user exists; it is enough that the password was checked.
		"signIn": {`mutation { signIn(input: {email: "nobody@demo.example", password: "portico-demo"}) { accessToken } }`, `"reason":"WRONG_CREDENTIALS"`},
	}
}

// invalidTokens returns Authorization headers that are not valid.
func invalidTokens() map[string][]string {
	return map[string][]string{
		"junk": {"Bearer junk"}, "of a gateway": {"Bearer pgw_junk"}, "basic": {"Basic YTpi"}, "two": {"Bearer a", "Bearer b"}, "empty": {""},
	}
}

func askAs(h http.Handler, method, document string, header http.Header) *httptest.ResponseRecorder {
	target, body := "/graphql", ""
	if method == http.MethodGet {
		target += "?query=" + url.QueryEscape(document)
	} else {
		text, _ := json.Marshal(map[string]string{"query": document})
		body = string(text)
	}
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header = header.Clone()
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// An expired token does not prevent requests for public fields, such as signing
// in again; all other requests are refused because of it.
func TestAnInvalidTokenIsIgnoredForPublicFields(t *testing.T) {
	text, err := graph.SchemaFor(viewer.Anonymous)
	require.NoError(t, err)
	public := gqlparser.MustLoadSchema(&ast.Source{Input: text})
	var names []string
	for _, f := range slices.Concat(public.Query.Fields, public.Mutation.Fields) {
		if !strings.HasPrefix(f.Name, "__") {
			names = append(names, f.Name)
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(publicDocuments())), names, "each has a document")
	r := testRouter(t)
	for kind, tokens := range invalidTokens() {
		header := http.Header{"Authorization": tokens}
		for name, x := range publicDocuments() {
			w := askAs(r, http.MethodPost, x[0], header)
			require.Equal(t, http.StatusOK, w.Code, "%s, %s: %s", kind, name, w.Body)
			require.Contains(t, w.Body.String(), x[1], name)
			w = askAs(r, http.MethodGet, x[0], header)
			if strings.HasPrefix(x[0], "mutation") {
				require.Equal(t, http.StatusMethodNotAllowed, w.Code, "as to anybody")
				continue
			}
			require.Equal(t, http.StatusOK, w.Code, "%s, %s: %s", kind, name, w.Body)
			require.Contains(t, w.Body.String(), x[1], name)
		}
	}
}

func TestAnInvalidTokenIsRefusedForAllOtherFields(t *testing.T) {
	r := testRouter(t)
	others := []string{
		`{ apps(first: 1) { totalCount } }`, `{ serverInfo { version } apps(first: 1) { totalCount } }`,
		`{ serverInfo { version } ...F } fragment F on Query { apps(first: 1) { totalCount } }`,
		`{ viewer { user { status } } }`, `{ serverInfo { version } __schema { queryType { name } } }`, `{ __type(name: "App") { name } }`, `{ __typename }`,
		`{ nothing }`, `{`, `query A { viewer { role } } query B { viewer { role } }`, ``,
		`mutation { signIn(input: {email: "a", password: "b"}) { accessToken } deleteApp(input: {appId: "app_1"}) { deletedAppId } }`,
		`subscription { viewer }`,
	}
	for kind, tokens := range invalidTokens() {
		for _, document := range others {
			for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodPut} {
				w := askAs(r, method, document, http.Header{"Authorization": tokens})
				require.Equal(t, http.StatusUnauthorized, w.Code, "%s, %s %s: %s", kind, method, document, w.Body)
				require.Equal(t, `Bearer error="invalid_token"`, w.Header().Get("WWW-Authenticate"))
				require.Regexp(t, `^\{"errors":\[\{"message":"[^"]+","extensions":\{"code":"UNAUTHENTICATED","reason":"(SESSION_EXPIRED|INVALID_TOKEN)","requestId":"[^"]+"\}\}\]\}$`,
					strings.ReplaceAll(w.Body.String(), "\n", ""), document)
			}
		}
	}
	w := askAs(r, http.MethodPost, `{ serverInfo { version } }`, http.Header{"Authorization": {"Bearer junk"}, "Accept": {"text/html"}})
	require.Equal(t, http.StatusUnauthorized, w.Code, "the invalid token is reported first")
	for _, query := range []string{"", "?from=yesterday"} {
		for header, challenge := range map[string]string{"": `Bearer`, "Bearer junk": `Bearer error="invalid_token"`} {
			given := map[string]string{}
			if header != "" {
				given["Authorization"] = header
			}
			w := call(r, http.MethodGet, "/usage.csv"+query, given)
			require.Equal(t, http.StatusUnauthorized, w.Code, "%q %q", query, header)
			require.Equal(t, challenge, w.Header().Get("WWW-Authenticate"))
		}
	}
}
