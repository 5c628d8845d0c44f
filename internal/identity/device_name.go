package identity

import (
	"strings"

	"github.com/mileusna/useragent"

	"portico/internal/unseen"
)

const (
	// maxUserAgent is how many bytes of a User-Agent are looked at: real ones are
	// shorter.
	maxUserAgent = 512
	// maxDeviceName is the most characters of a device's name.
	maxDeviceName = 60
)

// deviceName returns how a person would call the program and the system of a
// User-Agent, such as "Firefox on Linux"; "" if there is none. Everything in it was
// sent by the client: it is for its own user to read, and proves nothing.
func deviceName(userAgent string) string {
	ua := useragent.Parse(userAgent[:min(len(userAgent), maxUserAgent)])
	name := printable(ua.Name)
	if system := printable(ua.OS); system != "" {
		name += " on " + system
	}
	return strings.TrimPrefix(name, " on ")
}

// printable returns the characters of a text that can be seen, and blanks, so many that
// a name remains short.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r != ' ' && unseen.Rune(r) {
			return -1
		}
		return r
	}, s)
	runes := []rune(strings.TrimSpace(s))
	return string(runes[:min(len(runes), maxDeviceName/2)])
}
