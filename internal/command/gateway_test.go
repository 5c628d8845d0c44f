package command

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/clock"
	"portico/internal/gateway/presence"
	"portico/internal/testdb"
)

// gatewayFlags returns flags for a database with the demo data.
func gatewayFlags(t *testing.T, url string) []string {
	t.Helper()
	flags := []string{"--database-url=" + url, "--keyring=" + newRing(t)}
	_, err := porticoWith(map[string]string{"PORTICO_DEMO_PASSWORD": "correct horse battery"}, append([]string{"seed"}, flags...)...)
	require.NoError(t, err)
	return flags
}

// gatewayCommand runs `portico gateway` and returns its output.
func gatewayCommand(flags []string, args ...string) (stdout, stderr string, err error) {
	var out, words strings.Builder
	err = run(context.Background(), append(append([]string{"gateway"}, args...), flags...), noVariables, strings.NewReader(""), &out, &words)
	return out.String(), words.String(), err
}

func TestGateways(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		flags := gatewayFlags(t, url)
		do := func(args ...string) (string, string) {
			t.Helper()
			out, words, err := gatewayCommand(flags, append(args, "--organization=demo")...)
			require.NoError(t, err)
			return out, words
		}
		out, words := do("list")
		require.Empty(t, out)
		require.Contains(t, words, "demo has no gateway")

		token, words := do("create", "--name=edge-1")
		require.Regexp(t, `^pst_\w+\n$`, token)
		require.Contains(t, words, "edge-1")
		bound, _ := do("create", "--name=edge-2", "--product=currency-rates,geocoding", "--product=wallet", "--environment=PRODUCTION")
		require.Regexp(t, `^pst_\w+\n$`, bound)

		out, words = do("list")
		require.Empty(t, words)
		const day = `\d{4}-\d\d-\d\dT\d\d:\d\dZ`
		lines := strings.Split(out, "\n")
		require.Len(t, lines, 4, out)
		require.Regexp(t, `^NAME +TOKEN +PRODUCTS +ENVIRONMENT +CREATED +LAST SEEN +REVOKED$`, lines[0])
		require.Regexp(t, `^edge-1 +…`+hint(token)+` +all +any +`+day+` +– +–$`, lines[1])
		require.Regexp(t, `^edge-2 +…`+hint(bound)+` +currency-rates,geocoding,wallet +PRODUCTION +`+day+` +– +–$`, lines[2])
		require.NotContains(t, out, strings.TrimSpace(token))

		seen(t, url, "edge-2")
		out, _ = do("list")
		require.Regexp(t, `(?m)^edge-1 .* –  +–$`, out)
		require.Regexp(t, `(?m)^edge-2 .* 2026-03-04T12:34Z +–$`, out)

		out, words = do("revoke", "--name=edge-1")
		require.Empty(t, out)
		require.Contains(t, words, "edge-1 has been revoked")
		_, again := do("revoke", "--name=edge-1")
		require.Equal(t, words, again)
		out, _ = do("list")
		require.Regexp(t, `(?m)^edge-1 .* `+day+` +– +`+day+`$`, out)
		require.Regexp(t, `(?m)^edge-2 .* –$`, out)
	})
}

// seen stores what a server does that has seen a gateway.
func seen(t *testing.T, url, name string) {
	t.Helper()
	d := testdb.Open(t, url)
	var token, organization uuid.UUID
	require.NoError(t, d.QueryRowContext(t.Context(), `SELECT id, organization_id FROM service_tokens WHERE name = $1`, name).Scan(&token, &organization))
	at := clock.NewFake(time.Date(2026, time.March, 4, 12, 34, 56, 0, time.UTC))
	all := presence.NewTracker(at)
	all.Gateway(organization, token).Seen(at.Now())
	require.NoError(t, all.Store(t.Context(), d, uuid.New(), false))
}

// hint returns the part of a token that is shown later.
func hint(token string) string {
	token = strings.TrimSpace(token)
	return token[len(token)-4:]
}

// A refused command prints no token.
func TestGatewayRefusals(t *testing.T) {
	flags := gatewayFlags(t, testdb.EmptySQLite(t))
	_, _, err := gatewayCommand(flags, "create", "--organization=demo", "--name=edge-1")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"name taken":           {[]string{"create", "--organization=demo", "--name=edge-1"}, "name: "},
		"no such product":      {[]string{"create", "--organization=demo", "--name=a", "--product=orders"}, "products.0: "},
		"another's product":    {[]string{"create", "--organization=demo", "--name=a", "--product=invoices"}, "products.0: "},
		"no such environment":  {[]string{"create", "--organization=demo", "--name=a", "--environment=MOON"}, "PRODUCTION"},
		"no name":              {[]string{"create", "--organization=demo"}, "--name"},
		"list of nobody":       {[]string{"list", "--organization=nobody"}, "organization"},
		"revoke of nobody":     {[]string{"revoke", "--organization=nobody", "--name=edge-1"}, "organization"},
		"revoke of no gateway": {[]string{"revoke", "--organization=demo", "--name=edge-9"}, "name: "},
		"revoke of another's":  {[]string{"revoke", "--organization=second", "--name=edge-1"}, "name: "},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := gatewayCommand(flags, c.args...)
			require.Error(t, err)
			require.Contains(t, Explain(err), c.want)
			require.NotContains(t, out, "pgw_")
		})
	}
}
