// Package jsonbody reads the JSON bodies of all requests that are no GraphQL: objects
// whose fields are known, each at most once. It copies no strings, and says what is wrong in
// words that repeat nothing of the text. It does not know which fields there are.
package jsonbody

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf16"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
)

// Reader reads a JSON text of objects with known fields. The first mistake
// stops it: from then on every method returns an empty value.
//
// Strings are substrings of the text unless they contain escapes.
type Reader struct {
	text    string
	bad     *Mistake
	source  bytes.Buffer // of the text's own bytes
	decoder jsontext.Decoder
}

// NotObject is the reason of a body that is no object.
const NotObject = "The body must be a JSON object."

const notJSON = "The body is not well-formed JSON."

// Mistake returns what is wrong with the text; nil if nothing is so far.
func (r *Reader) Mistake() *Mistake { return r.bad }

// Reset begins a text; nothing of the one before is kept. The text must be UTF-8.
func (r *Reader) Reset(text string) {
	r.text, r.bad = text, nil
	r.source = *bytes.NewBuffer(unsafe.Slice(unsafe.StringData(text), len(text))) // which the decoder only reads
	r.decoder.Reset(&r.source, jsontext.AllowDuplicateNames(true))                // fields.Once refuses them by name
}

// Fail records the first mistake and stops the reader.
func (r *Reader) Fail(field, reason string) {
	if r.bad == nil {
		r.bad = &Mistake{field, reason}
	}
}

// Next returns the kind of what follows; 0 at the end, and where no value may
// follow.
func (r *Reader) Next() jsontext.Kind {
	if r.bad != nil {
		return 0
	}
	return r.decoder.PeekKind()
}

// take skips a token if it comes next, and reports whether it did.
func (r *Reader) take(kind jsontext.Kind) bool {
	if r.Next() != kind {
		return false
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		r.Fail("", notJSON)
		return false
	}
	return true
}

// Open begins an object or an array.
func (r *Reader) Open(kind jsontext.Kind, field, reason string) bool {
	if r.take(kind) {
		return true
	}
	r.Fail(field, reason)
	return false
}

// More reports whether another member follows; closing ends the object or array.
func (r *Reader) More(closing jsontext.Kind) bool {
	switch r.Next() {
	case closing:
		r.take(closing)
		return false
	case 0:
		r.Fail("", notJSON)
		return false
	}
	return true
}

// Name reads the name of a member.
func (r *Reader) Name() string {
	if r.bad != nil {
		return ""
	}
	value, err := r.decoder.ReadValue()
	if err != nil {
		r.Fail("", notJSON)
		return ""
	}
	return r.unquote(value)
}

// End expects nothing but white space.
func (r *Reader) End() {
	if r.bad == nil {
		if _, err := r.decoder.ReadToken(); err != io.EOF { //nolint:errorlint // it is the very one
			r.Fail("", notJSON)
		}
	}
}

// Skip skips a value of any kind. Of objects in it, nothing is checked but that they are
// well-formed.
func (r *Reader) Skip() {
	if r.bad == nil && r.decoder.SkipValue() != nil {
		r.Fail("", notJSON)
	}
}

// Null skips a null, and reports whether it did: a null field counts as absent.
func (r *Reader) Null() bool { return r.Next() == 'n' && r.take('n') }

// Text reads a string; null is "".
func (r *Reader) Text(field string) string {
	if r.Null() || r.bad != nil {
		return ""
	}
	switch r.Next() {
	case '"':
	case 0:
		r.Fail("", notJSON)
		return ""
	default:
		r.Fail(field, "must be a string.")
		return ""
	}
	value, err := r.decoder.ReadValue()
	if err != nil {
		r.failString(field, err)
		return ""
	}
	return r.unquote(value)
}

// failString records why a string is malformed.
func (r *Reader) failString(field string, err error) {
	var mistake *jsontext.SyntacticError
	if errors.As(err, &mistake) && isSurrogate(r.text[mistake.ByteOffset:]) {
		r.Fail(field, "holds half a character.")
		return
	}
	r.Fail("", notJSON)
}

// isSurrogate reports whether a text begins with the escape of half a character.
func isSurrogate(text string) bool {
	if len(text) < len(`\ud800`) || text[:2] != `\u` {
		return false
	}
	n, err := strconv.ParseUint(text[2:6], 16, 16)
	return err == nil && utf16.IsSurrogate(rune(n))
}

// raw returns the value that was read last, as a part of the text.
func (r *Reader) raw(value jsontext.Value) string {
	end := int(r.decoder.InputOffset())
	return r.text[end-len(value) : end]
}

// unquote returns the string that was read last.
func (r *Reader) unquote(value jsontext.Value) string {
	if bytes.IndexByte(value, '\\') < 0 {
		raw := r.raw(value)
		return raw[1 : len(raw)-1]
	}
	out, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		r.Fail("", notJSON)
	}
	return string(out)
}

// Integer reads an integer within bounds; null is 0.
func (r *Reader) Integer(field string, least, most int64) (n int64) {
	if r.Null() || r.bad != nil {
		return 0
	}
	good := false
	if r.Next() == '0' { // the kind of all numbers
		value, err := r.decoder.ReadValue()
		if err == nil {
			n, err = strconv.ParseInt(r.raw(value), 10, 64)
		}
		good = err == nil && n >= least && n <= most
	}
	if !good {
		r.Fail(field, "must be a whole number from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10)+".")
		return 0
	}
	return n
}

// FailIn adds the member of an array to a mistake; array is "" if the text is the array.
func (r *Reader) FailIn(array string, i int) {
	if r.bad == nil || r.bad.Field == "" {
		return
	}
	r.bad.Field = strconv.Itoa(i) + "." + r.bad.Field
	if array != "" {
		r.bad.Field = array + "." + r.bad.Field
	}
}

// FailUnknownField refuses a field. It repeats the name only if it looks like one:
// it could be an API key.
func (r *Reader) FailUnknownField(name string) {
	for i := range len(name) {
		if c := name[i] | 0x20; (c < 'a' || c > 'z') && name[i] != '_' || len(name) > 32 {
			r.Fail("", "A field is not known.")
			return
		}
	}
	r.Fail(name, "is not known.")
}

// Fields records which fields of an object were present; a duplicate is a mistake,
// because two readers might use different ones.
type Fields uint16

// Once records that a field is present, and fails r if it was before.
func (f *Fields) Once(r *Reader, bit int, name string) {
	if *f&(1<<bit) != 0 {
		r.Fail(name, "is there twice.")
	}
	*f |= 1 << bit
}
