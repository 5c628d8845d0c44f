package access_test

import (
	"encoding/json"
	"testing"

	"portico/clients/go/gate/access"
)

// What is kept as JSON takes the constants and nothing else, both ways.
func TestEnumsInJSONAreExact(t *testing.T) {
	for _, bad := range []string{`{"limit":1,"per":"hour"}`, `{"limit":1,"per":"Hour"}`, `{"limit":1,"per":""}`, `{"limit":1,"per":"YEAR"}`} {
		if json.Unmarshal([]byte(bad), &access.RateLimit{}) == nil || json.Unmarshal([]byte(bad), &access.Quota{}) == nil {
			t.Errorf("%s was read", bad)
		}
	}
	var types []access.AuthType
	if json.Unmarshal([]byte(`["api_key"]`), &types) == nil {
		t.Error("an unknown way to present a key was read")
	}
	for _, bad := range []any{access.RateLimit{Limit: 1, Per: "hour"}, access.Quota{Limit: 1, Per: "day"}, []access.AuthType{"basic"}, access.RateLimit{Limit: 1}} {
		if raw, err := json.Marshal(bad); err == nil {
			t.Errorf("%s was written", raw)
		}
	}
	for _, good := range []any{access.RateLimit{Limit: 1, Per: access.PerHour}, access.Quota{Limit: 1, Per: access.PerDay}, []access.AuthType{access.Basic}} {
		if _, err := json.Marshal(good); err != nil {
			t.Error(err)
		}
	}
}
