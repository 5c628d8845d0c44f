// Package jsontext looks at texts of JSON for what decoders change without a
// word: encoding/json puts U+FFFD in the place of bytes that are not UTF-8 and
// of halves of surrogate pairs, so that different texts become the same one.
package jsontext

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Exact reports whether a text of JSON means what a decoder makes of it: it is
// UTF-8, and no escape is half of a surrogate pair. What is no JSON is left to
// the decoder.
func Exact(text []byte) bool { return utf8.Valid(text) && wholePairs(text) }

// wholePairs looks at the escapes. Outside of strings JSON has no backslash.
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

// unit reads the escape \uXXXX with which a text begins.
func unit(text []byte) (r rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}
