package installation

import (
	"context"
	"errors"

	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/keyring"
)

// firstPepper is the id of a ring's first pepper, which is never removed: a
// development ring is found by its fingerprint.
const firstPepper = "p1"

// Development returns the development ring that a database belongs to, and
// creates one for a database without a ring; several servers may call it at
// once. The database determines its ring, however it is addressed. If
// Development fails, with the errors of Check or because the ring's file is
// missing (os.ErrNotExist), nothing is created.
func Development(ctx context.Context, d *database.DB, c clock.Clock) (*keyring.Ring, error) {
	for {
		ring, err := FindDevelopment(ctx, d, c)
		if err != nil {
			return nil, err
		}
		if ring != nil {
			return ring, Check(ctx, d, ring, c.Now()) // a rotation may be new to the database
		}
		if ring, err = createAndRecord(ctx, d, c); !errors.Is(err, errOtherRing) {
			return ring, err
		}
	}
}

// FindDevelopment is like Development but creates nothing: it returns nil if
// there is no ring yet.
func FindDevelopment(ctx context.Context, d *database.DB, c clock.Clock) (*keyring.Ring, error) {
	known, err := read(ctx, d)
	if err != nil {
		return nil, err
	}
	if err := checkDevelopmentData(ctx, d, known); err != nil || len(known) == 0 {
		return nil, err
	}
	first := ""
	for _, f := range known {
		if f.use == string(keyring.Pepper) && f.id == firstPepper {
			first = f.print
		}
	}
	ring, err := keyring.FindDevelopment(first, c)
	if err != nil {
		return nil, err
	}
	return ring, compare(ctx, d, ring, known)
}

// errOtherRing means that the database was assigned to another ring
// concurrently.
var errOtherRing = errors.New("the database belongs to another key ring meanwhile")

// createAndRecord creates a ring and records all of it, or nothing. The file is
// created before the database refers to it: a database whose ring does not
// exist would be unusable.
func createAndRecord(ctx context.Context, d *database.DB, c clock.Clock) (*keyring.Ring, error) {
	ring, err := keyring.NewDevelopment(c)
	if err != nil {
		return nil, err
	}
	err = d.InTx(ctx, func(tx *database.Tx) error {
		for _, use := range keyring.Uses() {
			for _, k := range ring.All(use) {
				if first, err := recordFingerprint(ctx, tx, ring, use, k, c.Now()); err != nil {
					return err
				} else if !first {
					return errOtherRing
				}
			}
		}
		return nil
	})
	if errors.Is(err, errOtherRing) {
		return nil, errors.Join(err, ring.Discard())
	}
	return ring, err // if the commit's outcome is unknown, the file must stay
}
