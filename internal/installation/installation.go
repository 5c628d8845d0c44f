// Package installation keeps the database and the secrets outside of it
// together: which key ring a database belongs to, and whether it holds
// development's made-up data. It owns the table secret_fingerprints.
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

// ErrRealData says that development mode was started on a database that holds
// data which development did not make.
var ErrRealData = errors.New("development mode (PORTICO_DEV=true) was started on a database with data that is not development's own: " +
	"unset PORTICO_DEV, or choose another DATABASE_URL; demo data of an earlier version is made anew where the database is deleted")

// fingerprint is what the database knows of a secret.
type fingerprint struct {
	use, id, print string
	development    bool
}

// Check compares a ring with the one that the database belongs to, and notes
// the secrets that the database does not know yet. Several servers may do so at
// once. It fails with a *keyring.ForeignError when a secret is another one than
// the database knows by its name, or when the ring lacks a pepper under which
// keys are stored; with ErrRealData when a made-up ring meets data that has
// another; and with an error of the database.
func Check(ctx context.Context, d *database.DB, ring *keyring.Ring, now time.Time) error {
	known, err := fitting(ctx, d, ring)
	if err != nil {
		return err
	}
	added, err := add(ctx, d, ring, known, now)
	if err != nil || !added {
		return err
	}
	// Another server may have noted another ring meanwhile; the first one won.
	if known, err = read(ctx, d); err != nil {
		return err
	}
	return compare(ctx, d, ring, known)
}

// Fits is Check for whoever only looks: it notes nothing.
func Fits(ctx context.Context, d *database.DB, ring *keyring.Ring) error {
	_, err := fitting(ctx, d, ring)
	return err
}

// fitting returns what the database knows, if the ring agrees with it.
func fitting(ctx context.Context, d *database.DB, ring *keyring.Ring) ([]fingerprint, error) {
	known, err := read(ctx, d)
	if err != nil {
		return nil, err
	}
	if ring.Development() {
		if err := ours(ctx, d, known); err != nil {
			return nil, err
		}
	}
	return known, compare(ctx, d, ring, known)
}

// ours refuses a made-up ring where the data is not development's.
func ours(ctx context.Context, d *database.DB, known []fingerprint) error {
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

// compare finds a secret that is another one than the database knows, or that
// stored keys need and the ring lacks.
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

// inUse reports whether anything may be stored under a pepper. Keys name theirs;
// gateways' tokens do not, so that one made since the pepper is there counts.
func inUse(ctx context.Context, d *database.DB, pepper string) (bool, error) {
	var used bool
	err := d.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM credentials WHERE pepper_id = $1)
		OR EXISTS (SELECT 1 FROM service_tokens t JOIN secret_fingerprints f ON t.created_at >= f.created_at
			WHERE f.use_name = 'pepper' AND f.key_id = $1)`, pepper).Scan(&used)
	return used, err
}

// read returns what the database knows.
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

// add notes the secrets that the database does not know, and reports whether
// there were any.
func add(ctx context.Context, d *database.DB, ring *keyring.Ring, known []fingerprint, now time.Time) (added bool, err error) {
	noted := map[string]bool{}
	for _, f := range known {
		noted[f.use+" "+f.id] = true
	}
	for _, use := range keyring.Uses() {
		for _, k := range ring.All(use) {
			if noted[string(use)+" "+k.ID] {
				continue
			}
			if _, err := note(ctx, d, ring, use, k, now); err != nil {
				return added, err
			}
			added = true
		}
	}
	return added, nil
}

// note notes a secret, and reports whether the database did not know its name.
func note(ctx context.Context, d execer, ring *keyring.Ring, use keyring.Use, k keyring.Key, now time.Time) (bool, error) {
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
