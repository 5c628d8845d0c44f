package gqlhttp

import "encoding/json"

// retryAfter returns after how many seconds to send the request again, 0 if that
// would not help or if the request was answered in part. The errors say the same
// in retryAfter; the header is for programs that do not read the body.
func (a *answer) retryAfter() (seconds int) {
	for _, err := range a.errors {
		if after, ok := err.Extensions["retryAfter"].(int); ok {
			seconds = max(seconds, after)
		}
	}
	if seconds == 0 || a.hasValue() {
		return 0
	}
	return seconds
}

// hasValue reports whether a root field has a value.
func (a *answer) hasValue() bool {
	var values map[string]json.RawMessage
	if a.data == nil || json.Unmarshal(a.data, &values) != nil {
		return false
	}
	if a.operation != nil {
		for field := range roots(a.operation.SelectionSet) {
			if field.Name == typename {
				delete(values, field.Alias)
			}
		}
	}
	for _, value := range values {
		if string(value) != "null" {
			return true
		}
	}
	return false
}
