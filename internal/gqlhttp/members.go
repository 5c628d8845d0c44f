package gqlhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
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
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.Join(err, errWrongKind)
	}
	req, seen := &request{}, map[string]bool{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		text, _ := name.(string)
		if known := memberNamed(text); known != "" {
			if seen[known] {
				return nil, errDuplicateMember
			}
			seen[known] = true
		}
		if err := d.member(req, text); err != nil {
			return nil, err
		}
	}
	return req, d.end()
}

// decoder decodes JSON and keeps numbers as written.
type decoder struct{ *json.Decoder }

func newDecoder(text []byte) decoder {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return decoder{d}
}

func (d decoder) member(req *request, name string) (err error) {
	switch name {
	case "query":
		return d.Decode(&req.Query)
	case "operationName":
		return d.Decode(&req.OperationName)
	case "variables":
		req.Variables, err = d.object()
		return err
	case "extensions":
		req.Extensions, err = d.object()
		return err
	}
	var ignored json.RawMessage
	return d.Decode(&ignored)
}

// end reads the closing brace and verifies that nothing follows.
func (d decoder) end() error {
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errTrailing
	}
	return nil
}

// decodeObject decodes exactly one object, or null.
func decodeObject(text []byte) (map[string]any, error) {
	d := newDecoder(text)
	m, err := d.object()
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errTrailing
	}
	return m, nil
}

func (d decoder) object() (map[string]any, error) {
	v, err := d.value()
	if err != nil || v == nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errWrongKind
	}
	return m, nil
}

// value decodes one value. checkShape has bounded its depth.
func (d decoder) value() (any, error) {
	token, err := d.Token()
	switch {
	case err != nil:
		return nil, err
	case token == json.Delim('{'):
		return d.members()
	case token == json.Delim('['):
		return d.elements()
	}
	return token, nil
}

func (d decoder) members() (map[string]any, error) {
	m := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if _, twice := m[name]; twice {
			return nil, errDuplicateMember
		}
		if m[name], err = d.value(); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return m, err
}

func (d decoder) elements() ([]any, error) {
	list := []any{}
	for d.More() {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}
