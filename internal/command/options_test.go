package command

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/config"
	"portico/internal/testdb"
)

// A secret that every user of the machine could read is refused, and not
// repeated.
func TestSecretsAreRefusedAsFlags(t *testing.T) {
	for _, flag := range []string{
		"--database-url=postgres://u:geheim@db/x", "--database-url=postgres://u@db/x?password=geheim", "--database-url=postgres://u:1/geheim@db/x",
		"--redis-url=redis://:geheim@cache", "--listen-url=postgres://u:geheim@db/x", "--demo-password=geheim",
	} {
		for _, command := range []string{"serve", "config", "purge", "version"} {
			out, err := portico("", command, flag)
			require.Error(t, err, flag)
			require.Empty(t, out)
			require.NotContains(t, Explain(err), "geheim")
			if strings.HasPrefix(flag, "--database-url") {
				require.Contains(t, Explain(err), "environment variable DATABASE_URL")
			}
		}
	}
	_, err := portico("", "config", "--database-url=postgres://u@db/x?sslmode=require")
	require.NoError(t, err)
}

// What is not set is said to be so: an empty value would look like a choice.
func TestConfigSaysWhatIsNotSet(t *testing.T) {
	out, err := portico("", "config")
	require.NoError(t, err)
	require.Contains(t, out, "# DATABASE_URL is not set\n")
	require.Contains(t, out, "# REDIS_URL is not set\n")
	require.NotRegexp(t, `(?m)=$`, out)
	out, err = portico("", "config", "--database-url=sqlite:x.db")
	require.NoError(t, err)
	require.Contains(t, out, "DATABASE_URL=sqlite:x.db\n")
}

// Help shows the settings that the command uses, and no others.
func TestHelpShowsWhatIsUsed(t *testing.T) {
	every := regexp.MustCompile(`\b(PORTICO_[A-Z_]+|DATABASE_URL|REDIS_URL)\b`)
	var all []string
	for _, s := range new(config.Config).Settings() {
		all = append(all, s.Name)
	}
	for command, want := range map[string][]string{
		"": all, "serve": all, "config": all, "doctor": all,
		"version": {}, "schema": {},
		"keys create": {"PORTICO_KEYRING"}, "keys rotate": {"DATABASE_URL", "PORTICO_DB_CONNS", "PORTICO_DB_POOLER", "PORTICO_DEV", "PORTICO_KEYRING"},
		"migrate":        {"DATABASE_URL", "PORTICO_DB_CONNS", "PORTICO_DB_POOLER", "PORTICO_DB_WAIT", "PORTICO_DEV", "PORTICO_LOG", "PORTICO_LOG_LEVEL"},
		"org create":     {"DATABASE_URL", "PORTICO_DB_CONNS", "PORTICO_DB_POOLER", "PORTICO_DEV", "PORTICO_KEYRING", "PORTICO_LOG", "PORTICO_LOG_LEVEL"},
		"gateway create": {"DATABASE_URL", "PORTICO_DB_CONNS", "PORTICO_DB_POOLER", "PORTICO_DEV", "PORTICO_KEYRING", "PORTICO_LOG", "PORTICO_LOG_LEVEL"},
	} {
		t.Run(command, func(t *testing.T) {
			out, err := portico("", append(strings.Fields(command), "--help")...)
			require.NoError(t, err)
			shown := every.FindAllString(out, -1)
			if command == "version" || command == "schema" {
				require.Empty(t, shown, out)
				return
			}
			slices.Sort(shown)
			want := slices.Sorted(slices.Values(want))
			require.Equal(t, want, slices.Compact(shown), out)
		})
	}
}

// An invalid setting that a command does not use does not stop it.
func TestUnusedSettingsDoNotMatter(t *testing.T) {
	broken := map[string]string{"DATABASE_URL": "nothing", "REDIS_URL": "nothing", "PORTICO_ADDR": "nowhere"}
	_, err := porticoWith(broken, "version")
	require.NoError(t, err)
	_, err = porticoWith(map[string]string{"DATABASE_URL": testdb.EmptySQLite(t), "REDIS_URL": "nothing"}, "migrate")
	require.NoError(t, err)
	_, err = porticoWith(broken, "config")
	for _, name := range []string{"DATABASE_URL: ", "REDIS_URL: ", "PORTICO_ADDR: "} {
		require.ErrorContains(t, err, name)
	}
}
