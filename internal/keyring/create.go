package keyring

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"portico/internal/clock"
)

// Create writes a fresh ring to path, one active key for each use, mode 0600.
// The error wraps os.ErrExist when something is there already.
func Create(path string, c clock.Clock) error {
	return create(path, contents{keys: fresh(c.Now())})
}

// CreateDevelopment is Create for a ring that production refuses.
func CreateDevelopment(path string, c clock.Clock) error {
	return create(path, contents{keys: fresh(c.Now()), development: true})
}

func create(path string, ring contents) error {
	// A link, unlike a rename, never replaces a file that somebody else has
	// just put there.
	err := writeFile(path, ring, nil, os.Link)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("key ring %s: there is a file already, and it is left as it is; `portico keys rotate` adds a secret to a ring: %w", path, os.ErrExist)
	}
	return err
}

// Development gives the made-up ring that belongs to a database, and the path
// of its file, which is made when it is missing. Every command with the same
// databaseURL finds the same one, whatever folder it runs in; several may
// start at once. The file is named by a hash, since a URL may hold a password.
func Development(databaseURL string, c clock.Clock) (ring *Ring, path string, err error) {
	name := developmentFile(databaseURL)
	path, err = inConfigFolder(name, c)
	if err != nil {
		// A user without a home that can be written to.
		path, err = inTempFolder(name, c)
	}
	if err != nil {
		return nil, "", err
	}
	ring, err = Load(path, c)
	return ring, path, err
}

// DevelopmentExists reports whether Development would find a ring, and not make
// one.
func DevelopmentExists(databaseURL string) bool {
	var folders []string
	if config, err := os.UserConfigDir(); err == nil {
		folders = append(folders, filepath.Join(config, "portico"))
	}
	for _, folder := range append(folders, tempFolder()) {
		if _, err := os.Stat(filepath.Join(folder, developmentFile(databaseURL))); err == nil {
			return true
		}
	}
	return false
}

func developmentFile(databaseURL string) string {
	sum := sha256.Sum256([]byte(databaseURL))
	return "development-" + hex.EncodeToString(sum[:16]) + ".json"
}

func tempFolder() string {
	return filepath.Join(os.TempDir(), "portico-"+strconv.Itoa(os.Geteuid()))
}

func inConfigFolder(name string, c clock.Clock) (string, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("key ring: %w", err)
	}
	folder := filepath.Join(config, "portico")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("key ring: %w", err)
	}
	path := filepath.Join(folder, name)
	return path, createMissing(path, c)
}

func inTempFolder(name string, c clock.Clock) (string, error) {
	folder := tempFolder()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("key ring: %w", err)
	}
	// Anybody could have put a folder of that name there before us.
	if info, err := os.Lstat(folder); err != nil || !info.IsDir() || !isOurs(info) {
		return "", fmt.Errorf("key ring: the folder %s is somebody else's", folder)
	}
	path := filepath.Join(folder, name)
	return path, createMissing(path, c)
}

// createMissing makes the ring unless it, or another process's, is there.
func createMissing(path string, c clock.Clock) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := CreateDevelopment(path, c); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}
