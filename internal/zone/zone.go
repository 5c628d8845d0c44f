// Package zone is the time zones that Portico knows: those of the IANA
// database by their names there, the same on every machine. The data is in the
// program; what a system has is not looked for by other names, such as
// "localtime", "right/Europe/Berlin" or "europe/berlin" where files are found
// in any case.
package zone

import (
	_ "embed"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a bare container has no zones
)

//go:embed names.txt
var listed string

// names are the zones and the older names that lead to them.
var names = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for name := range strings.Lines(listed) {
		out[strings.TrimSpace(name)] = true
	}
	return out
})

// Known reports whether a name is one of a zone, spelled as IANA does.
func Known(name string) bool { return names()[name] }

// Load returns the zone of a name. There is no other zone to fall back to.
func Load(name string) (*time.Location, error) {
	if !Known(name) {
		return nil, fmt.Errorf("the time zone %q is not known: it must be an IANA name such as Europe/Istanbul, or UTC", name)
	}
	return time.LoadLocation(name)
}

// Zone is a zone that goes by its name in JSON and in the database. Whoever
// reads one either has it or an error.
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

// Nearest returns the name of the zone that a name meant which some systems
// take and IANA does not have: in another case, or by a folder of zoneinfo.
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
