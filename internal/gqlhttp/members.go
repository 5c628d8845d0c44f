package gqlhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	errDuplicateMember = errors.New("a member is there twice")
	errWrongKind       = errors.New("not what belongs here")
	errTrailing        = errors.New("more than one value")
)

// memberNamed returns the request member that a name means to a case-insensitive
// reader, "" if a request has no such member.
func memberNamed(name string) string {
	for _, known := range [...]string{"query", "operationName", "variables", "extensions"} {
		if name == known || strings.EqualFold(name, known) {
			return known
		}
	}
	return ""
}

// decodeRequest decodes a request. Member names are those of the specification;
// others are ignored, as it requires. A member that occurs twice, in any case or
// escaping, is an error: two programs that read the request could each use
// another one.
func decodeRequest(body []byte) (*request, error) {
	d := newDecoder(body)
	if d.PeekKind() != jsontext.KindBeginObject {
		return nil, errWrongKind
	}
	req, seen := &request{}, map[string]bool{}
	err := d.members(func(name string) error {
		if known := memberNamed(name); known != "" {
			if seen[known] {
				return errDuplicateMember
			}
			seen[known] = true
		}
		return d.member(req, name)
	})
	if err != nil {
		return nil, duplicate(err)
	}
	return req, d.end()
}

// decodeObject decodes exactly one object, or null.
func decodeObject(text []byte) (map[string]any, error) {
	d := newDecoder(text)
	m, err := d.optionalObject()
	if err != nil {
		return nil, duplicate(err)
	}
	return m, d.end()
}

// duplicate returns errDuplicateMember for the library's error of that.
func duplicate(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return errDuplicateMember
	}
	return err
}

// decoder decodes JSON and keeps numbers as written. It refuses an object that names
// a member twice.
type decoder struct{ *jsontext.Decoder }

// newDecoder returns a decoder that reads from the text itself.
func newDecoder(text []byte) decoder { return decoder{jsontext.NewDecoder(bytes.NewBuffer(text))} }

func (d decoder) member(req *request, name string) (err error) {
	switch name {
	case "query":
		req.Query, err = d.optionalText()
	case "operationName":
		req.OperationName, err = d.optionalText()
	case "variables":
		req.Variables, err = d.optionalObject()
	case "extensions":
		req.Extensions, err = d.optionalObject()
	default:
		err = d.SkipValue()
	}
	return err
}

// end verifies that nothing follows.
func (d decoder) end() error {
	if _, err := d.ReadToken(); err != io.EOF {
		return errTrailing
	}
	return nil
}

// optionalText decodes a string, or null as "".
func (d decoder) optionalText() (string, error) {
	if k := d.PeekKind(); k != jsontext.KindString && k != jsontext.KindNull {
		return "", errWrongKind
	}
	return d.text()
}

// text decodes a string; null is "".
func (d decoder) text() (string, error) {
	t, err := d.ReadToken()
	if err != nil || t.Kind() == jsontext.KindNull {
		return "", err
	}
	return t.String(), nil
}

// optionalObject decodes an object, or null as nil.
func (d decoder) optionalObject() (map[string]any, error) {
	if k := d.PeekKind(); k != jsontext.KindBeginObject && k != jsontext.KindNull {
		return nil, errWrongKind
	}
	v, err := d.value()
	m, _ := v.(map[string]any)
	return m, err
}

// value decodes one value. checkShape has bounded its depth.
func (d decoder) value() (any, error) {
	switch d.PeekKind() {
	case jsontext.KindBeginObject:
		m := map[string]any{}
		return m, d.members(func(name string) (err error) {
			m[name], err = d.value()
			return err
		})
	case jsontext.KindBeginArray:
		return d.elements()
	case jsontext.KindString:
		return d.text()
	case jsontext.KindNumber:
		v, err := d.ReadValue()
		return json.Number(v), err
	}
	t, err := d.ReadToken()
	if err != nil || t.Kind() == jsontext.KindNull {
		return nil, err
	}
	return t.Bool(), nil
}

// members reads an object, and calls value behind each name to read its value.
func (d decoder) members(value func(name string) error) error {
	if _, err := d.ReadToken(); err != nil { // the brace
		return err
	}
	for d.PeekKind() != jsontext.KindEndObject {
		name, err := d.text()
		if err == nil {
			err = value(name)
		}
		if err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

func (d decoder) elements() ([]any, error) {
	if _, err := d.ReadToken(); err != nil { // the bracket
		return nil, err
	}
	list := []any{}
	for d.PeekKind() != jsontext.KindEndArray {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.ReadToken()
	return list, err
}
