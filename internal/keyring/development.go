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

// NewDevelopment creates a ring for a development database that has none yet.
// The file is in the user's configuration folder and named after the
// fingerprint of the first pepper, by which FindDevelopment finds it, however
// the database is addressed and from whatever working directory.
func NewDevelopment(c clock.Clock) (*Ring, error) {
	ring := contents{keys: newKeys(c.Now()), development: true}
	name := developmentFileName(ring.keys[Pepper][0].Fingerprint(Pepper))
	var errs []error
	for _, f := range developmentFolders() {
		path := filepath.Join(f.path, name)
		err := f.create()
		if err == nil {
			err = create(path, ring)
		}
		if err == nil {
			return Load(path, c)
		}
		errs = append(errs, err) // for example for a user without a writable home
	}
	return nil, errors.Join(errs...)
}

// FindDevelopment returns the ring whose first pepper has this fingerprint. The
// error wraps os.ErrNotExist if there is none.
func FindDevelopment(fingerprint string, c clock.Clock) (*Ring, error) {
	var folders []string
	for _, f := range developmentFolders() {
		folders = append(folders, f.path)
		path := filepath.Join(f.path, developmentFileName(fingerprint))
		if _, err := os.Stat(path); err == nil && f.trusted() {
			return Load(path, c)
		}
	}
	// The file may have been renamed.
	for _, f := range developmentFolders() {
		files, _ := filepath.Glob(filepath.Join(f.path, developmentFileName("*"))) // the pattern is well formed
		for _, path := range files {
			if ring, err := Load(path, c); err == nil && f.trusted() && ring.firstPepper() == fingerprint {
				return ring, nil
			}
		}
	}
	return nil, messageError{"the key ring that development mode has made for this database is gone: there is no " + developmentFileName(shortFingerprint(fingerprint)) +
		" in " + strings.Join(folders, " or ") + "; put it there, name a copy of it by PORTICO_KEYRING, or delete the database", os.ErrNotExist}
}

// Discard deletes the file of a ring that has not been used.
func (r *Ring) Discard() error { return os.Remove(r.path) }

func (r *Ring) firstPepper() string { return r.list(Pepper)[0].Fingerprint(Pepper) }

// DevelopmentFolder returns the folder that NewDevelopment tries first.
func DevelopmentFolder() string { return developmentFolders()[0].path }

func developmentFileName(fingerprint string) string {
	return "development-" + shortFingerprint(fingerprint) + ".json"
}

// shortFingerprint returns as much of a fingerprint as a file's name needs.
func shortFingerprint(fingerprint string) string { return fingerprint[:min(len(fingerprint), 32)] } //nolint:mnd // 128 bits

// developmentFolder is a folder for development rings. In a shared one another
// user could have created it.
type developmentFolder struct {
	path   string
	shared bool
}

// developmentFolders returns the folders, the preferred one first.
func developmentFolders() (out []developmentFolder) {
	if config, err := os.UserConfigDir(); err == nil {
		out = append(out, developmentFolder{path: filepath.Join(config, "portico")})
	}
	return append(out, developmentFolder{filepath.Join(os.TempDir(), "portico-"+strconv.Itoa(os.Geteuid())), true})
}

func (f developmentFolder) create() error {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return fmt.Errorf("key ring: %w", err)
	}
	if !f.trusted() {
		return fmt.Errorf("key ring: the folder %s is somebody else's", f.path)
	}
	return nil
}

func (f developmentFolder) trusted() bool {
	if !f.shared {
		return true
	}
	info, err := os.Lstat(f.path)
	return err == nil && info.IsDir() && isOurs(info)
}
