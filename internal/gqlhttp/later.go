package gqlhttp

import "encoding/json"

// later returns in how many seconds to send a request again, 0 where that would
// not help or where it was answered in part. Its errors say so in retryAfter, for
// programs that read the answer; the header is for those that do not.
func (a *answer) later() (seconds int) {
	for _, err := range a.errors {
		if after, ok := err.Extensions["retryAfter"].(int); ok {
			seconds = max(seconds, after)
		}
	}
	if seconds == 0 || a.answered() {
		return 0
	}
	return seconds
}

// answered reports whether a field at the root has a value.
func (a *answer) answered() bool {
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
