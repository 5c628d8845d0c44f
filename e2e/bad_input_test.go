package e2e

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// longText returns n characters.
func longText(n int) string { return strings.Repeat("x", n) }

// badTexts tests names: up to 255 characters of any script are valid.
func badTexts(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "bad-texts")
	app, _ := c.newApp(t, "Named")
	for script, letter := range map[string]string{
		"Latin": "x", "Turkish": "ı", "Greek": "ς", "Arabic": "ع", "Devanagari": "अ", "Chinese": "漢", "emoji": "🦊", "combining": "q\u0301",
	} {
		name := strings.Repeat(letter, 255/utf8.RuneCountInString(letter)) + strings.Repeat("x", 255%utf8.RuneCountInString(letter))
		a := c.dev.Do(t, "createApp", vars{"name": name, "generateKey": false}, `app { id name }`)
		require.Equal(t, name, a.Text("createApp", "app", "name"), script)
		a = c.dev.Ask(t, "createApp", vars{"name": name + letter}, `app { id }`)
		requireProblem(t, a, "createApp", "TOO_LONG", "name")
		require.Equal(t, map[string]any{"name": "max", "value": "255"}, a.At("createApp", "userErrors", 0, "params", 0))
		require.Nil(t, a.At("createApp", "app"))
	}
	for text, code := range map[string]string{
		"": "REQUIRED", " ": "REQUIRED", "\u2003\u00a0": "REQUIRED", "\t\n": "REQUIRED", "\u0301": "REQUIRED", "\u3164\u2800": "REQUIRED",
		"a\x00b": "INVALID_CHARACTERS", "a\nb": "INVALID_CHARACTERS", "a\x7fb": "INVALID_CHARACTERS", "a\u0085b": "INVALID_CHARACTERS",
		"a\u202eb": "INVALID_CHARACTERS", "a\u2028b": "INVALID_CHARACTERS",
	} {
		requireProblem(t, c.dev.Ask(t, "createApp", vars{"name": text}, `app { id }`), "createApp", code, "name")
		requireProblem(t, c.dev.Ask(t, "updateApp", vars{"appId": app, "name": text}, `app { id }`), "updateApp", code, "name")
		requireProblem(t, c.admin.Ask(t, "createAccount", vars{"name": text}, `account { id }`), "createAccount", code, "name")
		requireProblem(t, c.admin.Ask(t, "updateAccount", vars{"accountId": c.account, "name": text}, `account { id }`), "updateAccount", code, "name")
		requireProblem(t, c.admin.Ask(t, "createUser", vars{"name": text, "email": "new@bad-texts.example", "password": servertest.UserPassword, "accountId": c.account}, `user { id }`),
			"createUser", code, "name")
	}
	requireProblem(t, c.dev.Ask(t, "updateApp", vars{"appId": app, "name": nil}, `app { id }`), "updateApp", "REQUIRED", "name")
	requireProblem(t, c.dev.Ask(t, "generateKey", vars{"appId": app, "name": "a\x00b"}, `credential { id }`), "generateKey", "INVALID_CHARACTERS", "name")
	requireProblem(t, c.dev.Ask(t, "generateKey", vars{"appId": app, "name": longText(256)}, `credential { id }`), "generateKey", "TOO_LONG", "name")
	requireProblem(t, c.dev.Ask(t, "createApp", vars{"name": "x", "description": longText(2001)}, `app { id }`), "createApp", "TOO_LONG", "description")
	requireProblem(t, c.dev.Ask(t, "deleteApp", vars{"appId": app, "reason": longText(1001)}, `deletedAppId`), "deleteApp", "TOO_LONG", "reason")
	nul := c.admin.Must(t, `query($s: String!) { apps(where: {nameContains: $s}) { totalCount } labels: apps(where: {label: {key: $s}}) { totalCount }
		values: apps(where: {label: {key: "a", value: $s}}) { totalCount } accounts(where: {nameContains: $s}) { totalCount } users(where: {contains: $s}) { totalCount }
		products(where: {titleContains: $s}) { totalCount } serverInfo(organization: $s) { organizationName } }`, vars{"s": "a\x00b"})
	for _, found := range []string{"apps", "labels", "values", "accounts", "users", "products"} {
		require.Zero(t, nul.Number(found, "totalCount"), "what cannot be stored is not found")
	}
}

