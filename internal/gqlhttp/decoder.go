package gqlhttp

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// decoder decodes JSON as strictly as encoding/json, and keeps numbers as written.
// It refuses objects that name a member twice, which encoding/json does only at
// three times the cost. The text is UTF-8, and its depth has been bounded.
type decoder struct {
	text []byte
	at   int
	// ignore is set for a value that is not used: its members may occur twice.
	ignore bool
}

// peek skips white space and returns the byte that follows, 0 at the end.
func (d *decoder) peek() byte {
	for ; d.at < len(d.text); d.at++ {
		switch c := d.text[d.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take reads c, and reports whether it follows.
func (d *decoder) take(c byte) bool {
	if d.peek() != c {
		return false
	}
	d.at++
	return true
}

func (d *decoder) colon() error {
	if !d.take(':') {
		return errNotJSON
	}
	return nil
}

// end verifies that nothing follows.
func (d *decoder) end() error {
	if d.peek(); d.at < len(d.text) {
		return errTrailing
	}
	return nil
}

// value decodes one value.
func (d *decoder) value() (any, error) {
	switch c := d.peek(); c {
	case '{':
		return d.object()
	case '[':
		return d.list()
	case '"':
		return d.string()
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	case 'n':
		return nil, d.word("null")
	default:
		return d.number()
	}
}

func (d *decoder) word(w string) error {
	if !bytes.HasPrefix(d.text[d.at:], []byte(w)) {
		return errNotJSON
	}
	d.at += len(w)
	return nil
}

func (d *decoder) object() (map[string]any, error) {
	m := map[string]any{}
	err := d.members(func(name string) error {
		if _, twice := m[name]; twice && !d.ignore {
			return errDuplicateMember
		}
		err := d.colon()
		if err == nil {
			m[name], err = d.value()
		}
		return err
	})
	return m, err
}

// members reads an object: its names, after each of which it calls value to read
// the colon and the value.
func (d *decoder) members(value func(name string) error) error {
	d.at++ // the brace
	if d.take('}') {
		return nil
	}
	for {
		if d.peek() != '"' {
			return errNotJSON
		}
		name, err := d.string()
		if err == nil {
			err = value(name)
		}
		if err != nil || d.take('}') {
			return err
		}
		if !d.take(',') {
			return errNotJSON
		}
	}
}

func (d *decoder) list() ([]any, error) {
	d.at++ // the bracket
	list := []any{}
	if d.take(']') {
		return list, nil
	}
	for {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		if list = append(list, v); d.take(']') {
			return list, nil
		}
		if !d.take(',') {
			return nil, errNotJSON
		}
	}
}

// number decodes a number.
func (d *decoder) number() (json.Number, error) {
	start := d.at
	d.skip("-")
	if d.skip("0") == 0 && d.digits() == 0 {
		return "", errNotJSON
	}
	if d.skip(".") > 0 && d.digits() == 0 {
		return "", errNotJSON
	}
	if d.skip("eE") > 0 {
		if d.skip("+-"); d.digits() == 0 {
			return "", errNotJSON
		}
	}
	return json.Number(d.text[start:d.at]), nil
}

// skip reads one of the characters, and returns how many it has read.
func (d *decoder) skip(any string) int {
	if d.at == len(d.text) || bytes.IndexByte([]byte(any), d.text[d.at]) < 0 {
		return 0
	}
	d.at++
	return 1
}

// digits reads digits, and returns how many.
func (d *decoder) digits() int {
	start := d.at
	for d.at < len(d.text) && '0' <= d.text[d.at] && d.text[d.at] <= '9' {
		d.at++
	}
	return d.at - start
}

// string decodes a string.
func (d *decoder) string() (string, error) {
	d.at++ // the quote
	start := d.at
	for ; d.at < len(d.text); d.at++ {
		switch c := d.text[d.at]; {
		case c == '"':
			d.at++
			return string(d.text[start : d.at-1]), nil
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return "", errNotJSON
		}
	}
	return "", errNotJSON
}

// escaped decodes a string that began at start, from its first escape.
func (d *decoder) escaped(start int) (string, error) {
	out := make([]byte, 0, d.at-start+bytes.IndexByte(d.text[d.at:], '"')+1)
	out = append(out, d.text[start:d.at]...)
	for d.at < len(d.text) {
		c := d.text[d.at]
		d.at++
		switch {
		case c == '"':
			return string(out), nil
		case c < ' ':
			return "", errNotJSON
		case c != '\\':
			out = append(out, c)
		default:
			r := d.escape()
			if r < 0 {
				return "", errNotJSON
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return "", errNotJSON
}

// escape decodes what follows a backslash; it returns -1 if that is no escape.
func (d *decoder) escape() rune {
	if d.at == len(d.text) {
		return -1
	}
	c := d.text[d.at]
	d.at++
	switch c {
	case '"', '\\', '/':
		return rune(c)
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'u':
		r := d.unit()
		if !utf16.IsSurrogate(r) {
			return r
		}
		// The other half follows, which jsontext.Exact has verified.
		d.at += len(`\u`)
		return utf16.DecodeRune(r, d.unit())
	}
	return -1
}

// unit decodes four hexadecimal digits; it returns -1 if they are none.
func (d *decoder) unit() rune {
	const digits = 4
	if d.at > len(d.text)-digits {
		return -1
	}
	n, err := strconv.ParseUint(string(d.text[d.at:d.at+digits]), 16, 16)
	if err != nil {
		return -1
	}
	d.at += digits
	return rune(n)
}
