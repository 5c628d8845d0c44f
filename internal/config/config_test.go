package config_test

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/config"
)

func valid() config.Config {
	return config.Config{Addr: "127.0.0.1:0", GatewayAddr: "127.0.0.1:0", OpsAddr: config.Off, GateKeys: 1, DatabaseURL: "sqlite:x.db", DBConns: 1, MaxAnswer: 64 << 10, Log: "auto", LogLevel: "info"}
}

func all(string) bool { return true }

func TestValidate(t *testing.T) {
	c := valid()
	require.NoError(t, c.Validate(all))
	for name, spoil := range map[string]func(*config.Config){
		"PORTICO_ADDR: \"8080\"":                                                   func(c *config.Config) { c.Addr = "8080" },
		"PORTICO_DB_CONNS":                                                         func(c *config.Config) { c.DBConns = 0 },
		"PORTICO_DB_CONNS: must be":                                                func(c *config.Config) { c.DBConns = 501 },
		"PORTICO_DB_WAIT":                                                          func(c *config.Config) { c.DBWait = -time.Second },
		"PORTICO_GATEWAY_ADDR: \"x\"":                                              func(c *config.Config) { c.GatewayAddr = "x" },
		"PORTICO_OPS_ADDR: \"\"":                                                   func(c *config.Config) { c.OpsAddr = "" },
		"PORTICO_GATE_KEYS: must be":                                               func(c *config.Config) { c.GateKeys = 0 },
		"PORTICO_GATE_GRACE: must be 0s to 1m0s":                                   func(c *config.Config) { c.GateGrace = 2 * time.Minute },
		"REDIS_URL: must be redis://":                                              func(c *config.Config) { c.RedisURL = "localhost:6379" },
		"PORTICO_LISTEN_URL: must be postgres://":                                  func(c *config.Config) { c.ListenURL = "sqlite:x.db" },
		"DATABASE_URL: must be sqlite:PATH":                                        func(c *config.Config) { c.DatabaseURL = "mysql://x" },
		"PORTICO_MAX_ANSWER: must be 65536 to":                                     func(c *config.Config) { c.MaxAnswer = 65535 },
		"PORTICO_MAX_ANSWER: must be":                                              func(c *config.Config) { c.MaxAnswer = 1<<30 + 1 },
		"PORTICO_USER_BUDGET: must be 0 (no limit) or 50000 to 1000000000":         func(c *config.Config) { c.UserBudget = 49_999 },
		"PORTICO_USER_BUDGET: must be 0":                                           func(c *config.Config) { c.UserBudget = -1 },
		"PORTICO_USER_BUDGET: must be":                                             func(c *config.Config) { c.UserBudget = 1_000_000_001 },
		"PORTICO_ORGANIZATION_BUDGET: must be 0 (no limit) or 50000 to 1000000000": func(c *config.Config) { c.OrgBudget = 1 },
		"PORTICO_DRAIN_DELAY":                                                      func(c *config.Config) { c.DrainDelay = time.Hour },
		"PORTICO_ALLOWED_ORIGINS: \"*\"":                                           func(c *config.Config) { c.AllowedOrigins = []string{"*"} },
		"PORTICO_ALLOWED_ORIGINS: \"https://*.x.de\"":                              func(c *config.Config) { c.AllowedOrigins = []string{"https://*.x.de"} },
		"PORTICO_ALLOWED_ORIGINS: \"https://x.de/\"":                               func(c *config.Config) { c.AllowedOrigins = []string{"https://x.de/"} },
		"PORTICO_ALLOWED_ORIGINS: \"x.de\"":                                        func(c *config.Config) { c.AllowedOrigins = []string{"x.de"} },
		"PORTICO_OPS_HOSTS: \"a:8082\"":                                            func(c *config.Config) { c.OpsHosts = []string{"a:8082"} },
		"PORTICO_OPS_HOSTS: \"\"":                                                  func(c *config.Config) { c.OpsHosts = []string{""} },
		"PORTICO_SMTP_URL: must be smtp://":                                        func(c *config.Config) { c.SMTPURL = "http://mail.example" },
		"PORTICO_SMTP_URL: must be smtp":                                           func(c *config.Config) { c.SMTPURL = "smtp://mail.example/path" },
		"PORTICO_SMTP_URL: starttls=off":                                           func(c *config.Config) { c.SMTPURL = "smtp://u:p@mail.example?starttls=off" },
		"PORTICO_SMTP_URL: starttls is":                                            func(c *config.Config) { c.SMTPURL = "smtp://mail.example?starttls=maybe" },
		"PORTICO_SMTP_URL: there is no parameter":                                  func(c *config.Config) { c.SMTPURL = "smtp://mail.example?tls=off" },
		"PORTICO_MAIL_FROM: is required":                                           func(c *config.Config) { c.SMTPURL = "smtp://mail.example" },
		"PORTICO_MAIL_FROM: must be an address":                                    func(c *config.Config) { c.MailFrom = "Portico <a@b.example>" },
		"PORTICO_PORTAL_URL: is required":                                          func(c *config.Config) { c.SMTPURL, c.MailFrom = "smtp://mail.example", "a@b.example" },
		"PORTICO_PUBLIC_URL: must be http":                                         func(c *config.Config) { c.PublicURL = "api.example.com" },
		"PORTICO_PUBLIC_URL: must be https:// outside":                             func(c *config.Config) { c.PublicURL = "http://api.example.com" },
		"PORTICO_PORTAL_URL: must be":                                              func(c *config.Config) { c.PortalURL = "javascript:alert(1)" },
		"PORTICO_PORTAL_URL: must":                                                 func(c *config.Config) { c.PortalURL = "https://portal.example/?a=b" },
		"PORTICO_TRUSTED_PROXIES: \"proxy\"":                                       func(c *config.Config) { c.TrustedProxies = []string{"proxy"} },
	} {
		t.Run(name, func(t *testing.T) {
			c := valid()
			spoil(&c)
			require.ErrorContains(t, c.Validate(all), name)
		})
	}
}

