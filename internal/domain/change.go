package domain

import "encoding/json"

// Text formats an attribute's value for a Change: strings, numbers, times and
// the like as plain text, lists and objects as JSON. It returns nil for no
// value.
func Text(v any) *string {
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
