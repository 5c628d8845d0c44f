package keyring

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"portico/internal/clock"
)

// MakeUp makes a ring for a development database that has none yet. Its file
// lies in the user's own configuration, and is named by the fingerprint of the
// first pepper: whoever knows that finds it with FindMadeUp, however the
// database is addressed and in whatever folder.
func MakeUp(c clock.Clock) (*Ring, error) {
	made := contents{keys: fresh(c.Now()), development: true}
	name := madeUpName(made.keys[Pepper][0].Fingerprint(Pepper))
	var errs []error
	for _, f := range madeUpFolders() {
		path := filepath.Join(f.path, name)
		err := f.make()
		if err == nil {
			err = create(path, made)
		}
		if err == nil {
			return Load(path, c)
		}
		errs = append(errs, err) // such as for a user without a home that can be written to
	}
	return nil, errors.Join(errs...)
}

// FindMadeUp returns the ring whose first pepper has this fingerprint. The error
// wraps os.ErrNotExist when there is none.
func FindMadeUp(fingerprint string, c clock.Clock) (*Ring, error) {
	var folders []string
	for _, f := range madeUpFolders() {
		folders = append(folders, f.path)
		path := filepath.Join(f.path, madeUpName(fingerprint))
		if _, err := os.Stat(path); err == nil && f.trusted() {
			return Load(path, c)
		}
	}
	// It may lie there under another name.
	for _, f := range madeUpFolders() {
		files, _ := filepath.Glob(filepath.Join(f.path, madeUpName("*"))) // the pattern is well formed
		for _, path := range files {
			if ring, err := Load(path, c); err == nil && f.trusted() && ring.firstPepper() == fingerprint {
				return ring, nil
			}
		}
	}
	return nil, inWords{"the key ring that development mode has made for this database is gone: there is no " + madeUpName(short(fingerprint)) +
		" in " + strings.Join(folders, " or ") + "; put it there, name a copy of it by PORTICO_KEYRING, or delete the database", os.ErrNotExist}
}

// Discard deletes the file of a ring that nothing was made with.
func (r *Ring) Discard() error { return os.Remove(r.path) }

func (r *Ring) firstPepper() string { return r.list(Pepper)[0].Fingerprint(Pepper) }

// MadeUpFolder is where MakeUp puts its files, if it can.
func MadeUpFolder() string { return madeUpFolders()[0].path }

func madeUpName(fingerprint string) string { return "development-" + short(fingerprint) + ".json" }

// short is as much of a fingerprint as a file's name needs.
func short(fingerprint string) string { return fingerprint[:min(len(fingerprint), 32)] } //nolint:mnd // 128 bits

// madeUpFolder is a place for made-up rings. Into a shared one anybody could
// have put a folder before.
type madeUpFolder struct {
	path   string
	shared bool
}

// madeUpFolders are the places, the best one first.
func madeUpFolders() (out []madeUpFolder) {
	if config, err := os.UserConfigDir(); err == nil {
		out = append(out, madeUpFolder{path: filepath.Join(config, "portico")})
	}
	return append(out, madeUpFolder{filepath.Join(os.TempDir(), "portico-"+strconv.Itoa(os.Geteuid())), true})
}

func (f madeUpFolder) make() error {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return fmt.Errorf("key ring: %w", err)
	}
	if !f.trusted() {
		return fmt.Errorf("key ring: the folder %s is somebody else's", f.path)
	}
	return nil
}

func (f madeUpFolder) trusted() bool {
	if !f.shared {
		return true
	}
	info, err := os.Lstat(f.path)
	return err == nil && info.IsDir() && isOurs(info)
}
