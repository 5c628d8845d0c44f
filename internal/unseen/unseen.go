// Package unseen is the one definition of characters that nobody sees. Names
// and other texts must have something besides them, and none at their ends;
// addresses hold none.
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

// Trim returns s without the white space and the characters of which nothing is
// seen at its beginning and end: texts that differ in them alone look the same.
// What belongs to a visible character before it stays, such as the selector of an
// emoji's picture; so do control characters and those that turn the direction
// of text around, which are no mishap. A text of which nothing is seen is
// returned as it is.
func Trim(s string) string {
	if All(s) {
		return s
	}
	s = strings.TrimLeftFunc(s, surrounds)
	for {
		last, n := utf8.DecodeLastRuneInString(s)
		if !surrounds(last) || belongs(last, s[:len(s)-n]) {
			return s
		}
		s = s[:len(s)-n]
	}
}

// surrounds reports whether Trim removes a character from the ends of a text.
func surrounds(r rune) bool {
	switch {
	case unicode.IsSpace(r), unicode.In(r, unicode.Z):
		return true
	case unicode.Is(unicode.Bidi_Control, r):
		return false
	}
	return ignorable(r) || empty(r) || unicode.Is(unicode.Cf, r)
}

// belongs reports whether r, at the end of a text, is part of the character at
// the end of before: a selector of the picture of a symbol or of a form of an
// ideograph, a joiner behind a sign that it changes, the end of a flag's name.
func belongs(r rune, before string) bool {
	base, _ := utf8.DecodeLastRuneInString(before)
	switch {
	case r == '\u200c', r == '\u200d':
		return unicode.IsMark(base) && !ignorable(base)
	case r == '\U000e007f':
		name := strings.TrimRightFunc(before, func(r rune) bool { return r >= '\U000e0020' && r < '\U000e007f' })
		return strings.HasSuffix(name, "\U0001f3f4") && name != before
	case unicode.Is(unicode.Variation_Selector, r) && !surrounds(base):
		return base >= utf8.RuneSelf && !unicode.IsLetter(base) || unicode.In(base, unicode.Han, unicode.Mongolian, unicode.Phags_Pa, unicode.Myanmar)
	}
	return false
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
