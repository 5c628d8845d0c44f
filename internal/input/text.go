package input

import (
	"strings"

	"portico/internal/domain"
)

// Sanitize returns a text that can be compared with stored ones. NUL and
// invalid UTF-8, which Postgres refuses and no stored text contains, are
// replaced by U+FFFD, which no stored text contains either.
func Sanitize(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// SearchText returns a text to look for in folded names.
func SearchText(s string) string { return Sanitize(domain.Fold(s)) }
