package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"portico/ent/db"
	_ "portico/ent/db/runtime" // the privacy rules and defaults of ent's entities
	"portico/internal/adapters"
	"portico/internal/auth"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/database"
	"portico/internal/installation"
	"portico/internal/keyring"
	"portico/internal/portal"
	"portico/migrate"
)

// The issuer and audience of access tokens. A token of another program is not
// valid even if it was signed with the same secret.
const (
	tokenIssuer   = "portico"
	tokenAudience = "portico-api"
)

// backend are the services over one migrated database.
type backend struct {
	clock     clock.Clock
	ring      *keyring.Ring
	database  *database.DB
	client    *db.Client
	passwords *auth.Passwords
	limiter   *auth.Limiter
	tokens    *auth.Tokens
	machines  *auth.MachineTokens
	portal    *portal.Portal
	// gateway serves gateways; nil in commands.
	gateway *gatewayService
}

// open creates the backend, with the gateway service if newGate is not nil. It
// waits up to patience for a database that does not respond, and migrates its
// schema.
func (p *program) open(ctx context.Context, patience time.Duration, newGate func(*backend) (*gatewayService, error)) (*backend, error) {
	var ring *keyring.Ring
	if !p.usesDevelopmentRing() {
		var err error
		if ring, err = p.openRing(); err != nil {
			return nil, err
		}
	}
	d, err := p.openDatabase(ctx, patience)
	if err != nil {
		return nil, err
	}
	if err = p.checkRing(ctx, d, ring); err == nil {
		err = p.applyMigrations(ctx, d)
	}
	switch {
	case err != nil:
	case ring == nil:
		ring, err = installation.Development(ctx, d, clock.System{})
	default:
		err = installation.Check(ctx, d, ring, time.Now())
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	b, err := newBackend(d, ring, p.config.Dev, newGate)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return b, nil
}

// checkRing refuses secrets that do not belong to the database before anything
// is changed there: development mode must not migrate the schema of real data.
// A database that has no table of fingerprints yet cannot be checked.
func (p *program) checkRing(ctx context.Context, d *database.DB, ring *keyring.Ring) error {
	states, err := migrate.Status(ctx, d)
	if err != nil {
		return nil //nolint:nilerr // the migration reports it better
	}
	asked, pending := false, false
	for _, s := range states {
		pending = pending || s.AppliedAt.IsZero()
		asked = asked || strings.HasSuffix(s.Name, "_secret_fingerprints.sql") && !s.AppliedAt.IsZero()
	}
	switch {
	case !asked || !pending:
		return nil
	case ring == nil:
		_, err = installation.FindDevelopment(ctx, d, clock.System{})
	default:
		err = installation.Fits(ctx, d, ring)
	}
	return err
}

// waitLogInterval is how often a start that waits is logged.
const waitLogInterval = 5 * time.Second

// applyMigrations applies the missing migrations. It may take minutes: some
// migrations are long, and it waits for those of another program.
func (p *program) applyMigrations(ctx context.Context, d *database.DB) error {
	done := make(chan struct{})
	defer close(done)
	go func() {
		tick := time.NewTicker(waitLogInterval)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				p.log.WarnContext(ctx, "the schema is not up to date yet; if another program has the database locked, it is waited for, asking again and again")
			}
		}
	}()
	applied, err := migrate.Up(ctx, d)
	for _, name := range applied {
		p.log.InfoContext(ctx, "migration applied", "name", name)
	}
	return err
}

func newBackend(d *database.DB, ring *keyring.Ring, development bool, newGate func(*backend) (*gatewayService, error)) (*backend, error) {
	b := &backend{clock: clock.System{}, ring: ring, database: d, client: db.NewClient(db.Driver(d.Driver()))}
	b.passwords = auth.NewPasswords(auth.PasswordOptions{})
	b.limiter = auth.NewLimiter(d, ring, b.clock)
	b.tokens = auth.NewTokens(ring, b.clock, tokenIssuer, tokenAudience)
	b.machines = auth.NewMachineTokens(ring)
	o := portal.Options{
		Client: b.client, Database: d, Clock: b.clock,
		Secrets: adapters.Secrets{Ring: ring}, Passwords: adapters.Passwords{Passwords: b.passwords}, Limiter: adapters.Limiter{Limiter: b.limiter},
		Tokens: b.tokens, Devices: auth.NewDevices(ring, b.clock), Development: development,
	}
	if newGate != nil {
		var err error
		if b.gateway, err = newGate(b); err != nil {
			return nil, err
		}
		o.Revocations, o.SignInFailed = b.gateway, countSignIns(b.gateway.metrics)
	}
	b.portal = portal.New(o)
	return b, nil
}

