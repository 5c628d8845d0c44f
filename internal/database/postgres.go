package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"
)

func (d *DB) openPostgres(address string, o Options) error {
	cfg, err := pqConfig(address, o)
	if err != nil {
		return err
	}
	p := &postgres{cfg: cfg, io: o.IOTimeout, connect: o.ConnectTimeout, pooled: o.Pooled}
	// lib/pq would dial with a context that it cancels right after connecting,
	// which would sever the line.
	if p.cfg.ConnectTimeout > 0 {
		p.connect, p.cfg.ConnectTimeout = p.cfg.ConnectTimeout, 0
	}
	c := &connector{open: p.open, driver: &pq.Driver{}, cached: o.CachedStatements, isolation: driver.IsolationLevel(sql.LevelReadCommitted)}
	if o.Pooled {
		c.cached, c.local = -1, "SET LOCAL timezone = 'UTC';"+o.local()
	}
	d.dialect = dialect.Postgres
	d.writer = o.OpenPool(c)
	d.writer.SetMaxOpenConns(o.MaxConns)
	// As many idle as open: with fewer, a busy server would open and close
	// connections all the time.
	d.writer.SetMaxIdleConns(o.MaxConns)
	d.writer.SetConnMaxLifetime(30 * time.Minute)
	d.reader = d.writer
	d.check = func(ctx context.Context) error { return p.check(ctx, d.writer) }
	return nil
}

// pqConfig parses the URL. Without an sslmode (in the URL or PGSSLMODE) it is
// "disable" for this machine and "require" for any other: a password must not
// travel in the clear because of an omitted parameter.
//
// binary_parameters stays off: it would send JSON as bytes, which jsonb
// rejects, and prepared statements save the round trip already.
func pqConfig(address string, o Options) (pq.Config, error) {
	if err := checkHosts(address); err != nil {
		return pq.Config{}, err
	}
	cfg, err := pq.NewConfig(address)
	if err != nil {
		return pq.Config{}, safeURLError(err)
	}
	if cfg.SSLMode == "" && cfg.SSLRootCert != "system" {
		cfg.SSLMode = pq.SSLModeRequire
		if local(cfg) {
			cfg.SSLMode = pq.SSLModeDisable
		}
	}
	cfg = cfg.Clone() // so that Runtime is not nil, and not shared
	for _, s := range o.session() {
		if _, ok := cfg.Runtime[s.name]; !ok {
			cfg.Runtime[s.name] = s.value
		}
	}
	if cfg.ApplicationName == "" {
		cfg.ApplicationName = "portico"
	}
	return cfg, nil
}

// checkHosts refuses a URL in which each of several hosts has a port of its own,
// as libpq spells it: lib/pq would read it as one port for all.
func checkHosts(address string) error {
	_, rest, _ := strings.Cut(address, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	hosts := rest[strings.LastIndex(rest, "@")+1:]
	if !strings.Contains(hosts, ",") || !strings.Contains(hosts, ":") {
		return nil
	}
	return errors.New("the database URL names several hosts and a port before the path, which is not understood: " +
		"write them as parameters, postgres://USER:PASSWORD@/NAME?host=HOST1,HOST2&port=PORT1,PORT2")
}

// safeURLError replaces a URL parser's error, which quotes the URL with its
// password.
func safeURLError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return errors.New("the database URL is malformed")
	}
	return err
}

// local reports whether the server is certainly on this machine.
func local(cfg pq.Config) bool {
	if cfg.Hostaddr.IsValid() {
		return cfg.Hostaddr.IsLoopback() && len(cfg.Multi) == 0
	}
	ip := net.ParseIP(strings.Trim(cfg.Host, "[]"))
	return len(cfg.Multi) == 0 &&
		(cfg.Host == "localhost" || filepath.IsAbs(cfg.Host) || ip != nil && ip.IsLoopback())
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// postgres opens connections on which no read or write waits forever.
type postgres struct {
	cfg         pq.Config
	io, connect time.Duration
	// pooled is Options.Pooled.
	pooled bool
	// epoch counts how often the network stopped responding. A connection that has been
	// idle since an earlier epoch is not tried again: in a pool full of dead
	// connections each try would cost a whole timeout.
	epoch atomic.Int64
}

func (p *postgres) open(ctx context.Context) (driver.Conn, *line, error) {
	ctx, cancel := context.WithTimeout(ctx, p.connect)
	defer cancel()
	dial := &dialer{limit: p.io, epoch: &p.epoch, born: p.epoch.Load()}
	c, err := pq.NewConnectorConfig(p.cfg)
	if err != nil {
		return nil, nil, err
	}
	c.Dialer(dial)
	inner, err := c.Connect(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = errors.Join(ctx.Err(), err)
		}
		return nil, nil, explainPooler(err, p.pooled)
	}
	dial.line.connected()
	return inner, dial.line, nil
}
