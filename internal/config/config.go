// Package config defines the program's configuration: one struct, filled from
// the environment and from flags, which take precedence. The package reads
// nothing itself; the struct tags are for the command line's parser.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"portico/internal/address"
)

// Config contains every setting. The tag "var" names its environment variable;
// an empty variable counts as unset. Settings that may contain a secret are not
// flags (kong:"-"), because everybody on a machine can read a command line.
// DatabaseURL is a flag, and a password in the flag is refused.
type Config struct {
	Addr           string        `var:"PORTICO_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to listen. Port 0 takes a free one."`
	GatewayAddr    string        `var:"PORTICO_GATEWAY_ADDR" name:"gateway-addr" default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Where gateways ask; off for nowhere."`
	OpsAddr        string        `var:"PORTICO_OPS_ADDR" name:"ops-addr" default:"127.0.0.1:8082" placeholder:"HOST:PORT" help:"Where operators find metrics, profiles and health; off for nowhere."`
	OpsHosts       []string      `var:"PORTICO_OPS_HOSTS" name:"ops-hosts" placeholder:"NAME" help:"Names or addresses, without port, by which that listener may be called besides those of this machine and its own address."`
	DatabaseURL    string        `var:"DATABASE_URL" placeholder:"URL" help:"sqlite:PATH or postgres://USER@HOST/NAME; in development sqlite:portico.db if not given. A password is taken from the variable alone."`
	DBConns        int           `var:"PORTICO_DB_CONNS" name:"db-conns" default:"16" placeholder:"N" help:"Most database connections at once, 1 to 500."`
	DBWait         time.Duration `var:"PORTICO_DB_WAIT" name:"db-wait" default:"30s" placeholder:"TIME" help:"How long serve and migrate wait for a database that does not answer."`
	DBPooler       string        `var:"PORTICO_DB_POOLER" name:"db-pooler" enum:"none,transaction" default:"none" placeholder:"MODE" help:"transaction where DATABASE_URL leads to a pooler such as PgBouncer that lends a session for one transaction; else none."`
	RedisURL       string        `kong:"-" var:"REDIS_URL" help:"redis://… or rediss://…: limits are shared by all servers through it. Without, each server keeps them by itself."`
	ListenURL      string        `kong:"-" var:"PORTICO_LISTEN_URL" help:"Where to be notified of other servers' changes (LISTEN), if not at DATABASE_URL: the database behind a pooler."`
	GateKeys       int           `var:"PORTICO_GATE_KEYS" name:"gate-keys" default:"1000000" placeholder:"N" help:"Most API keys kept in memory for gateways."`
	GatePreload    bool          `var:"PORTICO_GATE_PRELOAD" name:"gate-preload" help:"Load all API keys at the start instead of each when it is first used; then PORTICO_GATE_KEYS is no limit."`
	GateGrace      time.Duration `var:"PORTICO_GATE_GRACE" name:"gate-grace" default:"0s" placeholder:"TIME" help:"How much longer than 5 s gateways are answered while the database does not answer, at most 60s; revoked keys may pass that long."`
	Dev            bool          `var:"PORTICO_DEV" help:"Development mode: generated secrets, demo data, playground. Never for real data."`
	Keyring        string        `var:"PORTICO_KEYRING" placeholder:"FILE" help:"File with the secrets, made by keys create. Required outside development."`
	DemoPassword   string        `kong:"-" var:"PORTICO_DEMO_PASSWORD" help:"Password of the demo users, instead of portico-demo."`
	SMTPURL        string        `kong:"-" var:"PORTICO_SMTP_URL" help:"smtp://USER:PASSWORD@HOST:PORT (STARTTLS) or smtps://… (TLS): the server that letters are given to. Without, no letters are sent; in development they land in a folder."`
	MailFrom       string        `var:"PORTICO_MAIL_FROM" name:"mail-from" placeholder:"ADDRESS" help:"The address that letters come from. Required with PORTICO_SMTP_URL."`
	PortalURL      string        `var:"PORTICO_PORTAL_URL" name:"portal-url" placeholder:"URL" help:"Where the portal's front end is, for links in letters. Required with PORTICO_SMTP_URL outside development."`
	PublicURL      string        `var:"PORTICO_PUBLIC_URL" name:"public-url" placeholder:"URL" help:"Where browsers reach this server, such as https://api.example.com: identity providers send them back there. Without, nobody signs in by one with a browser; in development the server's own address."`
	ScanningKeys   string        `var:"PORTICO_SECRET_SCANNING_KEYS_URL" name:"secret-scanning-keys-url" placeholder:"URL" help:"Where the public keys are of a programme that reports leaked keys at /v1/secret-scanning, such as https://api.github.com/meta/public_keys/secret_scanning. Without, nothing is served there."`
	Playground     *bool         `var:"PORTICO_PLAYGROUND" negatable:"" help:"Serve /playground; on in development, else off."`
	AllowedOrigins []string      `var:"PORTICO_ALLOWED_ORIGINS" placeholder:"ORIGIN" help:"Front ends on other origins that may call /graphql, such as https://portal.example.com. In development those on this machine may."`
	TrustedProxies []string      `var:"PORTICO_TRUSTED_PROXIES" placeholder:"NETWORK" help:"Addresses or networks of the proxies whose X-Forwarded-For is trusted."`
	MaxAnswer      int           `var:"PORTICO_MAX_ANSWER" name:"max-answer" default:"8388608" placeholder:"BYTES" help:"Most bytes that the data of a GraphQL answer may be, 65536 to 1073741824."`
	UserBudget     int           `var:"PORTICO_USER_BUDGET" name:"user-budget" default:"300000" placeholder:"COST" help:"What a person's or a gateway token's GraphQL operations may cost in a minute, and those of a client that has not signed in: 50000 or more; 0: no limit."`
	OrgBudget      int           `var:"PORTICO_ORGANIZATION_BUDGET" name:"organization-budget" default:"3000000" placeholder:"COST" help:"What the operations of all people and tokens of an organization may cost in a minute: 50000 or more; 0: no limit."`
	DrainDelay     time.Duration `var:"PORTICO_DRAIN_DELAY" default:"1s" placeholder:"TIME" help:"How long, after SIGTERM, requests are still taken while /readyz says no."`
	Log            string        `var:"PORTICO_LOG" enum:"text,json,auto" default:"auto" placeholder:"FORMAT" help:"Format of the log on standard error: text or json. auto is text in development, else json."`
	LogLevel       string        `var:"PORTICO_LOG_LEVEL" enum:"debug,info,warn,error" default:"info" placeholder:"LEVEL" help:"Least important lines to log: debug, info, warn or error."`
}

