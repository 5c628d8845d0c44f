package domain_test

import (
	"encoding/json"
	"testing"

	"portico/internal/domain"
)

// What is kept as JSON takes the constants and nothing else, both ways.
func TestEnumsInJSONAreExact(t *testing.T) {
	for _, bad := range []string{`{"limit":1,"per":"hour"}`, `{"limit":1,"per":"Hour"}`, `{"limit":1,"per":""}`, `{"limit":1,"per":"YEAR"}`} {
		if json.Unmarshal([]byte(bad), &domain.RateLimit{}) == nil || json.Unmarshal([]byte(bad), &domain.Quota{}) == nil {
			t.Errorf("%s was read", bad)
		}
	}
	var types []domain.AuthType
	if json.Unmarshal([]byte(`["api_key"]`), &types) == nil {
		t.Error("an unknown way to present a key was read")
	}
	for _, bad := range []any{domain.RateLimit{Limit: 1, Per: "hour"}, domain.Quota{Limit: 1, Per: "day"}, []domain.AuthType{"basic"}, domain.RateLimit{Limit: 1}} {
		if raw, err := json.Marshal(bad); err == nil {
			t.Errorf("%s was written", raw)
		}
	}
	for _, good := range []any{domain.RateLimit{Limit: 1, Per: domain.PerHour}, domain.Quota{Limit: 1, Per: domain.PerDay}, []domain.AuthType{domain.Basic}} {
		if _, err := json.Marshal(good); err != nil {
			t.Error(err)
		}
	}
}

func TestChangesArePlainText(t *testing.T) {
	for want, v := range map[string]any{
		"ACTIVE": domain.AccountActive, "12": 12, "true": true, "plain \"text\"": "plain \"text\"", `["a"]`: []string{"a"},
		`{"limit":1,"per":"HOUR","burst":2}`: &domain.RateLimit{Limit: 1, Per: domain.PerHour, Burst: 2},
	} {
		if got := domain.Text(v); got == nil || *got != want {
			t.Errorf("%v became %v", v, got)
		}
	}
	if domain.Text(nil) != nil || domain.Text((*domain.Quota)(nil)) != nil {
		t.Error("nothing became something")
	}
}
