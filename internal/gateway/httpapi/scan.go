package httpapi

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// badInput is what is wrong with a request: which field, and why. Neither contains
// anything that the caller sent, except the name of a field.
type badInput struct{ field, reason string }

// scanner parses a JSON text of objects with known fields. encoding/json takes ten
// times as long for a request. The first mistake stops it: from then on every
// method returns an empty value.
//
// Strings are substrings of the input unless they contain escapes.
type scanner struct {
	text string
	at   int
	bad  *badInput
}

// fail records the first mistake and stops the scanner.
func (s *scanner) fail(field, reason string) {
	if s.bad == nil {
		s.bad = &badInput{field, reason}
	}
	s.at = len(s.text)
}

// next skips white space and returns the byte that follows; 0 at the end.
func (s *scanner) next() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// take skips c if it comes next, and reports whether it did.
func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.at++
	return true
}

const (
	notJSON   = "The body is not well-formed JSON."
	notObject = "The body must be a JSON object."
)

// open begins an object or an array.
func (s *scanner) open(c byte, field, reason string) bool {
	if s.bad == nil && s.take(c) {
		return true
	}
	s.fail(field, reason)
	return false
}

// more reports whether another member follows; closing ends the object or array.
func (s *scanner) more(first bool, closing byte) bool {
	switch {
	case s.bad != nil:
		return false
	case s.take(closing):
		return false
	case !first && !s.take(','):
		s.fail("", notJSON)
		return false
	case s.next() == closing: // a comma, and nothing after it
		s.fail("", notJSON)
		return false
	}
	return true
}

// name parses the name of a member and the colon after it.
func (s *scanner) name() string {
	if s.next() != '"' {
		s.fail("", notJSON)
		return ""
	}
	name := s.quoted("")
	if s.bad == nil && !s.take(':') {
		s.fail("", notJSON)
	}
	return name
}

// end expects nothing but white space.
func (s *scanner) end() {
	if s.next(); s.bad == nil && s.at < len(s.text) {
		s.fail("", notJSON)
	}
}

// null skips a null, and reports whether it did: a null field counts as absent.
func (s *scanner) null() bool {
	if s.next() != 'n' || !strings.HasPrefix(s.text[s.at:], "null") {
		return false
	}
	s.at += len("null")
	return true
}

// string parses a string; null is "".
func (s *scanner) string(field string) string {
	if s.bad != nil || s.null() {
		return ""
	}
	if s.next() != '"' {
		s.fail(field, "must be a string.")
		return ""
	}
	return s.quoted(field)
}

// quoted parses a string whose opening quote comes next.
func (s *scanner) quoted(field string) string {
	s.at++
	start := s.at
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return s.text[start : s.at-1]
		case c == '\\':
			return s.escaped(start, field)
		case c < ' ':
			s.fail("", notJSON)
			return ""
		}
	}
	s.fail("", notJSON)
	return ""
}

// escaped continues at the first escape of a string that began at start.
func (s *scanner) escaped(start int, field string) string {
	out := append([]byte(nil), s.text[start:s.at]...)
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return string(out)
		case c < ' ':
			s.fail("", notJSON)
		case c != '\\':
			out = append(out, c)
		default:
			out = s.escape(out, field)
		}
	}
	s.fail("", notJSON)
	return ""
}

// escape parses what follows a backslash.
func (s *scanner) escape(out []byte, field string) []byte {
	const named, meant = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if s.at >= len(s.text) {
		s.fail("", notJSON)
		return out
	}
	c := s.text[s.at]
	s.at++
	if c == 'u' {
		return s.unicode(out, field)
	}
	i := strings.IndexByte(named, c)
	if i < 0 {
		s.fail("", notJSON)
		return out
	}
	return append(out, meant[i])
}

// unicode parses the digits after \u, and the second half of a surrogate pair.
func (s *scanner) unicode(out []byte, field string) []byte {
	r, ok := s.hex()
	if ok && utf16.IsSurrogate(r) {
		var low rune
		if strings.HasPrefix(s.text[s.at:], `\u`) {
			s.at += 2
			low, ok = s.hex()
		}
		if r = utf16.DecodeRune(r, low); ok && r == utf8.RuneError {
			s.fail(field, "holds half a character.")
			return out
		}
	}
	if !ok {
		s.fail("", notJSON)
		return out
	}
	return utf8.AppendRune(out, r)
}

// hex parses four hexadecimal digits.
func (s *scanner) hex() (rune, bool) {
	if s.at+4 > len(s.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(s.text[s.at:s.at+4], 16, 32)
	if err != nil {
		return 0, false
	}
	s.at += 4
	return rune(n), true
}

// integer parses an integer within bounds; null is 0.
func (s *scanner) integer(field string, least, most int64) int64 {
	if s.bad != nil || s.null() {
		return 0
	}
	s.next()
	start := s.at
	for s.at < len(s.text) && strings.IndexByte("+-.eE0123456789", s.text[s.at]) >= 0 {
		s.at++
	}
	digits := s.text[start:s.at]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < least || n > most || !plainNumber(digits) {
		s.fail(field, "must be a whole number from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10)+".")
		return 0
	}
	return n
}

// plainNumber rejects what Go parses as a number and JSON does not.
func plainNumber(digits string) bool {
	digits = strings.TrimPrefix(digits, "-")
	return digits == "0" || digits != "" && digits[0] != '0' && digits[0] != '+'
}