// Upper bounds of settings.
const (
	mostConns = 500
	mostKeys  = 100_000_000
	mostGrace = time.Minute
	mostDelay = time.Minute
	mostWait  = time.Hour

	leastAnswer = 64 << 10
	mostAnswer  = 1 << 30
	mostBudget  = 1_000_000_000
	// LeastBudget is the most that one operation may cost: with a smaller budget
	// it would be refused however long the caller waits.
	LeastBudget = 50_000
)

// Validate reports everything that is wrong with the settings for which used
// returns true, by the names of their variables.
func (c *Config) Validate(used func(variable string) bool) error {
	var errs []error
	for _, p := range c.problems() {
		if p.err != nil && used(p.variable) {
			errs = append(errs, fmt.Errorf("%s: %w", p.variable, p.err))
		}
	}
	return errors.Join(errs...)
}

// problem is what is wrong with a setting; err is nil if it is valid.
type problem struct {
	variable string
	err      error
}

func (c *Config) problems() []problem {
	all := []problem{
		{"PORTICO_ADDR", checkAddress(c.Addr, false)},
		{"PORTICO_GATEWAY_ADDR", checkAddress(c.GatewayAddr, true)},
		{"PORTICO_OPS_ADDR", checkAddress(c.OpsAddr, true)},
		{"PORTICO_DB_CONNS", between(c.DBConns, 1, mostConns)},
		{"PORTICO_DB_WAIT", within(c.DBWait, mostWait)},
		{"PORTICO_GATE_KEYS", between(c.GateKeys, 1, mostKeys)},
		{"PORTICO_GATE_GRACE", within(c.GateGrace, mostGrace)},
		{"PORTICO_MAX_ANSWER", between(c.MaxAnswer, leastAnswer, mostAnswer)},
		{"PORTICO_USER_BUDGET", checkBudget(c.UserBudget)},
		{"PORTICO_ORGANIZATION_BUDGET", checkBudget(c.OrgBudget)},
		{"PORTICO_DRAIN_DELAY", within(c.DrainDelay, mostDelay)},
		{"DATABASE_URL", c.checkDatabaseURL()},
		{"PORTICO_LISTEN_URL", checkURL(c.ListenURL, "postgres://USER:PASSWORD@HOST/NAME", "postgres", "postgresql")},
		{"PORTICO_SMTP_URL", c.checkSMTPURL()},
		{"PORTICO_MAIL_FROM", c.checkMailFrom()},
		{"PORTICO_PORTAL_URL", c.checkPortalURL()},
		{"PORTICO_PUBLIC_URL", c.checkPublicURL()},
		{"PORTICO_SECRET_SCANNING_KEYS_URL", c.checkScanningKeys()},
		{"REDIS_URL", checkURL(c.RedisURL, "redis://HOST:PORT or rediss://HOST:PORT, with user and password before the host", "redis", "rediss")},
	}
	for _, origin := range c.AllowedOrigins {
		if !isOrigin(origin) {
			all = append(all, problem{"PORTICO_ALLOWED_ORIGINS", fmt.Errorf("%q is not an origin such as https://portal.example.com", origin)})
		}
	}
	for _, name := range c.OpsHosts {
		if !isHost(name) {
			all = append(all, problem{"PORTICO_OPS_HOSTS", fmt.Errorf("%q is not the name or the address of a host, without a port", name)})
		}
	}
	_, err := c.Proxies()
	return append(all, problem{"PORTICO_TRUSTED_PROXIES", err})
}

