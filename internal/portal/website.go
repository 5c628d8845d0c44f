package portal

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"portico/internal/fault"
	"portico/internal/term"
)

// checkURL wants an address that a browser may follow safely, or nothing.
func checkURL(field, s string) error {
	if err := checkLine(field, s, maxDescription); err != nil {
		return err
	}
	if _, ok := website(s); !ok {
		return fault.Input(fault.InvalidValue, field, "This is not an http or https address.")
	}
	return nil
}

// printed gives the address that checkURL has passed in the spelling that is
// kept: printed again from its parse, so that what is stored is what was checked.
func printed(s string) string {
	out, _ := website(s)
	return out
}

// printedPatch is printed for an attribute of an update.
func printedPatch(p Patch[string]) Patch[string] {
	if p.Value != nil {
		p.Value = new(printed(*p.Value))
	}
	return p
}

// website reads an absolute http or https address without a user, and prints
// it again. Nothing is an address too: none.
func website(s string) (string, bool) {
	if s == "" {
		return "", true
	}
	if strings.ContainsAny(s, "\"'<>\\^`{|}") || strings.ContainsFunc(s, unseen) {
		return "", false
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Opaque != "" || u.User != nil || u.Hostname() == "" {
		return "", false
	}
	if port := u.Port(); port == "" && strings.HasSuffix(u.Host, ":") || port != "" && !isPort(port) {
		return "", false
	}
	if !strings.HasPrefix(u.Host, "[") {
		name, err := idna.Lookup.ToASCII(u.Hostname())
		if err != nil || name == "" {
			return "", false
		}
		u.Host = name + strings.TrimPrefix(u.Host, u.Hostname())
	}
	return u.String(), true
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// unseen reports whether a character has no place in an address as it stands.
func unseen(r rune) bool { return unicode.IsSpace(r) || term.Blank(string(r)) && !unicode.IsMark(r) }

// websites prints an account's addresses as they are kept.
func websites(p term.Profile) term.Profile {
	p.Website = printed(p.Website)
	return p
}
