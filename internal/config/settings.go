package config

import (
	"net/url"
	"strconv"
	"strings"
)

// mask replaces a secret that is set.
const mask = "xxxxx"

// Setting is the name of a setting's environment variable and its value.
type Setting struct{ Name, Value string }

// Settings returns every setting, in the order of Config, with secrets masked.
func (c *Config) Settings() []Setting {
	return []Setting{
		{"PORTICO_ADDR", c.Addr},
		{"PORTICO_GATEWAY_ADDR", c.GatewayAddr},
		{"PORTICO_OPS_ADDR", c.OpsAddr},
		{"PORTICO_OPS_HOSTS", strings.Join(c.OpsHosts, ",")},
		{"DATABASE_URL", c.MaskedDatabaseURL()},
		{"PORTICO_DB_CONNS", strconv.Itoa(c.DBConns)},
		{"PORTICO_DB_WAIT", c.DBWait.String()},
		{"PORTICO_DB_POOLER", c.DBPooler},
		{"REDIS_URL", masked(c.RedisURL)},
		{"PORTICO_LISTEN_URL", masked(c.ListenURL)},
		{"PORTICO_GATE_KEYS", strconv.Itoa(c.GateKeys)},
		{"PORTICO_GATE_PRELOAD", strconv.FormatBool(c.GatePreload)},
		{"PORTICO_GATE_GRACE", c.GateGrace.String()},
		{"PORTICO_DEV", strconv.FormatBool(c.Dev)},
		{"PORTICO_KEYRING", c.Keyring},
		{"PORTICO_DEMO_PASSWORD", masked(c.DemoPassword)},
		{"PORTICO_SMTP_URL", masked(c.SMTPURL)},
		{"PORTICO_MAIL_FROM", c.MailFrom},
		{"PORTICO_PORTAL_URL", c.PortalURL},
		{"PORTICO_PUBLIC_URL", c.PublicURL},
		{"PORTICO_SECRET_SCANNING_KEYS_URL", c.ScanningKeys},
		{"PORTICO_PLAYGROUND", strconv.FormatBool(c.ServesPlayground())},
		{"PORTICO_ALLOWED_ORIGINS", strings.Join(c.AllowedOrigins, ",")},
		{"PORTICO_TRUSTED_PROXIES", strings.Join(c.TrustedProxies, ",")},
		{"PORTICO_MAX_ANSWER", strconv.Itoa(c.MaxAnswer)},
		{"PORTICO_USER_BUDGET", strconv.Itoa(c.UserBudget)},
		{"PORTICO_ORGANIZATION_BUDGET", strconv.Itoa(c.OrgBudget)},
		{"PORTICO_DRAIN_DELAY", c.DrainDelay.String()},
		{"PORTICO_LOG", c.LogFormat()},
		{"PORTICO_LOG_LEVEL", c.LogLevel},
	}
}

// LogFormat returns "text" or "json".
func (c *Config) LogFormat() string {
	switch {
	case c.Log != "auto":
		return c.Log
	case c.Dev:
		return "text"
	}
	return "json"
}

// MaskedDatabaseURL returns the database's URL without its password, so that it
// may be shown. Of a Postgres URL's parameters only sslmode is kept, because a
// password may be one too.
func (c *Config) MaskedDatabaseURL() string {
	if c.DatabaseURL == "" || strings.HasPrefix(c.DatabaseURL, "sqlite:") {
		return c.DatabaseURL
	}
	u, err := url.Parse(c.DatabaseURL)
	if err != nil || ambiguous(strings.TrimPrefix(c.DatabaseURL, u.Scheme+"://")) || u.Opaque != "" || u.Host == "" {
		return mask
	}
	shown := url.Values{}
	if mode := u.Query().Get("sslmode"); mode != "" {
		shown.Set("sslmode", mode)
	}
	u.RawQuery = shown.Encode()
	return u.Redacted()
}

func masked(secret string) string {
	if secret == "" {
		return ""
	}
	return mask
}
