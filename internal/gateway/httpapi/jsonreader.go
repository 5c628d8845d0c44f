package httpapi

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf16"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonReader reads a JSON text of objects with known fields. The first mistake
// stops it: from then on every method returns an empty value.
//
// Strings are substrings of the text unless they contain escapes.
type jsonReader struct {
	text    string
	bad     *badInput
	source  bytes.Buffer // of the text's own bytes
	decoder jsontext.Decoder
}

const (
	notJSON   = "The body is not well-formed JSON."
	notObject = "The body must be a JSON object."
)

// reset begins a text; nothing of the one before is kept. The text must be UTF-8.
func (r *jsonReader) reset(text string) {
	r.text, r.bad = text, nil
	r.source = *bytes.NewBuffer(unsafe.Slice(unsafe.StringData(text), len(text))) // which the decoder only reads
	r.decoder.Reset(&r.source, jsontext.AllowDuplicateNames(true))                // fields.once refuses them by name
}

// fail records the first mistake and stops the reader.
func (r *jsonReader) fail(field, reason string) {
	if r.bad == nil {
		r.bad = &badInput{field, reason}
	}
}

// next returns the kind of what follows; 0 at the end, and where no value may
// follow.
func (r *jsonReader) next() jsontext.Kind {
	if r.bad != nil {
		return 0
	}
	return r.decoder.PeekKind()
}

// take skips a token if it comes next, and reports whether it did.
func (r *jsonReader) take(kind jsontext.Kind) bool {
	if r.next() != kind {
		return false
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		r.fail("", notJSON)
		return false
	}
	return true
}

// open begins an object or an array.
func (r *jsonReader) open(kind jsontext.Kind, field, reason string) bool {
	if r.take(kind) {
		return true
	}
	r.fail(field, reason)
	return false
}

// more reports whether another member follows; closing ends the object or array.
func (r *jsonReader) more(closing jsontext.Kind) bool {
	switch r.next() {
	case closing:
		r.take(closing)
		return false
	case 0:
		r.fail("", notJSON)
		return false
	}
	return true
}

// name reads the name of a member.
func (r *jsonReader) name() string {
	if r.bad != nil {
		return ""
	}
	value, err := r.decoder.ReadValue()
	if err != nil {
		r.fail("", notJSON)
		return ""
	}
	return r.unquote(value)
}

// end expects nothing but white space.
func (r *jsonReader) end() {
	if r.bad == nil {
		if _, err := r.decoder.ReadToken(); err != io.EOF { //nolint:errorlint // it is the very one
			r.fail("", notJSON)
		}
	}
}

// null skips a null, and reports whether it did: a null field counts as absent.
func (r *jsonReader) null() bool { return r.next() == 'n' && r.take('n') }

// string reads a string; null is "".
func (r *jsonReader) string(field string) string {
	if r.null() || r.bad != nil {
		return ""
	}
	switch r.next() {
	case '"':
	case 0:
		r.fail("", notJSON)
		return ""
	default:
		r.fail(field, "must be a string.")
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
func (r *jsonReader) failString(field string, err error) {
	var mistake *jsontext.SyntacticError
	if errors.As(err, &mistake) && isSurrogate(r.text[mistake.ByteOffset:]) {
		r.fail(field, "holds half a character.")
		return
	}
	r.fail("", notJSON)
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
func (r *jsonReader) raw(value jsontext.Value) string {
	end := int(r.decoder.InputOffset())
	return r.text[end-len(value) : end]
}

// unquote returns the string that was read last.
func (r *jsonReader) unquote(value jsontext.Value) string {
	if bytes.IndexByte(value, '\\') < 0 {
		raw := r.raw(value)
		return raw[1 : len(raw)-1]
	}
	out, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		r.fail("", notJSON)
	}
	return string(out)
}

// integer reads an integer within bounds; null is 0.
func (r *jsonReader) integer(field string, least, most int64) (n int64) {
	if r.null() || r.bad != nil {
		return 0
	}
	good := false
	if r.next() == '0' { // the kind of all numbers
		value, err := r.decoder.ReadValue()
		if err == nil {
			n, err = strconv.ParseInt(r.raw(value), 10, 64)
		}
		good = err == nil && n >= least && n <= most
	}
	if !good {
		r.fail(field, "must be a whole number from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10)+".")
		return 0
	}
	return n
}

// failIn adds the member of an array to a mistake.
func (r *jsonReader) failIn(array string, i int) {
	if r.bad != nil && r.bad.field != "" {
		r.bad.field = array + "." + strconv.Itoa(i) + "." + r.bad.field
	}
}

// failUnknownField refuses a field. It repeats the name only if it looks like one:
// it could be an API key.
func (r *jsonReader) failUnknownField(name string) {
	for i := range len(name) {
		if c := name[i] | 0x20; (c < 'a' || c > 'z') && name[i] != '_' || len(name) > 32 {
			r.fail("", "A field is not known.")
			return
		}
	}
	r.fail(name, "is not known.")
}

// fields records which fields of an object were present; a duplicate is a mistake,
// because two readers might use different ones.
type fields uint16

func (f *fields) once(r *jsonReader, bit int, name string) {
	if *f&(1<<bit) != 0 {
		r.fail(name, "is there twice.")
	}
	*f |= 1 << bit
}