// Off as an address disables a listener.
const Off = "off"

func checkAddress(where string, optional bool) error {
	if optional && where == Off {
		return nil
	}
	if _, _, err := net.SplitHostPort(where); err != nil {
		return fmt.Errorf("%q is not HOST:PORT", where)
	}
	return nil
}

func between(n, least, most int) error {
	if n < least || n > most {
		return fmt.Errorf("must be %d to %d", least, most)
	}
	return nil
}

func checkBudget(n int) error {
	if n != 0 && (n < LeastBudget || n > mostBudget) {
		return fmt.Errorf("must be 0 (no limit) or %d to %d: a single operation may cost %d", LeastBudget, mostBudget, LeastBudget)
	}
	return nil
}

func within(d, most time.Duration) error {
	if d < 0 || d > most {
		return fmt.Errorf("must be 0s to %s", most)
	}
	return nil
}

// isHost reports whether s is a host name as in a Host header.
func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// isOrigin reports whether s is an origin as browsers send it: a scheme, a host
// and perhaps a port. Wildcards are invalid; origins must be listed by name.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		!strings.Contains(s, "*") && u.Scheme+"://"+u.Host == s && s == strings.ToLower(s)
}

// Proxies returns the networks of TrustedProxies; an address without a prefix
// length is a network of one.
func (c *Config) Proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	var errs []error
	for _, text := range c.TrustedProxies {
		network, ok := address.ParseNetwork(text)
		if !ok {
			errs = append(errs, fmt.Errorf("%q is not an address or a network such as 10.0.0.0/8", text))
			continue
		}
		out = append(out, network)
	}
	return out, errors.Join(errs...)
}

// Origins returns the origins whose pages may call the API, as patterns with at
// most one wildcard. Without any, only pages of Portico's own origin may.
func (c *Config) Origins() []string {
	if !c.Dev {
		return c.AllowedOrigins
	}
	return append([]string{"http://localhost:*", "http://127.0.0.1:*"}, c.AllowedOrigins...)
}

// ServesPlayground reports whether the playground is served.
func (c *Config) ServesPlayground() bool {
	if c.Playground != nil {
		return *c.Playground
	}
	return c.Dev
}
