package keyring

import (
	"errors"
	"os"

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
		return inWords{"key ring " + path + ": there is a file already, and it is left as it is; `portico keys rotate` adds a secret to a ring", os.ErrExist}
	}
	return err
}
