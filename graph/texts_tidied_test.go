package graph_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/testdb"
)

// White space and unseen characters around a text of an input are not stored, and
// both spellings of an accent are one.
func TestTextsOfInputsAreTidied(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		create := mutation("createApp", "app { name description labels { key value } } userErrors { code field }")
		a := w.askAs("developer", create, map[string]any{"input": arguments{
			"name": "\u00a0 Jose\u0301\u3000", "description": "\n a\n\nb\u2003\n",
			"labels": []any{arguments{"key": " team\u2003", "value": "\u200bcore\ufeff"}},
		}})
		require.JSONEq(t, `{"createApp": {"app": {"name": "Jos\u00e9", "description": "a\n\nb", "labels": [{"key": "team", "value": "core"}]}, "userErrors": []}}`, a.data(t))
		a = w.askAs("developer", create, map[string]any{"input": arguments{"name": "Two", "labels": []any{
			arguments{"key": "a", "value": "1"}, arguments{"key": "\u3000a", "value": "2"}, arguments{"key": "e\u0301", "value": "3"}, arguments{"key": "\u00e9", "value": "4"},
		}}})
		require.JSONEq(t, `{"createApp": {"app": null, "userErrors": [{"code": "TAKEN", "field": ["labels", "1", "key"]}, {"code": "TAKEN", "field": ["labels", "3", "key"]}]}}`, a.data(t))
		// In a document too, and where one searches.
		a = w.askAs("developer", `{ apps(where: {nameContains: "\u2003jose\u0301 ", label: {key: " team", value: "core "}}) { nodes { name } } }`, nil)
		require.JSONEq(t, `{"apps": {"nodes": [{"name": "Jos\u00e9"}]}}`, a.data(t))

		product := w.freshProduct()
		w.make("admin", "createPlan", arguments{"productId": product, "name": "Caf\u00e9"}, "plan")
		for _, name := range []string{"Caf\u00e9", "Cafe\u0301", "\u00a0Caf\u00e9", "Cafe\u0301\u2060 "} {
			a = w.askAs("admin", mutation("createPlan", "plan { id } userErrors { code field }"), map[string]any{"input": arguments{"productId": product, "name": name}})
			require.JSONEq(t, `{"createPlan": {"plan": null, "userErrors": [{"code": "TAKEN", "field": ["name"]}]}}`, a.data(t), "%+q", name)
		}
	})
}

// These inputs are stored as they are sent; say why when you add one.
func TestFewTextsAreTakenVerbatim(t *testing.T) {
	const secret, described = "blanks count in passwords", "a gateway passes it on as it is"
	want := map[string]string{
		"CreateUserInput.password": secret, "SignInInput.password": secret, "ChangePasswordInput.currentPassword": secret, "ChangePasswordInput.newPassword": secret, "ResetPasswordInput.newPassword": secret,
		"AcceptInvitationInput.password": secret, "EnableTotpInput.password": secret, "VerifyEmailInput.password": secret,
		"ExplainAccessInput.method": described, "ExplainAccessInput.path": described, "ExplainAccessInput.address": described,
	}
	whole, _ := places(t)
	for _, d := range whole.Types {
		for _, f := range d.Fields {
			if d.Kind == ast.InputObject && f.Directives.ForName("verbatim") != nil {
				require.Contains(t, want, d.Name+"."+f.Name)
				delete(want, d.Name+"."+f.Name)
			}
		}
	}
	require.Empty(t, want)
}

// No other input decodes a text by itself.
func TestTextsOfInputsAreDecodedInOnePlace(t *testing.T) {
	files, err := filepath.Glob("generated/*.go")
	require.NoError(t, err)
	function, enums := regexp.MustCompile(`(?m)^func .*`), regexp.MustCompile(`unmarshal[NO](VerdictCode|EventType|__\w+)2`)
	decoded := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		starts := function.FindAllStringIndex(string(text), -1)
		for i, at := range starts {
			end := len(text)
			if i+1 < len(starts) {
				end = starts[i+1][0]
			}
			head, body := string(text[at[0]:at[1]]), string(text[at[1]:end])
			decoded += strings.Count(body, "model.UnmarshalText(")
			if !enums.MatchString(head) {
				require.NotContains(t, body, "graphql.UnmarshalString(", "%s: %s", name, head)
			}
		}
	}
	require.Positive(t, decoded)
}

// A password keeps its blanks.
func TestPasswordsAreVerbatim(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	in := newUser(w, "")
	in["password"] = " \u00a0correct horse battery "
	w.make("admin", "createUser", in, "user")
	signIn := func(password string) string {
		return w.ask(t, "", mutation("signIn", "accessToken"), map[string]any{"input": arguments{"email": in["email"], "password": password}}).raw
	}
	require.NotContains(t, signIn("correct horse battery"), `"accessToken"`)
	require.Contains(t, signIn(" \u00a0correct horse battery "), `"accessToken"`)
}