func (b *backend) close() error { return b.database.Close() }

// usesDevelopmentRing reports whether the secrets are those that development
// mode created for the database.
func (p *program) usesDevelopmentRing() bool { return p.config.Keyring == "" && p.config.Dev }

// errNoRing means that no secrets are configured.
var errNoRing = errors.New("PORTICO_KEYRING is not set: it names the file with the secrets, which `portico keys create` makes; " +
	"only development mode (PORTICO_DEV=true) does without")

// errMixed means that development mode and production secrets, or the reverse,
// would be combined.
var errMixed = errors.New("development and production do not mix")

// openRing loads the configured file of secrets.
func (p *program) openRing() (*keyring.Ring, error) {
	c := p.config
	if c.Keyring == "" {
		return nil, errNoRing
	}
	ring, err := keyring.Load(c.Keyring, clock.System{})
	if err == nil && ring.Development() != c.Dev {
		err = checkMixed(c)
	}
	if err != nil {
		return nil, fmt.Errorf("PORTICO_KEYRING: %w", err)
	}
	return ring, nil
}

// checkMixed returns why development mode and a ring that is not development's,
// or the reverse, may not be combined.
func checkMixed(c *config.Config) error {
	if c.Dev {
		return fmt.Errorf("%w: %s holds real secrets, and development mode (PORTICO_DEV=true) is never for real data: unset one of the two", errMixed, c.Keyring)
	}
	return fmt.Errorf("%w: %s was made by development mode, and its secrets are not for real data: make others by `portico keys create` without PORTICO_DEV", errMixed, c.Keyring)
}

// errNoDatabase means that no database is configured. There is no default,
// which would be an empty database wherever the setting was lost.
var errNoDatabase = errors.New("DATABASE_URL is not set: it names the database, sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME; " +
	"only development mode (PORTICO_DEV=true) has one of its own, " + config.DevelopmentDatabase)

// newFile reports whether the URL names an SQLite file that does not exist yet,
// and returns its path.
func newFile(databaseURL string) (path string, fresh bool) {
	path, ok := strings.CutPrefix(databaseURL, "sqlite:")
	if !ok {
		return "", false
	}
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	_, err := os.Stat(path)
	return path, errors.Is(err, fs.ErrNotExist)
}

// retryInterval is the pause before connecting to the database again.
const retryInterval = time.Second

func databaseOptions(c *config.Config) database.Options {
	return database.Options{MaxConns: c.DBConns, Pooled: c.DBPooler == "transaction"}
}

// openDatabase opens the database, trying again for up to patience while it
// does not respond.
func (p *program) openDatabase(ctx context.Context, patience time.Duration) (*database.DB, error) {
	c, o := p.config, databaseOptions(p.config)
	if c.DatabaseURL == "" {
		return nil, errNoDatabase
	}
	if path, fresh := newFile(c.DatabaseURL); fresh && !c.Dev {
		p.log.WarnContext(ctx, "there is no database yet; an empty one is made", "file", path)
	}
	o.OpenPool = p.traces.OpenPool()
	limited, cancel := context.WithTimeout(ctx, patience+retryInterval)
	defer cancel()
	deadline := time.Now().Add(patience)
	for {
		d, err := database.Open(limited, c.DatabaseURL, o)
		switch {
		case err == nil:
			return d, nil
		case ctx.Err() != nil:
			return nil, fmt.Errorf("told to stop while the database was waited for: %w", ctx.Err())
		case !database.IsUnavailable(err), time.Now().After(deadline), limited.Err() != nil:
			return nil, fmt.Errorf("DATABASE_URL (%s): %w", c.MaskedDatabaseURL(), err)
		}
		p.log.WarnContext(ctx, "the database does not answer; asking again", "database", c.MaskedDatabaseURL(),
			"for", time.Until(deadline).Round(time.Second).String(), "error", err)
		select {
		case <-limited.Done():
		case <-time.After(retryInterval):
		}
	}
}
