package address

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// foldDomain returns a domain in Unicode and in ASCII, or "" if it is not
// valid. Both spellings are derived from the same look-up form, so they cannot
// differ.
func foldDomain(domain string) (shown, ascii string) {
	domain = withoutDots(domain)
	ascii, err := domains().ToASCII(domain)
	if err != nil || ascii == "" || strings.HasSuffix(ascii, ".") {
		return "", ""
	}
	shown, err = domains().ToUnicode(ascii)
	// Punycode can encode the dot over an i that every other spelling drops.
	if err != nil || withoutDots(shown) != shown {
		return "", ""
	}
	return shown, ascii
}

// ParseDomain parses the name of a host in the DNS, in Unicode or in punycode,
// and returns it in ASCII: labels of letters, digits and hyphens within the
// DNS's limits of length. ok is false for everything else: empty labels, also
// at the end, and labels that begin or end with a hyphen.
func ParseDomain(text string) (ascii string, ok bool) {
	_, ascii = foldDomain(text)
	return ascii, ascii != ""
}

// withoutDots replaces İ, which Turkish keyboards write in capitals, by i.
// Unlike in the part before the @, a dotless ı is kept: it makes a different
// domain.
func withoutDots(domain string) string {
	domain = strings.ReplaceAll(norm.NFC.String(domain), "İ", "i")
	return strings.ReplaceAll(domain, "i\u0307", "i")
}

// domains returns the strict profile for looking up domains (UTS #46).
func domains() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true),
		idna.BidiRule(), idna.CheckJoiners(true), idna.VerifyDNSLength(true))
}
