package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
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
