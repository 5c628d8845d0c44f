package backend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"portico/internal/config"
	"portico/internal/database"
	"portico/migrate"
)

// ErrNoDatabase means that no database is configured. There is no default,
// which would be an empty database wherever the setting was lost.
var ErrNoDatabase = errors.New("DATABASE_URL is not set: it names the database, sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME; " +
	"only development mode (PORTICO_DEV=true) has one of its own, " + config.DevelopmentDatabase)

// retryInterval is the pause before asking again a database that does not
// respond.
const retryInterval = time.Second

// DatabaseOptions returns the options that the settings ask for.
func DatabaseOptions(c *config.Config) database.Options {
	return database.Options{MaxConns: c.DBConns, Pooled: c.DBPooler == "transaction"}
}

// IsNewFile reports whether the URL names an SQLite file that does not exist yet,
// and returns its path.
func IsNewFile(databaseURL string) (path string, fresh bool) {
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

// OpenDatabase opens the database, trying again for up to o.Patience while it
// does not respond. It migrates nothing.
func OpenDatabase(ctx context.Context, o Options) (*database.DB, error) {
	c, options := o.Config, DatabaseOptions(o.Config)
	if c.DatabaseURL == "" {
		return nil, ErrNoDatabase
	}
	if path, fresh := IsNewFile(c.DatabaseURL); fresh && !c.Dev {
		o.Log.WarnContext(ctx, "there is no database yet; an empty one is made", "file", path)
	}
	options.OpenPool = o.OpenPool
	limited, cancel := context.WithTimeout(ctx, o.Patience+retryInterval)
	defer cancel()
	deadline := time.Now().Add(o.Patience)
	d, err := WhileUnavailable(ctx, o.Patience, func() (*database.DB, error) {
		return database.Open(limited, c.DatabaseURL, options)
	}, func(err error) {
		o.Log.WarnContext(ctx, "the database does not answer; asking again", "database", c.MaskedDatabaseURL(),
			"for", time.Until(deadline).Round(time.Second).String(), "error", err)
	})
	switch {
	case err == nil:
		return d, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("told to stop while the database was waited for: %w", ctx.Err())
	default:
		return nil, fmt.Errorf("DATABASE_URL (%s): %w", c.MaskedDatabaseURL(), err)
	}
}

// WhileUnavailable calls f again, retryInterval apart and for as long as patience,
// while it fails because the database does not respond, and returns its last
// result. It calls again with each error after which it calls f again.
func WhileUnavailable[T any](ctx context.Context, patience time.Duration, f func() (T, error), again func(error)) (T, error) {
	once := func() (T, error) {
		result, err := f()
		if err != nil && !database.IsUnavailable(err) {
			err = backoff.Permanent(err)
		}
		return result, err
	}
	return backoff.Retry(ctx, once, backoff.WithBackOff(backoff.NewConstantBackOff(retryInterval)),
		backoff.WithMaxElapsedTime(patience+retryInterval), backoff.WithNotify(func(err error, _ time.Duration) { again(err) }))
}

// waitLogInterval is how often a start that waits is logged.
const waitLogInterval = 5 * time.Second

// applyMigrations applies the missing migrations. It may take minutes: some
// migrations are long, and it waits for those of another program.
func applyMigrations(ctx context.Context, log *slog.Logger, d *database.DB) error {
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
				log.WarnContext(ctx, "the schema is not up to date yet; if another program has the database locked, it is waited for, asking again and again")
			}
		}
	}()
	applied, err := migrate.Up(ctx, d)
	for _, name := range applied {
		log.InfoContext(ctx, "migration applied", "name", name)
	}
	return err
}
