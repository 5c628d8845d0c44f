// Package folder keeps letters in a folder instead of sending them, and shows them:
// for development alone.
package folder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"portico/internal/mail"
	"portico/internal/mail/smtp"
)

// most is how many letters the folder keeps; the oldest go first.
const most = 200

// ending is that of the files: mail programs open them.
const ending = ".eml"

// Folder is a folder of letters. It implements mail.Sender.
type Folder struct{ path string }

// Open returns the folder, which it makes if needed. Letters are for their recipients'
// eyes, so nobody else of the machine may read them.
func Open(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("the folder for letters: %w", err)
	}
	return &Folder{path}, nil
}

// Path returns where the folder is.
func (f *Folder) Path() string { return f.path }

// Send implements mail.Sender. A letter that is sent again replaces itself.
func (f *Folder) Send(_ context.Context, m mail.Message) error {
	letter, err := smtp.Compose(m)
	if err != nil {
		return &mail.Refusal{Permanent: true, Answer: err.Error()}
	}
	var b bytes.Buffer
	if _, err := letter.WriteTo(&b); err != nil {
		return err
	}
	id, _, _ := strings.Cut(m.ID, "@")
	name := m.Date.UTC().Format("20060102T150405.000000Z") + "-" + id + ending
	if err := os.WriteFile(filepath.Join(f.path, name), b.Bytes(), 0o600); err != nil {
		return err
	}
	return f.dropOldest()
}

// Close implements mail.Sender.
func (f *Folder) Close() {}

func (f *Folder) dropOldest() error {
	names, err := f.names()
	if err != nil || len(names) <= most {
		return err
	}
	var errs []error
	for _, name := range names[most:] {
		if err := os.Remove(filepath.Join(f.path, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// names returns the letters' files, the newest first.
func (f *Folder) names() ([]string, error) {
	all, err := os.ReadDir(f.path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range all {
		if e.Type().IsRegular() && strings.HasSuffix(e.Name(), ending) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	slices.Reverse(names)
	return names, nil
}

// read returns a letter; ok is false if there is none of this name.
func (f *Folder) read(name string) (raw []byte, ok bool) {
	names, err := f.names()
	if err != nil || !slices.Contains(names, name) {
		return nil, false
	}
	raw, err = os.ReadFile(filepath.Join(f.path, name))
	return raw, err == nil
}