// badInputs tests invalid references, labels, dates and numbers.
func badInputs(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "bad-inputs")
	other := newActors(t, s, "bad-inputs-other")
	const reference = "6f1d0a52-9c1e-4b52-8f3e-3a1d2c4b5a69"
	created := c.dev.Do(t, "createApp", vars{"name": "First", "referenceId": strings.ToUpper(reference)}, `app { id referenceId }`)
	require.Equal(t, reference, created.Text("createApp", "app", "referenceId"))
	app := created.Text("createApp", "app", "id")
	for _, who := range []*servertest.Client{c.dev, other.dev} {
		requireProblem(t, who.Ask(t, "createApp", vars{"name": "Second", "referenceId": reference}, `app { id }`), "createApp", "TAKEN", "referenceId")
	}
	requireProblem(t, c.dev.Ask(t, "createApp", vars{"name": "Zero", "referenceId": "00000000-0000-0000-0000-000000000000"}, `app { id }`), "createApp", "INVALID", "referenceId")
	for _, wrong := range []any{"not a uuid", "", reference + "0", "{" + reference + "}", "urn:uuid:" + reference} {
		requireProblem(t, c.dev.Ask(t, "createApp", vars{"name": "Wrong", "referenceId": wrong}, `app { id }`), "createApp", "INVALID", "referenceId")
	}
	requireError(t, c.dev.Ask(t, "createApp", vars{"name": "Wrong", "referenceId": 7}, `app { id }`), "BAD_USER_INPUT")
	label := func(k, v string) any { return vars{"key": k, "value": v} }
	var many []any
	for range 51 {
		many = append(many, label(longText(len(many)+1), "x"))
	}
	for field, labels := range map[string][]any{
		"labels.0.key REQUIRED": {label("", "x")}, "labels.1.key TAKEN": {label("a", "1"), label("a", "2")},
		"labels.0.key TOO_LONG": {label(longText(64), "x")}, "labels.0.value INVALID_CHARACTERS": {label("a", "b\x07")}, "labels TOO_MANY": many,
	} {
		path, code, _ := strings.Cut(field, " ")
		requireProblem(t, c.dev.Ask(t, "createApp", vars{"name": "Labelled", "labels": labels}, `app { id }`), "createApp", code, path)
	}
	requireProblem(t, c.dev.Ask(t, "generateKey", vars{"appId": app, "expiresAt": "2001-01-01T00:00:00Z"}, `credential { id }`), "generateKey", "MUST_BE_FUTURE", "expiresAt")
	requireError(t, c.dev.Ask(t, "generateKey", vars{"appId": app, "expiresAt": "tomorrow"}, `credential { id }`), "BAD_USER_INPUT")
	requireError(t, c.dev.Ask(t, "generateKey", vars{"appId": app, "environment": "MOON"}, `credential { id }`), "BAD_USER_INPUT")
	requireProblem(t, c.dev.Ask(t, "generateKey", vars{"name": "Nobody's"}, `credential { id }`), "generateKey", "REQUIRED", "appId")
	requireProblem(t, c.dev.Ask(t, "generateKey", vars{"appId": app, "accountId": c.account}, `credential { id }`), "generateKey", "REQUIRED", "appId")
	requireProblem(t, c.dev.Ask(t, "generateKey", vars{"appId": app, "accessControlList": []any{app}}, `credential { id }`), "generateKey", "UNKNOWN_REFERENCE", "accessControlList.0")
	requireError(t, c.dev.Ask(t, "updateApp", vars{"appId": app, "version": 1 << 40}, `app { id }`), "BAD_USER_INPUT")
	_, credential := c.newApp(t, "Keyed")
	requireProblem(t, c.dev.Ask(t, "revokeKey", vars{"credentialId": credential, "reason": "APP_DELETED"}, `credential { id }`), "revokeKey", "INVALID", "reason")
	user := vars{"name": "Somebody", "email": c.email, "password": servertest.UserPassword, "accountId": c.account}
	requireProblem(t, c.admin.Ask(t, "createUser", user, `user { id }`), "createUser", "TAKEN", "email")
	user["email"] = strings.ToUpper(c.email)
	requireProblem(t, c.admin.Ask(t, "createUser", user, `user { id }`), "createUser", "TAKEN", "email")
	user["email"], user["password"] = "new@bad-inputs.example", "short"
	requireProblem(t, c.admin.Ask(t, "createUser", user, `user { id }`), "createUser", "WEAK_PASSWORD", "password")
	user["password"], user["accountId"] = servertest.UserPassword, app
	requireProblem(t, c.admin.Ask(t, "createUser", user, `user { id }`), "createUser", "UNKNOWN_REFERENCE", "accountId")
}

