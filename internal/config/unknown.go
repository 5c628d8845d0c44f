package config

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// prefix is the prefix of Portico's own variables.
const prefix = "PORTICO_"

// UnknownVariable is a variable that looks like a setting but is none.
type UnknownVariable struct {
	Name string
	// Nearest is the setting that was probably meant.
	Nearest string
}

// Unknown returns the variables of an environment (NAME=VALUE each) that look
// like settings of Portico but are none, sorted by name.
func Unknown(environ []string) []UnknownVariable {
	known := variables()
	var out []UnknownVariable
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		upper := strings.ToUpper(name)
		if !strings.HasPrefix(upper, prefix) || slices.Contains(known, name) || foreign(name, value) {
			continue
		}
		distance := func(a string) int {
			return levenshtein.ComputeDistance(strings.TrimPrefix(a, prefix), strings.TrimPrefix(upper, prefix))
		}
		nearest := slices.MinFunc(known, func(a, b string) int { return distance(a) - distance(b) })
		out = append(out, UnknownVariable{Name: name, Nearest: nearest})
	}
	slices.SortFunc(out, func(a, b UnknownVariable) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// variables returns the names of all settings.
func variables() []string {
	kind := reflect.TypeFor[Config]()
	out := make([]string, kind.NumField())
	for i := range out {
		out[i] = kind.Field(i).Tag.Get("var")
	}
	return out
}

// foreign reports whether a variable is not meant as a setting: one of Portico's
// tests, or one that Kubernetes sets for a service whose name begins with
// portico.
func foreign(name, value string) bool {
	if strings.HasPrefix(name, prefix+"TEST_") {
		return true
	}
	if strings.HasSuffix(name, "_PORT") { // for a service it is a URL
		return strings.HasPrefix(value, "tcp://") || strings.HasPrefix(value, "udp://") || serviceVariable().MatchString(name)
	}
	return serviceVariable().MatchString(name)
}

func serviceVariable() *regexp.Regexp {
	return regexp.MustCompile(`^PORTICO_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)
}
