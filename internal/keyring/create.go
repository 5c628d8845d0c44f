package keyring

import (
	"errors"
	"os"

	"portico/internal/clock"
)

// Create writes a new ring to path, with one active key for each use, mode
// 0600. The error wraps os.ErrExist if the file exists already.
func Create(path string, c clock.Clock) error {
	return create(path, contents{keys: newKeys(c.Now())})
}

// CreateDevelopment is like Create, for a ring that production refuses.
func CreateDevelopment(path string, c clock.Clock) error {
	return create(path, contents{keys: newKeys(c.Now()), development: true})
}

func create(path string, ring contents) error {
	// A link, unlike a rename, never replaces a file that was created
	// concurrently.
	err := writeFile(path, ring, nil, os.Link)
	if errors.Is(err, os.ErrExist) {
		return messageError{"key ring " + path + ": there is a file already, and it is left as it is; `portico keys rotate` adds a secret to a ring", os.ErrExist}
	}
	return err
}
