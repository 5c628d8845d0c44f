package pathmatch

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean returns the path of a request target, which may be in absolute form
// (https://api.example.com/orders?x=1) or begin with its path; the query is
// removed. Characters that need no escape are unescaped (%41 is A, %C3%A9 is é),
// other escapes are kept in upper case (%2c is %2C). Clean is idempotent: it does not
// change its own results.
//
// ok is false for targets that servers read differently, about which a gateway must
// not guess: segments "." and "..", two slashes in a row, an escaped dot, slash or
// backslash, a backslash, a semicolon (some servers cut the segment there), a
// fragment (no client sends one, and some servers read on after #), spaces and
// control characters, invalid escapes, escapes within escapes (%252e), text that is
// not UTF-8 or was not (U+FFFD), user names before the host, and targets without a
// path.
//
// Clean allocates only if it has to rewrite the path.
func Clean(target string) (path string, ok bool) {
	path, ok = pathOf(target)
	if !ok {
		return "", false
	}
	seen := classify(path)
	if seen == rewritable {
		path = rewrite(path)
		seen = classify(path)
	}
	if seen != plain {
		return "", false
	}
	return path, true
}

// pathOf returns the path of a request target, unchanged.
func pathOf(target string) (path string, ok bool) {
	target, _, _ = strings.Cut(target, "?")
	if target == "" {
		return "", false
	}
	if target[0] == '/' {
		return target, true
	}
	scheme, after, found := strings.Cut(target, "://")
	if !found || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", false
	}
	end := strings.IndexByte(after, '/')
	if end < 0 {
		end = len(after)
	}
	if !validAuthority(after[:end]) {
		return "", false
	}
	if end == len(after) {
		return "/", true
	}
	return after[end:], true
}

// validAuthority reports whether a text may be a host and a port. It checks only as
// much as is needed to be sure where the path begins.
func validAuthority(s string) bool {
	for _, c := range []byte(s) {
		if !unreserved(c) && c != ':' && c != '[' && c != ']' {
			return false
		}
	}
	return s != ""
}

// appearance classifies a path or an escape.
type appearance uint8

const (
	ambiguous  appearance = iota // servers read it differently
	rewritable                   // unambiguous, but some escapes have to be rewritten
	plain                        // in the form that Clean returns
)

// classify returns the appearance of a path, in one pass.
func classify(path string) appearance {
	if path == "" || path[0] != '/' {
		return ambiguous
	}
	seen, ascii, start := plain, true, 1
	for i := 1; i < len(path); i++ {
		switch c := path[i]; {
		case c == '/':
			if i == start || isDotSegment(path[start:i]) {
				return ambiguous
			}
			start = i + 1
		case c == '%':
			switch classifyEscape(path[i:]) {
			case ambiguous:
				return ambiguous
			case rewritable:
				seen = rewritable
			}
			i += 2
		case c >= utf8.RuneSelf:
			ascii = false
		case c <= ' ' || c == 0x7f || c == '\\' || c == ';' || c == '?' || c == '#':
			return ambiguous
		}
	}
	if isDotSegment(path[start:]) || !ascii && !printable(path) {
		return ambiguous
	}
	return seen
}

func isDotSegment(segment string) bool { return segment == "." || segment == ".." }

// printable reports whether a text is UTF-8 without control characters. A text with
// U+FFFD is not, as that may have replaced invalid bytes.
func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unprintable) < 0
}

func unprintable(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }

// classifyEscape returns the appearance of the escape at the beginning of s.
func classifyEscape(s string) appearance {
	c, ok := unescape(s)
	switch {
	case !ok, c <= 0x1f, c == 0x7f, c == '.', c == '/', c == '\\', c == ';':
		return ambiguous
	case c == '%':
		// %252e: a server that unescapes twice reads a dot.
		if _, nested := unescape("%" + s[3:]); nested {
			return ambiguous
		}
	case unreserved(c), c >= utf8.RuneSelf:
		return rewritable
	}
	if isLowerHex(s[2]) { // s[1] is a digit: c is ASCII here
		return rewritable
	}
	return plain
}

// unescape decodes the escape at the beginning of s.
func unescape(s string) (c byte, ok bool) {
	if len(s) < 3 {
		return 0, false
	}
	high, ok1 := hexDigit(s[1])
	low, ok2 := hexDigit(s[2])
	return high<<4 | low, ok1 && ok2
}

func hexDigit(c byte) (value byte, ok bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case isLowerHex(c):
		return c - 'a' + 10, true
	}
	return 0, false
}

func isLowerHex(c byte) bool { return c >= 'a' && c <= 'f' }

// rewrite unescapes what needs no escape and writes the other escapes in upper case.
// The appearance of the path must be rewritable.
func rewrite(path string) string {
	var b strings.Builder
	b.Grow(len(path))
	for i := 0; i < len(path); i++ {
		if path[i] != '%' {
			b.WriteByte(path[i])
			continue
		}
		if c, _ := unescape(path[i:]); unreserved(c) || c >= utf8.RuneSelf {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteString(strings.ToUpper(path[i+1 : i+3]))
		}
		i += 2
	}
	return b.String()
}
