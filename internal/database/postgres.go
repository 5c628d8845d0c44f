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
	p := &postgres{cfg: cfg, io: o.IOTimeout, connect: o.ConnectTimeout}
	// lib/pq would bound its dialling by a context that it ends at once, and the
	// line would be cut with it.
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
	// As many idle as open: with fewer, a busy server makes and drops
	// connections all the time.
	d.writer.SetMaxIdleConns(o.MaxConns)
	d.writer.SetConnMaxLifetime(30 * time.Minute)
	d.reader = d.writer
	d.check = func(ctx context.Context) error { return p.check(ctx, d.writer) }
	return nil
}

// pqConfig reads the URL. Without an sslmode (in the URL or PGSSLMODE) it is
// "disable" on this machine and "require" to any other: a password must not
// travel in the clear because somebody left a word out.
//
// binary_parameters stays off: it would send JSON as bytes, which jsonb
// refuses, and prepared statements have saved the round trip already.
func pqConfig(address string, o Options) (pq.Config, error) {
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
	cfg = cfg.Clone() // so that Runtime is a map, and ours
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

// safeURLError leaves out what a URL parser quotes: the URL, password and all.
func safeURLError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return errors.New("the database URL is malformed")
	}
	return err
}

// local reports whether the server is on this machine for certain.
func local(cfg pq.Config) bool {
	if cfg.Hostaddr.IsValid() {
		return cfg.Hostaddr.IsLoopback() && len(cfg.Multi) == 0
	}
	ip := net.ParseIP(strings.Trim(cfg.Host, "[]"))
	return len(cfg.Multi) == 0 &&
		(cfg.Host == "localhost" || filepath.IsAbs(cfg.Host) || ip != nil && ip.IsLoopback())
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// postgres makes connections that never wait for ever.
type postgres struct {
	cfg         pq.Config
	io, connect time.Duration
	// epoch counts the times the network fell silent. A connection that was
	// idle since an earlier epoch is not tried again: in a pool full of dead
	// ones each try would cost a whole timeout.
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
		return nil, nil, unpooled(err)
	}
	dial.line.connected()
	return inner, dial.line, nil
}
