package term_test

import (
	"encoding/json"
	"testing"

	"portico/internal/term"
)

// What is kept as JSON takes the constants and nothing else, both ways.
func TestEnumsInJSONAreExact(t *testing.T) {
	for _, bad := range []string{`{"limit":1,"per":"hour"}`, `{"limit":1,"per":"Hour"}`, `{"limit":1,"per":""}`, `{"limit":1,"per":"YEAR"}`} {
		if json.Unmarshal([]byte(bad), &term.RateLimit{}) == nil || json.Unmarshal([]byte(bad), &term.Quota{}) == nil {
			t.Errorf("%s was read", bad)
		}
	}
	var types []term.AuthType
	if json.Unmarshal([]byte(`["api_key"]`), &types) == nil {
		t.Error("an unknown way to present a key was read")
	}
	for _, bad := range []any{term.RateLimit{Limit: 1, Per: "hour"}, term.Quota{Limit: 1, Per: "day"}, []term.AuthType{"basic"}, term.RateLimit{Limit: 1}} {
		if raw, err := json.Marshal(bad); err == nil {
			t.Errorf("%s was written", raw)
		}
	}
	for _, good := range []any{term.RateLimit{Limit: 1, Per: term.PerHour}, term.Quota{Limit: 1, Per: term.PerDay}, []term.AuthType{term.Basic}} {
		if _, err := json.Marshal(good); err != nil {
			t.Error(err)
		}
	}
}

func TestChangesArePlainText(t *testing.T) {
	for want, v := range map[string]any{
		"ACTIVE": term.AccountActive, "12": 12, "true": true, "plain \"text\"": "plain \"text\"", `["a"]`: []string{"a"},
		`{"limit":1,"per":"HOUR","burst":2}`: &term.RateLimit{Limit: 1, Per: term.PerHour, Burst: 2},
	} {
		if got := term.Text(v); got == nil || *got != want {
			t.Errorf("%v became %v", v, got)
		}
	}
	if term.Text(nil) != nil || term.Text((*term.Quota)(nil)) != nil {
		t.Error("nothing became something")
	}
}
