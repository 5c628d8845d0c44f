// Package headername normalizes header names as other servers may read them.
package headername

import "strings"

// ours is the prefix of the headers with which Portico describes a call to an
// API.
const ours = "x-portico-"

// Hyphened returns a name in lower case as servers may read it: CGI and its
// successors treat "_" as "-", and some servers treat every other sign so too.
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
