package config_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/config"
)

// Characters that a password in a URL must encode are refused in every setting
// that is a URL.
func TestPasswordsThatMustBeEncoded(t *testing.T) {
	set := map[string]func(c *config.Config, url string){
		"DATABASE_URL":       func(c *config.Config, url string) { c.DatabaseURL = "postgres" + url },
		"PORTICO_LISTEN_URL": func(c *config.Config, url string) { c.ListenURL = "postgres" + url },
		"REDIS_URL":          func(c *config.Config, url string) { c.RedisURL = "rediss" + url },
	}
	for name, put := range set {
		for _, password := range []string{
			"geh/eim", "geh@eim", "geh?eim", "geh#eim", "geh%eim", "geh eim", "geh[eim", `geh\eim`, "geh^eim",
			"77/88", "77@88", "77?88", "77#88", "@", "/", "a@b/c", "a/b@c", "77/@88", "@@", "77?a=b@c", "%",
		} {
			c := valid()
			put(&c, "://user:"+password+"@db.internal:5432/name")
			err := c.Validate(all)
			require.ErrorContains(t, err, name+": ", password)
			require.ErrorContains(t, err, "percent-encode", password)
			for _, part := range append(regexp.MustCompile(`[a-z0-9]{2,}`).FindAllString(password, -1), "db.internal", "5432") {
				require.NotContains(t, strings.TrimSuffix(err.Error(), "\n"), part, password)
			}
			for _, s := range c.Settings() {
				require.NotContains(t, s.Value, "eim")
				require.NotRegexp(t, `77|88`, s.Value)
			}
		}
		for _, fine := range []string{
			"://user:geh%2Feim%40@db/name", "://db/name", "://user@db:5432/name?sslmode=require", "://user:a:b@db/name", "://db/name?user=me@server&sslmode=require",
			"://[::1]:5432/name", "://user:!$&'()*+,;=~-._@db/name",
		} {
			c := valid()
			put(&c, fine)
			require.NoError(t, c.Validate(all), fine)
		}
	}
	c := valid()
	c.DatabaseURL = "sqlite:/data/a@b#c/portico.db"
	require.NoError(t, c.Validate(all))
	c.DatabaseURL = "postgres:///name?host=/var/run/postgresql"
	require.NoError(t, c.Validate(all))
}

func TestSecret(t *testing.T) {
	for value, want := range map[string]bool{
		"sqlite:a@b.db": false, "postgres://db/x": false, "postgres://u@db/x": false, "postgres://u:p@db/x": true, "postgres://u:@db/x": true,
		"postgres://u@db/x?password=p": true, "postgres://u@db/x?sslpassword=p": true, "postgres://u:p/q@db/x": true, "postgres://u:1/q@db/x": true,
		"postgres://u:p%@db/x": true, "postgres:u:p@db": true, "host=db password=p": true, "nothing": false,
	} {
		require.Equal(t, want, config.Secret("DATABASE_URL", value), value)
		require.Equal(t, want, config.Secret("REDIS_URL", value), value)
	}
	require.True(t, config.Secret("PORTICO_DEMO_PASSWORD", "x"))
	require.False(t, config.Secret("PORTICO_ADDR", "u:p@x"))
}
