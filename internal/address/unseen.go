package address

import "unicode"

// blank reports whether a character around an address is to be left out: white
// space of every kind, and what nobody sees.
func blank(r rune) bool {
	return unicode.IsSpace(r) || unseen(r) && !unicode.IsControl(r) && r != unicode.ReplacementChar
}

// unseen reports whether a character has no place inside an address, because it
// controls, separates, is not assigned, or cannot be seen.
func unseen(r rune) bool {
	switch {
	case unicode.In(r, unicode.C, unicode.Z, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return true
	case r == '\u034f', r == '\u2800', r == unicode.ReplacementChar:
		return true
	}
	// Go's tables list what is assigned; everything else is nobody's letter.
	return !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S)
}
