package e2e

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/database"
	"portico/internal/testdb"
)

// secrets are texts that were shown once, or never, by their kind.
type secrets map[string]string

// key adds all forms of a new API key.
func (s secrets) key(t *testing.T, a *servertest.Answer, mutation string) {
	t.Helper()
	password, raw := a.Text(mutation, "secret", "password"), a.Text(mutation, "secret", "rawKey")
	id, err := uuid.Parse(password)
	require.NoError(t, err)
	s[mutation+"'s password"] = password
	s[mutation+"'s password in hexadecimal"] = hex.EncodeToString(id[:])
	s[mutation+"'s password in bytes"] = string(id[:])
	s[mutation+"'s raw key"] = raw
	s[mutation+"'s raw key's body"] = strings.Split(raw, "_")[1]
}

// found returns the kinds of secrets that a text contains, in upper or lower case.
func (s secrets) found(text string) []string {
	var out []string
	low := strings.ToLower(text)
	for name, secret := range s {
		if strings.Contains(text, secret) || strings.Contains(low, strings.ToLower(secret)) {
			out = append(out, name)
		}
	}
	return out
}

// Secrets are searched for in every later response, in the logs at the lowest level, and
// in the whole database.
func TestSecrets(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		s := servertest.Start(t, url, "PORTICO_LOG_LEVEL=debug")
		hidden, app, public := secretStory(t, s)
		admin := s.SignIn(t, "admin@demo.example")
		hidden["an administrator's token"] = admin.Token
		answer := admin.Must(t, `query($app: ID!) { app(id: $app) { credentials(first: 10) { nodes { id username secretHint name status timeline { nodes { type reason changes { field before after } } } } }
			timeline(first: 100) { nodes { type reason changes { field before after } } } } events(first: 100) { nodes { type reason changes { field before after } } } }`, vars{"app": app})
		dump := dump(t, url)
		for name, text := range map[string]string{"answers": answer.Raw, "log": s.Log(), "database": dump} {
			require.NotEmpty(t, text, name)
			require.Empty(t, hidden.found(text), name)
		}
		for _, word := range public {
			require.Contains(t, dump, word, "what is public is found in the database")
			require.Contains(t, answer.Raw, word)
		}
		require.Contains(t, s.Log(), "path=/graphql", "the log is talkative")
		require.Contains(t, s.Output(), servertest.Password, "the demo password is printed once, on standard output")
	})
}

// secretStory creates secrets of every kind. It returns them, an app, and public words
// that must be found where the secrets must not.
func secretStory(t *testing.T, s *servertest.Server) (hidden secrets, app string, public []string) {
	c := newActors(t, s, "secrets")
	const key, first, second = `credential { username } secret { password rawKey }`, "first-Secret-Word-1", "second-Secret-Word-2"
	hidden = secrets{"a user's password": servertest.UserPassword, "an old password": first, "a new password": second, "a token": c.dev.Token}
	created := c.dev.Do(t, "createApp", vars{"name": "Vault", "idempotencyKey": "once"}, `app { id } `+key)
	app = created.Text("createApp", "app", "id")
	hidden.key(t, created, "createApp")
	generated := c.dev.Do(t, "generateKey", vars{"appId": app, "idempotencyKey": "once"}, key)
	hidden.key(t, generated, "generateKey")
	later := []*servertest.Answer{
		c.dev.Do(t, "createApp", vars{"name": "Vault", "idempotencyKey": "once"}, `app { id } `+key),
		c.dev.Do(t, "generateKey", vars{"appId": app, "idempotencyKey": "once"}, key),
		c.dev.Do(t, "deleteApp", vars{"appId": app}, `deletedAppId`),
	}
	restored := c.admin.Do(t, "restoreApp", vars{"appId": app}, key)
	hidden.key(t, restored, "restoreApp")

	later = append(later, lookUps(t, s, c.dev, generated)...)
	const email = "keeper@secrets.example"
	later = append(later, c.admin.Do(t, "createUser", vars{"name": "Keeper", "email": email, "password": first, "accountId": c.account}, `user { id name email }`))
	keeper := &servertest.Client{URL: s.URL, Token: signIn(t, s, email, first, "").Text("signIn", "accessToken")}
	hidden["a keeper's token"] = keeper.Token
	keeper.Do(t, "changePassword", vars{"currentPassword": first, "newPassword": second}, `user { id }`)
	hidden["a refresh token"] = s.Anonymous().Do(t, "signIn", vars{"email": email, "password": second}, `refreshToken`).Text("signIn", "refreshToken")
	renewed := refresh(t, s, hidden["a refresh token"])
	hidden["a fresh token"], hidden["the next refresh token"] = renewed.Text("refreshSession", "accessToken"), renewed.Text("refreshSession", "refreshToken")
	hidden["a gateway's token"] = strings.TrimSpace(s.Run(t, "", "gateway", "create", "--organization", "demo", "--name", "edge-1"))

	later = append(later, signIn(t, s, email, first, ""), keeper.Send(t, whoAmI, nil), // the first is refused
		c.admin.Ask(t, "createUser", vars{"name": "", "email": email, "password": first}, `user { id }`))
	for name, content := range map[string]string{
		"broken":   `{"query": "mutation { signIn(input: {email: \"x\", password: \"` + first + `\"}) {`,
		"wrong":    body(`mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }`, vars{"input": vars{"email": "x", "password": []any{first}}}),
		"unknown":  body(`mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }`, vars{"input": vars{"email": "x", "password": "y", first: first}}),
		"document": body(`mutation { signIn(input: {email: "x", password: "`+first+`", odd: 1}) { accessToken } }`, nil),
	} {
		a := post(t, s.Anonymous(), content)
		require.GreaterOrEqual(t, a.Status, 400, name)
		if name != "unknown" { // the response names its field
			later = append(later, a)
		}
	}
	r, err := http.Get(s.URL + "/graphql?query=%7B__typename%7D&token=" + first)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	for _, a := range later {
		require.Empty(t, hidden.found(a.Raw), a.Raw)
	}
	return hidden, app, []string{"Vault", created.Text("createApp", "credential", "username"), generated.Text("generateKey", "credential", "username")}
}

