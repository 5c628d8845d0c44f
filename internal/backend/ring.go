package backend

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/database"
	"portico/internal/installation"
	"portico/internal/keyring"
	"portico/migrate"
)

// ErrNoRing means that no secrets are configured.
var ErrNoRing = errors.New("PORTICO_KEYRING is not set: it names the file with the secrets, which `portico keys create` makes; " +
	"only development mode (PORTICO_DEV=true) does without")

// ErrMixed means that development mode and production secrets, or the reverse,
// would be combined.
var ErrMixed = errors.New("development and production do not mix")

// UsesDevelopmentRing reports whether the secrets are those that development
// mode created for the database.
func UsesDevelopmentRing(c *config.Config) bool { return c.Keyring == "" && c.Dev }

// OpenRing loads the configured file of secrets.
func OpenRing(c *config.Config) (*keyring.Ring, error) {
	if c.Keyring == "" {
		return nil, ErrNoRing
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
		return fmt.Errorf("%w: %s holds real secrets, and development mode (PORTICO_DEV=true) is never for real data: unset one of the two", ErrMixed, c.Keyring)
	}
	return fmt.Errorf("%w: %s was made by development mode, and its secrets are not for real data: make others by `portico keys create` without PORTICO_DEV", ErrMixed, c.Keyring)
}

// checkRing refuses secrets that do not belong to the database before anything
// is changed there: development mode must not migrate the schema of real data.
// A database that has no table of fingerprints yet cannot be checked.
func checkRing(ctx context.Context, d *database.DB, ring *keyring.Ring) error {
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
