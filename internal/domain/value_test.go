package domain_test

import (
	"testing"

	"portico/internal/domain"
)

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
