package pathmatch

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean returns the path of a request target, which may be in absolute form
// (https://api.example.com/orders?x=1) or begin with its path; the query is
// cut off. What needs no escape is unescaped (%41 is A, %C3%A9 is
// é), other escapes are kept in capitals (%2c is %2C), so that Clean of what it
// gave changes nothing.
//
// ok is false for whatever servers read differently, and who guards a door must
// not guess: segments "." and "..", two slashes in a row, an escaped dot, slash
// or backslash, a backslash, a semicolon (some cut the segment there), a
// fragment (no client sends one, and some servers read on after #), spaces and control characters, bad escapes, escapes within escapes (%252e), text that
// is not UTF-8 or was not (U+FFFD), user names before the host, and what has no path at all.
//
// Nothing is allocated unless something has to be rewritten.
func Clean(target string) (path string, ok bool) {
	path, ok = pathOf(target)
	if !ok {
		return "", false
	}
	seen := look(path)
	if seen == rewritable {
		path = rewrite(path)
		seen = look(path)
	}
	if seen != plain {
		return "", false
	}
	return path, true
}

// pathOf cuts the path out of a request target.
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

// validAuthority reports whether a text may be a host and a port. It knows enough
// to be sure where the path begins.
func validAuthority(s string) bool {
	for _, c := range []byte(s) {
		if !unreserved(c) && c != ':' && c != '[' && c != ']' {
			return false
		}
	}
	return s != ""
}

// appearance is how a path looks.
type appearance uint8

const (
	unclear    appearance = iota // servers read it differently
	rewritable                   // clear, but some escapes are to be written otherwise
	plain                        // as Clean leaves it
)

// look goes over a path once.
func look(path string) appearance {
	if path == "" || path[0] != '/' {
		return unclear
	}
	seen, ascii, start := plain, true, 1
	for i := 1; i < len(path); i++ {
		switch c := path[i]; {
		case c == '/':
			if i == start || dots(path[start:i]) {
				return unclear
			}
			start = i + 1
		case c == '%':
			switch escape(path[i:]) {
			case unclear:
				return unclear
			case rewritable:
				seen = rewritable
			}
			i += 2
		case c >= utf8.RuneSelf:
			ascii = false
		case c <= ' ' || c == 0x7f || c == '\\' || c == ';' || c == '?' || c == '#':
			return unclear
		}
	}
	if dots(path[start:]) || !ascii && !printable(path) {
		return unclear
	}
	return seen
}

func dots(segment string) bool { return segment == "." || segment == ".." }

// printable reports whether a text is UTF-8 without control characters, and was
// so before somebody put U+FFFD in the place of what is not.
func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unprintable) < 0
}

func unprintable(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }

// escape returns how the escape looks with which s begins.
func escape(s string) appearance {
	c, ok := unescape(s)
	switch {
	case !ok, c <= 0x1f, c == 0x7f, c == '.', c == '/', c == '\\', c == ';':
		return unclear
	case c == '%':
		// %252e: who unescapes twice reads a dot.
		if _, nested := unescape("%" + s[3:]); nested {
			return unclear
		}
	case unreserved(c), c >= utf8.RuneSelf:
		return rewritable
	}
	if small(s[2]) { // s[1] is a digit: c is ASCII here
		return rewritable
	}
	return plain
}

// unescape reads the escape with which s begins.
func unescape(s string) (c byte, ok bool) {
	if len(s) < 3 {
		return 0, false
	}
	high, ok1 := digit(s[1])
	low, ok2 := digit(s[2])
	return high<<4 | low, ok1 && ok2
}

func digit(c byte) (value byte, ok bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case small(c):
		return c - 'a' + 10, true
	}
	return 0, false
}

func small(c byte) bool { return c >= 'a' && c <= 'f' }

// rewrite unescapes what needs no escape and writes the other escapes in
// capitals. The path is one that look called rewritable.
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
