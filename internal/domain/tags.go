package domain

import (
	"unicode"
	"unicode/utf8"
)

const (
	// MaxTags is how many tags an object may have.
	MaxTags = 20
	// MaxTag is how long a tag may be, in characters.
	MaxTag = 30
)

// IsTag reports whether a folded text is a tag: 1–30 letters, digits and hyphens.
func IsTag(folded string) bool {
	for _, r := range folded {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '-' {
			return false
		}
	}
	n := utf8.RuneCountInString(folded)
	return n > 0 && n <= MaxTag
}