// lookUps looks an API key up, in ways that succeed and in ways that do not. It returns
// the responses, without those that may contain what was sent.
func lookUps(t *testing.T, s *servertest.Server, dev *servertest.Client, created *servertest.Answer) []*servertest.Answer {
	t.Helper()
	raw := created.Text("generateKey", "secret", "rawKey")
	pair := created.Text("generateKey", "credential", "username") + ":" + created.Text("generateKey", "secret", "password")
	const document = `query($input: CredentialByKeyInput!) { credentialByKey(input: $input) { id } }`
	var out []*servertest.Answer
	for _, key := range []string{raw, pair} {
		found := dev.Must(t, document, vars{"input": vars{"key": key}})
		require.NotNil(t, found.At("credentialByKey"))
		out = append(out, found)
		for name, content := range map[string]string{
			"cut short":      body(document, vars{"input": vars{"key": key[:len(key)-1]}}),
			"padded":         body(document, vars{"input": vars{"key": key + " "}}),
			"a list":         body(document, vars{"input": vars{"key": []any{key, key}}}),
			"in a field":     body(document, vars{"input": vars{key: "x"}}),
			"as the input":   body(document, vars{"input": key}),
			"as a variable":  body(document, vars{key: "x"}),
			"in quotes":      body(`{ credentialByKey(input: {key: "`+key+`"}) { id } }`, nil),
			"unquoted":       body(`{ credentialByKey(input: {key: `+key+`}) { id } }`, nil),
			"no end":         body(`{ credentialByKey(input: {key: "`+key, nil),
			"as the name":    `{"query": "query A { __typename }", "operationName": "` + key + `"}`,
			"as a member":    `{"query": "{ __typename }", "` + key + `": 1}`,
			"no JSON":        `{"query": "{ __typename }", "variables": {"key": ` + key + `}}`,
			"broken JSON":    `{"query": "` + document + `", "variables": {"input": {"key": "` + key,
			"the whole body": key,
		} {
			for _, who := range []*servertest.Client{dev, s.Anonymous()} {
				require.NotEmpty(t, post(t, who, content).Raw, name)
			}
		}
		r, err := http.Get(s.URL + "/graphql?" + url.Values{"query": {`{ credentialByKey(input: {key: "` + key + `"}) { id } }`}}.Encode())
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
	}
	return out
}

// dump returns the content of a database: every row of Postgres as text, and SQLite's
// files as they are.
func dump(t *testing.T, url string) string {
	t.Helper()
	if path, sqlite := strings.CutPrefix(url, "sqlite:"); sqlite {
		return files(t, path)
	}
	d := testdb.Open(t, url)
	var out strings.Builder
	for _, table := range column(t, d, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`) {
		for _, row := range column(t, d, fmt.Sprintf(`SELECT t::text FROM %q AS t`, table)) {
			out.WriteString(row + "\n")
		}
	}
	return out.String()
}

// files reads an SQLite database and its journal.
func files(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	journal, err := os.ReadFile(path + "-wal")
	require.NoError(t, err)
	return string(content) + string(journal)
}

// column reads a query of one column.
func column(t *testing.T, d *database.DB, query string) []string {
	t.Helper()
	rows, err := d.QueryContext(context.Background(), query)
	require.NoError(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		out = append(out, text)
	}
	require.NoError(t, rows.Err())
	return out
}