// repeated tests changes of objects that no longer exist.
func repeated(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "repeated")
	app, credential := c.newApp(t, "Again")
	old := c.dev.Must(t, `query($id: ID!) { app(id: $id) { version } }`, vars{"id": app}).Number("app", "version")
	c.dev.Do(t, "updateApp", vars{"appId": app, "name": "Once", "version": old}, `app { id }`)
	requireError(t, c.dev.Ask(t, "updateApp", vars{"appId": app, "name": "Twice", "version": old}, `app { id }`), "CONFLICT")
	requireError(t, c.dev.Ask(t, "updateKey", vars{"credentialId": credential, "name": "x", "version": 99}, `credential { id }`), "CONFLICT")
	requireError(t, c.admin.Ask(t, "updateAccount", vars{"accountId": c.account, "name": "x", "version": 99}, `account { id }`), "CONFLICT")
	c.dev.Do(t, "updateApp", vars{"appId": app, "name": "Once"}, `app { id }`)
	require.Equal(t, []string{"APP_UPDATED", "CREDENTIAL_CREATED", "APP_CREATED"}, timeline(t, c.dev, app), "no change is no event")

	const state = `credential { id status revokedAt revokedReason revokedNote version }`
	first := c.dev.Do(t, "revokeKey", vars{"credentialId": credential, "reason": "KEY_COMPROMISE", "note": "Found."}, state)
	second := c.dev.Do(t, "revokeKey", vars{"credentialId": credential, "reason": "SUPERSEDED"}, state)
	require.Equal(t, first.Data, second.Data)
	require.Equal(t, []string{"CREDENTIAL_REVOKED", "CREDENTIAL_CREATED"}, timeline(t, c.dev, credential))
	for mutation, input := range map[string]vars{
		"enableKey": {"credentialId": credential}, "disableKey": {"credentialId": credential}, "updateKey": {"credentialId": credential, "name": "Back"},
	} {
		a := c.admin.Ask(t, mutation, input, state)
		requireProblem(t, a, mutation, "KEY_REVOKED", "credentialId")
		require.Equal(t, "A revoked key never comes back.", a.Text(mutation, "userErrors", 0, "message"))
	}

	seeded := s.SignIn(t, "developer@demo.example")
	expired := seeded.Must(t, `{ apps(where: {nameContains: "Storefront"}) { nodes { credentials(where: {status: [EXPIRED]}) { nodes { id enabled } } } } }`, nil).
		Text("apps", "nodes", 0, "credentials", "nodes", 0, "id")
	requireProblem(t, seeded.Ask(t, "updateKey", vars{"credentialId": expired, "expiresAt": "2099-01-01T00:00:00Z"}, state), "updateKey", "KEY_EXPIRED", "credentialId")
	requireProblem(t, c.admin.Ask(t, "enableKey", vars{"credentialId": expired}, state), "enableKey", "KEY_EXPIRED", "credentialId")

	product, _ := c.newProduct(t, "repeated", "MANUAL")
	id := c.register(t, app, product)
	requireProblem(t, c.dev.Ask(t, "register", vars{"appId": app, "productId": product}, subscriptionFields), "register", "ALREADY_REGISTERED", "productId")
	c.admin.Do(t, "approveSubscription", vars{"subscriptionId": id}, subscriptionFields)
	requireProblem(t, c.admin.Ask(t, "approveSubscription", vars{"subscriptionId": id}, subscriptionFields), "approveSubscription", "WRONG_STATUS", "subscriptionId")
	requireProblem(t, c.admin.Ask(t, "rejectSubscription", vars{"subscriptionId": id, "reason": "Late."}, subscriptionFields), "rejectSubscription", "WRONG_STATUS", "subscriptionId")
	requireProblem(t, c.dev.Ask(t, "register", vars{"appId": app, "productId": product}, subscriptionFields), "register", "ALREADY_REGISTERED", "productId")
	require.Equal(t, []string{"SUBSCRIPTION_APPROVED", "SUBSCRIPTION_REGISTERED"}, timeline(t, c.dev, id))
}
