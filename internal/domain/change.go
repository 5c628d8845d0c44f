package domain

import (
	"encoding"
	"encoding/json"
	"reflect"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Text formats an attribute's value for a Change: strings, numbers, times and
// the like as plain text, lists and objects as JSON. It returns nil for no
// value.
func Text(v any) *string {
	if text, ok := plainText(v); ok {
		return text
	}
	raw, err := json.Marshal(v)
	if err != nil || string(raw) == "null" {
		return nil
	}
	var plain string
	if json.Unmarshal(raw, &plain) != nil {
		plain = string(raw)
	}
	return &plain
}

// plainText is Text for the values of most attributes, which need no JSON: no value,
// ids, and texts whose type does not format itself. ok is false for others.
func plainText(v any) (text *string, ok bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case uuid.UUID:
		return new(v.String()), true
	case json.Marshaler, encoding.TextMarshaler:
		r := reflect.ValueOf(v)
		return nil, r.Kind() == reflect.Pointer && r.IsNil()
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.String:
		return new(r.String()), utf8.ValidString(r.String())
	case reflect.Pointer, reflect.Slice:
		return nil, r.IsNil()
	}
	return nil, false
}
