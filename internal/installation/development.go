package installation

import (
	"context"
	"errors"

	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/keyring"
)

// firstPepper is the name of a ring's first pepper, which is never dropped: by
// its fingerprint a made-up ring is found again.
const firstPepper = "p1"

// Development returns the made-up ring that a database belongs to, and makes one
// for a database that belongs to none; several servers may do so at once. It is
// the database that says which ring is its own, so that it does not matter how
// it is addressed. Nothing is made where it fails, with the errors of Check, or
// because the ring is gone (os.ErrNotExist).
func Development(ctx context.Context, d *database.DB, c clock.Clock) (*keyring.Ring, error) {
	for {
		ring, err := FindDevelopment(ctx, d, c)
		if err != nil {
			return nil, err
		}
		if ring != nil {
			return ring, Check(ctx, d, ring, c.Now()) // a rotation may be new to the database
		}
		if ring, err = claim(ctx, d, c); !errors.Is(err, errClaimed) {
			return ring, err
		}
	}
}

// FindDevelopment is Development for whoever only looks: it returns nil where
// there is no ring yet.
func FindDevelopment(ctx context.Context, d *database.DB, c clock.Clock) (*keyring.Ring, error) {
	known, err := read(ctx, d)
	if err != nil {
		return nil, err
	}
	if err := ours(ctx, d, known); err != nil || len(known) == 0 {
		return nil, err
	}
	first := ""
	for _, f := range known {
		if f.use == string(keyring.Pepper) && f.id == firstPepper {
			first = f.print
		}
	}
	ring, err := keyring.FindMadeUp(first, c)
	if err != nil {
		return nil, err
	}
	return ring, compare(ctx, d, ring, known)
}

// errClaimed says that the database belongs to another ring meanwhile.
var errClaimed = errors.New("the database belongs to another key ring meanwhile")

// claim makes a ring up and notes all of it, or nothing. The file is there
// before the database knows of it: a database whose ring is nowhere could not be
// used any more.
func claim(ctx context.Context, d *database.DB, c clock.Clock) (*keyring.Ring, error) {
	ring, err := keyring.MakeUp(c)
	if err != nil {
		return nil, err
	}
	err = d.InTx(ctx, func(tx *database.Tx) error {
		for _, use := range keyring.Uses() {
			for _, k := range ring.All(use) {
				if first, err := note(ctx, tx, ring, use, k, c.Now()); err != nil {
					return err
				} else if !first {
					return errClaimed
				}
			}
		}
		return nil
	})
	if errors.Is(err, errClaimed) {
		return nil, errors.Join(err, ring.Discard())
	}
	return ring, err // where the commit is unclear the file must stay
}
