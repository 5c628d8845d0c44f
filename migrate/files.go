package migrate

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// ChecksumFile has a line for each file, in the format of sha256sum. It reveals
// a changed file, or two branches that each added one, before they run.
const ChecksumFile = "checksums.txt"

var fileName = regexp.MustCompile(`^(\d{14})_([a-z0-9_]+)\.sql$`)

// file is a migration.
type file struct {
	name    string // YYYYMMDDhhmmss_name.sql
	version string // YYYYMMDDhhmmss
	sha256  string // hexadecimal
	text    string
}

// load reads the files in the order of their versions and compares them with the
// checksums.
func load(files fs.FS) ([]file, error) {
	list, err := read(files)
	if err != nil {
		return nil, err
	}
	known, err := fs.ReadFile(files, ChecksumFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if string(known) != sums(list) {
		return nil, fmt.Errorf("the migration files are not those that %s lists:\n%s",
			ChecksumFile, difference(string(known), sums(list)))
	}
	return list, nil
}

func read(files fs.FS) ([]file, error) {
	names, err := fs.Glob(files, "*.sql") // sorted, and so by version
	if err != nil {
		return nil, err
	}
	list := make([]file, 0, len(names))
	for _, name := range names {
		m := fileName.FindStringSubmatch(name)
		if m == nil {
			return nil, fmt.Errorf("%s: a migration is named YYYYMMDDhhmmss_name.sql", name)
		}
		if n := len(list); n > 0 && list[n-1].version == m[1] {
			return nil, fmt.Errorf("%s and %s have the same version", list[n-1].name, name)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		list = append(list, file{name: name, version: m[1], sha256: fmt.Sprintf("%x", sha256.Sum256(text)), text: string(text)})
	}
	return list, nil
}

// Checksums returns what ChecksumFile must contain for these files.
func Checksums(files fs.FS) (string, error) {
	list, err := read(files)
	if err != nil {
		return "", err
	}
	return sums(list), nil
}

func sums(list []file) string {
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "%s  %s\n", f.sha256, f.name)
	}
	return b.String()
}

// difference returns the lines that are in one text only.
func difference(known, found string) string {
	var b strings.Builder
	for line := range strings.Lines(known) {
		if !strings.Contains(found, line) {
			b.WriteString("  listed: " + line)
		}
	}
	for line := range strings.Lines(found) {
		if !strings.Contains(known, line) {
			b.WriteString("  found:  " + line)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
