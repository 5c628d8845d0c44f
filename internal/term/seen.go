package term

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Blank reports whether nothing in s can be seen: it is empty, or made of white
// space, of characters that a font leaves out and of marks that need another
// character to stand on. A name of such alone is no name.
func Blank(s string) bool { return !strings.ContainsFunc(s, seen) }

// seen reports whether a character shows by itself.
func seen(r rune) bool {
	return r != utf8.RuneError && unicode.IsGraphic(r) && !unicode.IsMark(r) && !unicode.Is(unicode.White_Space, r) && !ignorable(r) && !empty(r)
}

// ignorable reports whether Unicode says that a font leaves r out
// (Default_Ignorable_Code_Point). The format characters, which belong to that
// property too, are not graphic ones anyhow.
func ignorable(r rune) bool {
	return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Variation_Selector, r)
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
