package smtp

import (
	"strings"
	"unicode/utf8"
)

const (
	// longestWord is how long an encoded word may be (RFC 2047, 2).
	longestWord = 75
	// The library folds a header of 76 characters before a word that does not fit with a
	// space and two characters to spare, the first one too.
	longestLine, spare = 76, 4
	begin, end         = "=?UTF-8?q?", "?="
)

// encode returns a text as the value of a header of this name: as it is, or as encoded words
// of which the first follows on the header's own line. Left to the library, the first word
// may be as long as any, and the header begins with a line without a text, which mail
// programs and filters take amiss. Package mime cannot help: it leaves a first part that
// happens to be ASCII as it is, and programs show the space before the next word then.
func encode(header, text string) string {
	first := longestLine - len(header) - len(": ") - spare
	if isPlain(text, first) {
		return text
	}
	var b strings.Builder
	b.WriteString(begin)
	room := min(first, longestWord) - len(begin) - len(end)
	for _, r := range text {
		c := encodeRune(r)
		if len(c) > room {
			b.WriteString(end + " " + begin)
			room = longestWord - len(begin) - len(end)
		}
		b.WriteString(c)
		room -= len(c)
	}
	b.WriteString(end)
	return b.String()
}

// isPlain reports whether a header carries a text without encoding: printable ASCII that
// nobody takes for an encoded word, and whose first word is not longer than this.
func isPlain(text string, first int) bool {
	word, _, _ := strings.Cut(text, " ")
	return len(word) <= first && !strings.Contains(text, "=?") &&
		strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// encodeRune returns a character by the encoding Q. None is divided between two words
// (RFC 2047, 5), and all but letters and digits are written as numbers.
func encodeRune(r rune) string {
	switch {
	case r == ' ':
		return "_"
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return string(r)
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range utf8.AppendRune(nil, r) {
		b.WriteByte('=')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&0xf])
	}
	return b.String()
}
