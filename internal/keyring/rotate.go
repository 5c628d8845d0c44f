package keyring

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"portico/internal/clock"
)

// RotationDelay is how long a new key waits in the ring before it becomes
// active, unless the caller specifies another time: every node must have read
// it by then.
const RotationDelay = 60 * time.Second

// Rotate adds a key to the ring at path; it is used from activeFrom on. The
// zero time means RotationDelay from now. An earlier time is for emergencies:
// nodes that have not read the file yet do so on the first unknown id they
// receive. The older keys stay for verification. Concurrent rotations, in any
// process, wait for one another.
func Rotate(path string, c clock.Clock, use Use, activeFrom time.Time) (Key, error) {
	if !slices.Contains(Uses(), use) {
		return Key{}, fmt.Errorf("key ring: there are no keys for %q", use)
	}
	var added Key
	err := change(path, func(all keys) {
		now := c.Now()
		if activeFrom.IsZero() {
			activeFrom = now.Add(RotationDelay)
		}
		added = newKey(use, all[use], now, activeFrom)
		all[use] = append(all[use], added)
	})
	return added, err
}

// Retire removes the JWT keys with which no unexpired token can have been
// signed: those that were replaced more than tokenLife plus a RotationDelay,
// for nodes that were slow to notice, ago. It returns the removed ids. Peppers
// are never removed, because every credential stored under them would become
// invalid.
func Retire(path string, c clock.Clock, tokenLife time.Duration) (ids []string, err error) {
	err = change(path, func(all keys) {
		deadline := c.Now().Add(-tokenLife - RotationDelay)
		list := all[JWT]
		all[JWT] = nil
		for i, k := range list {
			replaced := slices.ContainsFunc(list[i+1:], func(newer Key) bool { return !newer.ActiveFrom.After(deadline) })
			if replaced {
				ids = append(ids, k.ID)
			} else {
				all[JWT] = append(all[JWT], k)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// Replace replaces all keys of a use with a new one that is active at once, for
// a secret that has leaked. What was signed with the older ones is no longer
// valid. Peppers cannot be replaced, because every credential stored under them
// would become invalid.
func Replace(path string, c clock.Clock, use Use) (Key, error) {
	if use != JWT && use != Cursor {
		return Key{}, fmt.Errorf("key ring: a %s cannot be replaced at once, because what was made under it would die", use)
	}
	var added Key
	err := change(path, func(all keys) {
		now := c.Now()
		added = newKey(use, all[use], now, now)
		all[use] = []Key{added}
	})
	return added, err
}

// change reads the ring, calls edit and writes the ring back, under an
// exclusive lock.
func change(path string, edit func(keys)) (err error) {
	// A mounted secret is often a link, whose target must be replaced.
	name := path
	path, err = filepath.EvalSymlinks(name)
	if errors.Is(err, os.ErrNotExist) {
		return errMissing(name)
	}
	if err != nil {
		return fmt.Errorf("key ring: %w", err)
	}
	// The lock is a separate file, because the ring itself is replaced. It is
	// never deleted, or two rotations could lock two different files.
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("key ring: cannot lock %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	ring, info, err := readFile(path)
	if err != nil {
		return err
	}
	edit(ring.keys)
	return writeFile(path, ring, info, os.Rename)
}
