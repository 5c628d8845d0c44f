// Package zone provides the time zones that Portico accepts: those of the IANA
// database by their names there, the same on every machine. The data is embedded
// in the program. Other names that a system may accept are refused, such as
// "localtime", "right/Europe/Berlin" or, on file systems that ignore case,
// "europe/berlin".
package zone

import (
	_ "embed"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a minimal container has no zones
)

//go:embed names.txt
var nameList string

// names returns the functions that load the zones, by name; older names for them
// have their own. Each zone is read once: that costs as much as a query.
var names = sync.OnceValue(func() map[string]func() (*time.Location, error) {
	out := map[string]func() (*time.Location, error){}
	for name := range strings.Lines(nameList) {
		name = strings.TrimSpace(name)
		out[name] = sync.OnceValues(func() (*time.Location, error) { return time.LoadLocation(name) })
	}
	return out
})

// Known reports whether name is the name of a zone, spelled as IANA does.
func Known(name string) bool { return names()[name] != nil }

// Load returns the zone with a name. An unknown name is an error; there is no
// fallback.
func Load(name string) (*time.Location, error) {
	load := names()[name]
	if load == nil {
		return nil, fmt.Errorf("the time zone %q is not known: it must be an IANA name such as Europe/Istanbul, or UTC", name)
	}
	return load()
}

// Zone is a time zone that is encoded by its name in JSON and in the database.
// Decoding fails for an unknown name.
type Zone struct{ *time.Location }

// MarshalText writes the name.
func (z Zone) MarshalText() ([]byte, error) {
	if z.Location == nil {
		return nil, errors.New("there is no time zone")
	}
	return []byte(z.String()), nil
}

// UnmarshalText reads the name.
func (z *Zone) UnmarshalText(text []byte) (err error) {
	z.Location, err = Load(string(text))
	return err
}

// Scan reads the name from a column.
func (z *Zone) Scan(from any) error {
	switch name := from.(type) {
	case string:
		return z.UnmarshalText([]byte(name))
	case []byte:
		return z.UnmarshalText(name)
	}
	return fmt.Errorf("a time zone is not a %T", from)
}

// Nearest returns the IANA name for a name that only some systems accept: one
// in another case, or with a folder of zoneinfo.
func Nearest(name string) (string, bool) {
	name = strings.TrimPrefix(path.Clean("/"+strings.ToLower(name)), "/")
	for _, folder := range []string{"right/", "posix/"} {
		name = strings.TrimPrefix(name, folder)
	}
	for known := range names() {
		if strings.ToLower(known) == name {
			return known, true
		}
	}
	return "", false
}