func TestBudgetsThatCanBeSpent(t *testing.T) {
	for _, n := range []int{0, config.LeastBudget, 300_000, 1_000_000_000} {
		c := valid()
		c.UserBudget, c.OrgBudget = n, n
		require.NoError(t, c.Validate(all), n)
	}
}

// Settings that a command does not use cannot make it fail.
func TestOnlyWhatIsUsedIsValidated(t *testing.T) {
	c := valid()
	c.RedisURL, c.DBConns = "nothing", 0
	require.ErrorContains(t, c.Validate(func(variable string) bool { return variable == "REDIS_URL" }), "REDIS_URL")
	require.NoError(t, c.Validate(func(variable string) bool { return variable == "DATABASE_URL" }))
}

func TestProxies(t *testing.T) {
	c := config.Config{TrustedProxies: []string{"10.1.2.3/8", "192.0.2.7", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3/104"}}
	got, err := c.Proxies()
	require.NoError(t, err)
	require.Equal(t, []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8::1/128"),
		netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8"),
	}, got)
}

func TestOrigins(t *testing.T) {
	c := config.Config{AllowedOrigins: []string{"https://portal.example.com"}}
	require.NoError(t, func() error { v := valid(); v.AllowedOrigins = c.AllowedOrigins; return v.Validate(all) }())
	require.Equal(t, []string{"https://portal.example.com"}, c.Origins())
	c.Dev = true
	require.Equal(t, []string{"http://localhost:*", "http://127.0.0.1:*", "https://portal.example.com"}, c.Origins())
}

func TestPlaygroundDefaultsToDevelopment(t *testing.T) {
	yes, no := true, false
	require.False(t, (&config.Config{}).ServesPlayground())
	require.True(t, (&config.Config{Dev: true}).ServesPlayground())
	require.True(t, (&config.Config{Playground: &yes}).ServesPlayground())
	require.False(t, (&config.Config{Dev: true, Playground: &no}).ServesPlayground())
}

func TestMaskedDatabaseURL(t *testing.T) {
	for given, want := range map[string]string{
		"sqlite:portico.db":                        "sqlite:portico.db",
		"postgres://u:geheim@db/x?sslmode=disable": "postgres://u:xxxxx@db/x?sslmode=disable",
		"postgres://u@db/x?password=geheim":        "postgres://u@db/x",
		"postgres://u:ge%heim@db/x":                "xxxxx",
		"host=db password=geheim":                  "xxxxx",
		"postgres:u:geheim@db":                     "xxxxx",
		"postgres://u:1234/geheim@db/x":            "xxxxx",
		"postgres://u:1234?geheim@db/x":            "xxxxx",
		"postgres://u:1234#geheim@db/x":            "xxxxx",
		"postgres://u:geheim@1234@db/x":            "xxxxx",
	} {
		c := config.Config{DatabaseURL: given}
		require.Equal(t, want, c.MaskedDatabaseURL(), given)
	}
}

// A setting that is added to Config must be shown too, and no secret may be.
func TestSettingsShowAllButSecrets(t *testing.T) {
	c := config.Config{DatabaseURL: "postgres://u:geheim@db/x", DemoPassword: "geheim", RedisURL: "redis://:geheim@cache:6379", ListenURL: "postgres://u:geheim@db/x"}
	var names []string
	for _, s := range c.Settings() {
		names = append(names, s.Name)
		require.NotContains(t, s.Value, "geheim", s.Name)
	}
	var want []string
	for i := range reflect.TypeFor[config.Config]().NumField() {
		want = append(want, reflect.TypeFor[config.Config]().Field(i).Tag.Get("var"))
	}
	require.Equal(t, want, names)
}
