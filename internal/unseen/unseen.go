// Package unseen is the one definition of characters that nobody sees. Names
// and other texts must have something besides them; addresses hold none.
package unseen

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// All reports whether nothing in s can be seen: it is empty, or made of
// characters of which nothing is seen and of marks that need another character
// to stand on. A name of such alone is no name.
func All(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !Rune(r) && !unicode.IsMark(r) })
}

// Rune reports whether nothing is seen of a character, wherever it stands: it is
// white space, controls something, is not assigned, or its picture is empty. A
// mark is seen on the character before it.
func Rune(r rune) bool {
	// Go's tables list what is assigned; everything else is nobody's letter.
	return r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.In(r, unicode.Z, unicode.White_Space) || ignorable(r) || empty(r)
}

// ignorable reports whether Unicode says that a font leaves r out
// (Default_Ignorable_Code_Point). The format characters, which belong to that
// property too, are not graphic ones anyhow.
func ignorable(r rune) bool {
	return r == '\u034f' || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// empty reports whether a character is a symbol by Unicode's properties whose
// picture is nonetheless empty, or stands for something that is not there.
func empty(r rune) bool {
	switch r {
	case '\u2800', // the braille pattern without a dot
		'\U0001d159', // the musical note without a head
		'\ufffc':     // in the place of an object
		return true
	}
	return false
}
