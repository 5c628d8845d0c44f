// Package jsontext detects JSON texts that decoders change silently:
// encoding/json substitutes U+FFFD for bytes that are not UTF-8 and for unpaired
// surrogates, so that different texts become equal.
package jsontext

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Exact reports whether decoding a JSON text preserves it: it is UTF-8, and no
// escape is an unpaired surrogate. It does not check that the text is JSON,
// which is left to the decoder.
func Exact(text []byte) bool { return utf8.Valid(text) && wholePairs(text) }

// wholePairs reports whether no escape is an unpaired surrogate. Outside of
// strings JSON has no backslash.
func wholePairs(text []byte) bool {
	for {
		next := bytes.IndexByte(text, '\\')
		if next < 0 {
			return true
		}
		text = text[next:]
		r, escaped := unit(text)
		switch {
		case !escaped:
			text = text[min(2, len(text)):]
			continue
		case utf16.IsSurrogate(r):
			low, _ := unit(text[6:])
			if utf16.DecodeRune(r, low) == utf8.RuneError {
				return false
			}
			text = text[6:]
		}
		text = text[6:]
	}
}

// unit decodes the escape \uXXXX at the start of a text.
func unit(text []byte) (r rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}
