// Package headername tells what servers may read a header's name as.
package headername

import "strings"

// ours is how the names begin that tell an API what Portico says of a call.
const ours = "x-portico-"

// Hyphened is a name in small letters as servers may read it: to CGI, and to
// all that came after it, "_" is the same as "-", and to some every other sign
// too.
func Hyphened(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
}

// ReadsAsOurs reports whether a server may take a header for one of Portico's.
func ReadsAsOurs(name string) bool { return strings.HasPrefix(Hyphened(name), ours) }
