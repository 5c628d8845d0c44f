package gqlhttp

import (
	"errors"
	"strings"
)

var (
	errDuplicateMember = errors.New("a member is there twice")
	errWrongKind       = errors.New("not what belongs here")
	errTrailing        = errors.New("more than one value")
	errNotJSON         = errors.New("not JSON")
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
	d := decoder{text: body}
	if d.peek() != '{' {
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
		if err := d.colon(); err != nil {
			return err
		}
		return d.member(req, name)
	})
	if err != nil {
		return nil, err
	}
	return req, d.end()
}

func (d *decoder) member(req *request, name string) (err error) {
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
		ignored := decoder{text: d.text, at: d.at, ignore: true}
		_, err = ignored.value()
		d.at = ignored.at
	}
	return err
}

// optionalText decodes a string, or null as "".
func (d *decoder) optionalText() (string, error) {
	switch d.peek() {
	case '"':
		return d.string()
	case 'n':
		return "", d.word("null")
	}
	return "", errWrongKind
}

// optionalObject decodes an object, or null as nil.
func (d *decoder) optionalObject() (map[string]any, error) {
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

// decodeObject decodes exactly one object, or null.
func decodeObject(text []byte) (map[string]any, error) {
	d := decoder{text: text}
	m, err := d.optionalObject()
	if err != nil {
		return nil, err
	}
	return m, d.end()
}
