package input

import (
	"fmt"
	"strings"

	"portico/internal/domain"
	"portico/internal/fault"
)

// Sanitize returns a text that can be compared with stored ones. NUL and
// invalid UTF-8, which Postgres refuses and no stored text contains, are
// replaced by U+FFFD, which no stored text contains either.
func Sanitize(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// SearchText returns a text to look for in folded names.
func SearchText(s string) string { return Sanitize(domain.Fold(s)) }

// The bounds of a text that is searched for by an index, in characters. An index of
// three letters in a row finds nothing by fewer.
const (
	minSearch = 3
	maxSearch = 100
)

// HasTrigram reports whether an index of trigrams finds a folded text.
func HasTrigram(folded string) bool {
	return domain.Runes(folded) >= minSearch && !strings.ContainsAny(folded, "\r\n")
}

// CheckSearch requires a text that can be searched for by an index, if there is one:
// 3–100 characters in one line. Other texts are fault.CodeBadUserInput.
func CheckSearch(s *string) error {
	if s == nil {
		return nil
	}
	if !HasTrigram(SearchText(*s)) || domain.Runes(*s) > maxSearch {
		return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, fmt.Sprintf("Search for %d–%d characters in one line.", minSearch, maxSearch))
	}
	return nil
}
