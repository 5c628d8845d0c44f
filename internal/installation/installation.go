// Package installation ties the database to the secrets outside of it: it
// records which key ring a database belongs to, and whether it contains
// development data. It owns the table secret_fingerprints.
package installation

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"portico/internal/database"
	"portico/internal/keyring"
)

// ErrRealData means that development mode was started on a database with data
// that development mode did not create.
var ErrRealData = errors.New("development mode (PORTICO_DEV=true) was started on a database with data that is not development's own: " +
	"unset PORTICO_DEV, or choose another DATABASE_URL; demo data of an earlier version is made anew where the database is deleted")

// fingerprint is a secret's row in the database.
type fingerprint struct {
	use, id, print string
	development    bool
}

// Check compares a ring with the one that the database belongs to, and records
// the secrets that the database does not have yet. Several servers may call it
// at once. It fails with a *keyring.ForeignError if a secret differs from the
// recorded one with the same id, or if the ring lacks a pepper under which
// credentials are stored; with ErrRealData if the database of a development
// ring contains other data; and with an error of the database.
func Check(ctx context.Context, d *database.DB, ring *keyring.Ring, now time.Time) error {
	known, err := readMatching(ctx, d, ring)
	if err != nil {
		return err
	}
	added, err := add(ctx, d, ring, known, now)
	if err != nil || !added {
		return err
	}
	// Another server may have recorded another ring meanwhile; the first one wins.
	if known, err = read(ctx, d); err != nil {
		return err
	}
	return compare(ctx, d, ring, known)
}

// Fits is like Check, but records nothing.
func Fits(ctx context.Context, d *database.DB, ring *keyring.Ring) error {
	_, err := readMatching(ctx, d, ring)
	return err
}

// readMatching returns the recorded fingerprints if the ring matches them.
func readMatching(ctx context.Context, d *database.DB, ring *keyring.Ring) ([]fingerprint, error) {
	known, err := read(ctx, d)
	if err != nil {
		return nil, err
	}
	if ring.Development() {
		if err := checkDevelopmentData(ctx, d, known); err != nil {
			return nil, err
		}
	}
	return known, compare(ctx, d, ring, known)
}

// checkDevelopmentData returns ErrRealData if the data was not created in
// development mode.
func checkDevelopmentData(ctx context.Context, d *database.DB, known []fingerprint) error {
	for _, f := range known {
		if !f.development {
			return ErrRealData
		}
	}
	if len(known) > 0 {
		return nil
	}
	var filled bool
	err := d.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM organizations)`).Scan(&filled)
	if err == nil && filled {
		return ErrRealData
	}
	return err
}

// compare returns an error for a secret that differs from the recorded one, or
// that stored credentials need and the ring lacks.
func compare(ctx context.Context, d *database.DB, ring *keyring.Ring, known []fingerprint) error {
	for _, f := range known {
		use := keyring.Use(f.use)
		k, ok := ring.Lookup(use, f.id)
		if ok && subtle.ConstantTimeCompare([]byte(k.Fingerprint(use)), []byte(f.print)) == 0 {
			return &keyring.ForeignError{Path: ring.Path(), Use: use, ID: f.id, Why: "has another secret than the one that this database belongs to" + origin(f)}
		}
		if ok || use != keyring.Pepper {
			continue
		}
		needed, err := inUse(ctx, d, f.id)
		if err != nil {
			return err
		}
		if needed {
			return &keyring.ForeignError{Path: ring.Path(), Use: use, ID: f.id, Why: "is missing, and keys in this database are stored under it" + origin(f)}
		}
	}
	return nil
}

func origin(f fingerprint) string {
	if f.development {
		return "; it was made in development mode"
	}
	return ""
}

// inUse reports whether anything may be stored under a pepper. Credentials and second
// factors name theirs; service tokens and the client secrets of identity providers do
// not, so one counts that was written after the pepper was recorded.
func inUse(ctx context.Context, d *database.DB, pepper string) (bool, error) {
	var used bool
	err := d.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM credentials WHERE pepper_id = $1)
		OR EXISTS (SELECT 1 FROM totp_factors WHERE pepper_id = $1)
		OR EXISTS (SELECT 1 FROM service_tokens t JOIN secret_fingerprints f ON t.created_at >= f.created_at
			WHERE f.use_name = 'pepper' AND f.key_id = $1)
		OR EXISTS (SELECT 1 FROM identity_providers p JOIN secret_fingerprints f ON p.updated_at >= f.created_at
			WHERE f.use_name = 'pepper' AND f.key_id = $1 AND p.client_secret IS NOT NULL)`, pepper).Scan(&used)
	return used, err
}

// read returns the recorded fingerprints.
func read(ctx context.Context, d *database.DB) (known []fingerprint, err error) {
	rows, err := d.QueryContext(ctx, `SELECT use_name, key_id, fingerprint, development FROM secret_fingerprints`)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var f fingerprint
		if err := rows.Scan(&f.use, &f.id, &f.print, &f.development); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		known = append(known, f)
	}
	return known, errors.Join(rows.Err(), rows.Close())
}

// add records the secrets that the database does not have, and reports whether
// there were any.
func add(ctx context.Context, d *database.DB, ring *keyring.Ring, known []fingerprint, now time.Time) (added bool, err error) {
	recorded := map[string]bool{}
	for _, f := range known {
		recorded[f.use+" "+f.id] = true
	}
	for _, use := range keyring.Uses() {
		for _, k := range ring.All(use) {
			if recorded[string(use)+" "+k.ID] {
				continue
			}
			if _, err := recordFingerprint(ctx, d, ring, use, k, now); err != nil {
				return added, err
			}
			added = true
		}
	}
	return added, nil
}

// recordFingerprint records a secret, and reports whether its id was new.
func recordFingerprint(ctx context.Context, d execer, ring *keyring.Ring, use keyring.Use, k keyring.Key, now time.Time) (bool, error) {
	result, err := d.ExecContext(ctx, `INSERT INTO secret_fingerprints (use_name, key_id, fingerprint, development, created_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (use_name, key_id) DO NOTHING`,
		string(use), k.ID, k.Fingerprint(use), ring.Development(), now.UTC().Truncate(time.Microsecond))
	if err != nil {
		return false, fmt.Errorf("noting which secrets belong to the database: %w", err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// execer is a database or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}
