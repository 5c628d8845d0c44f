package address

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// foldDomain returns a domain in Unicode and in ASCII, or "" for what is none.
// Both spellings come out of the same look-up form, so they cannot differ.
func foldDomain(domain string) (shown, ascii string) {
	domain = withoutDots(domain)
	ascii, err := domains().ToASCII(domain)
	if err != nil || ascii == "" || strings.HasSuffix(ascii, ".") {
		return "", ""
	}
	shown, err = domains().ToUnicode(ascii)
	// Punycode can spell the dot over an i that every other spelling drops.
	if err != nil || withoutDots(shown) != shown {
		return "", ""
	}
	return shown, ascii
}

// ParseDomain reads the name of a host in the DNS, in Unicode or in punycode,
// and returns it in ASCII: labels of letters, digits and hyphens that are no
// longer than the DNS carries. ok is false for everything else: empty labels,
// also at the end, and hyphens at either end of one.
func ParseDomain(text string) (ascii string, ok bool) {
	_, ascii = foldDomain(text)
	return ascii, ascii != ""
}

// withoutDots makes an i of a dotted one, which Turkish keyboards write in
// capitals. Other than in the part before the @, a dotless ı stays: domains
// with one are other domains.
func withoutDots(domain string) string {
	domain = strings.ReplaceAll(norm.NFC.String(domain), "İ", "i")
	return strings.ReplaceAll(domain, "i\u0307", "i")
}

// domains is the form in which domains are looked up (UTS #46), strictly.
func domains() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true),
		idna.BidiRule(), idna.CheckJoiners(true), idna.VerifyDNSLength(true))
}
