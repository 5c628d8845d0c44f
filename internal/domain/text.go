package domain

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"portico/internal/unseen"
)

// Fold returns s in the form in which names are searched and ordered:
// compatibility-composed, case-folded, and with the four Turkish i's mapped to
// one, so that "İSTANBUL", "istanbul" and "ISTANBUL" match each other.
func Fold(s string) string {
	// Lower case last: cases.Fold swaps the case of Cherokee letters, small to
	// capital and capital to small.
	s = strings.ToLower(cases.Fold().String(norm.NFKC.String(s)))
	s = strings.ReplaceAll(s, "ı", "i")
	return norm.NFC.String(strings.ReplaceAll(s, "i\u0307", "i"))
}

// Tidy returns s in the form in which texts are stored and compared: composed
// (NFC), and without white space and unseen characters around it. It returns
// what is not UTF-8, and what holds nothing visible, as it is, to be refused.
func Tidy(s string) string {
	if !utf8.ValidString(s) {
		return s
	}
	return unseen.Trim(norm.NFC.String(s))
}

// NormalDecimal returns a decimal number, such as "007.5", in the one form that
// it has with so many digits behind the point at least: "7.50" for 2 digits.
// Further ones stay unless they are zeros at the end.
func NormalDecimal(s string, digits int) string {
	whole, fraction, _ := strings.Cut(s, ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole == "" {
		whole = "0"
	}
	fraction += strings.Repeat("0", max(digits-len(fraction), 0))
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// Runes returns the number of characters of s.
func Runes(s string) int { return utf8.RuneCountInString(s) }

// Printable reports whether s is valid UTF-8 without control characters and
// without the invisible ones that change the direction of text. A multiline
// text may contain line breaks and tabs.
func Printable(s string, multiline bool) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if multiline && (r == '\n' || r == '\r' || r == '\t') {
			continue
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' {
			return false
		}
	}
	return true
}

// IsSlug reports whether s is a name that may appear in URLs: 1–63 small letters, digits
// and hyphens, with no hyphen at either end.
func IsSlug(s string) bool { return slugs.MatchString(s) }

var slugs = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
