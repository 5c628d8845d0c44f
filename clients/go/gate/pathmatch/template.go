// Package pathmatch finds the endpoint that a call is for: it parses path templates
// such as /orders/{id}, normalizes the path of a call to the one form that every
// server reads alike, and finds the template that matches it. A path that servers
// read differently matches no endpoint at all.
package pathmatch

import (
	"fmt"
	"strings"
)

// The limits of a template.
const (
	MaxLength   = 1024 // bytes
	MaxSegments = 32
)

// Template is the path of an endpoint: literal segments, segments that match any one
// segment ({id}), and at the end optionally one that matches all the rest
// ({path...}), which may be empty. It is immutable and comparable. The zero Template
// matches nothing.
type Template struct{ text string }

// Parse parses a template, such as "/orders/{id}" or "/files/{path...}". A literal
// segment consists of letters, digits and - . _ ~; a name in braces of letters,
// digits, - and _, each name once. A trailing slash is significant. The errors are
// written for the author of the template.
func Parse(text string) (Template, error) {
	switch {
	case text == "":
		return Template{}, fmt.Errorf("a path is needed, such as /orders/{id}")
	case len(text) > MaxLength:
		return Template{}, fmt.Errorf("the path is longer than %d bytes", MaxLength)
	case text[0] != '/':
		return Template{}, fmt.Errorf("the path must begin with a slash")
	}
	segments := strings.Split(text[1:], "/")
	if len(segments) > MaxSegments {
		return Template{}, fmt.Errorf("the path has more than %d segments", MaxSegments)
	}
	names := map[string]bool{}
	for i, s := range segments {
		last := i == len(segments)-1
		name, kind := segment(s)
		switch {
		case s == "" && !last:
			return Template{}, fmt.Errorf("the path has two slashes in a row")
		case kind == literal:
			if err := checkLiteral(s); err != nil {
				return Template{}, err
			}
			continue
		case kind == rest && !last:
			return Template{}, fmt.Errorf("%s stands for all the rest and must be the last segment", s)
		case !validName(name):
			return Template{}, fmt.Errorf("a name in braces is made of letters, digits, - and _")
		case names[name]:
			return Template{}, fmt.Errorf("the name %s comes twice", name)
		}
		names[name] = true
	}
	return Template{text: text}, nil
}

// String returns the template as it was written.
func (t Template) String() string { return t.text }

// Shape returns the template with the names in braces left out: /orders/{} for
// /orders/{id}. Templates of one shape match the same paths.
func (t Template) Shape() string {
	segments := strings.Split(t.text, "/")
	for i, s := range segments {
		switch _, kind := segment(s); kind {
		case one:
			segments[i] = "{}"
		case rest:
			segments[i] = "{...}"
		}
	}
	return strings.Join(segments, "/")
}

// Matches reports whether the template matches a path returned by Clean. No template
// matches any other text.
func (t Template) Matches(clean string) bool {
	if t.text == "" || classify(clean) != plain {
		return false
	}
	pattern, path := t.text[1:], clean[1:]
	for {
		want, moreWanted, deeper := strings.Cut(pattern, "/")
		got, moreGot, longer := strings.Cut(path, "/")
		switch _, kind := segment(want); {
		case kind == rest:
			return true
		case kind == one && got == "", kind == literal && want != got:
			return false
		case deeper != longer:
			return false
		case !deeper:
			return true
		}
		pattern, path = moreWanted, moreGot
	}
}

// kind is what a segment of a template matches.
type kind uint8

const (
	literal kind = iota // itself
	one                 // any one segment that is not empty
	rest                // everything that follows
)

// segment returns what one segment of a template matches, and the name in its braces.
func segment(s string) (name string, k kind) {
	if len(s) < 2 || s[0] != '{' || s[len(s)-1] != '}' {
		return "", literal
	}
	name = s[1 : len(s)-1]
	if cut, all := strings.CutSuffix(name, "..."); all {
		return cut, rest
	}
	return name, one
}

func checkLiteral(s string) error {
	if s == "." || s == ".." {
		return fmt.Errorf("the path has the segment %q, which servers resolve", s)
	}
	for _, c := range []byte(s) {
		switch {
		case c == '{' || c == '}':
			return fmt.Errorf("braces must hold a whole segment, such as /{id}/")
		case !unreserved(c):
			return fmt.Errorf("the path may hold letters, digits, - . _ ~ and names in braces only")
		}
	}
	return nil
}

func validName(s string) bool {
	for _, c := range []byte(s) {
		if !unreserved(c) || c == '.' || c == '~' {
			return false
		}
	}
	return s != ""
}

// unreserved reports whether a byte never needs escaping (RFC 3986).
func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}
