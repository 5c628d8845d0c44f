package domain_test

import (
	"testing"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
)

func TestChangesArePlainText(t *testing.T) {
	for want, v := range map[string]any{
		"ACTIVE": access.AccountActive, "12": 12, "true": true, "plain \"text\"": "plain \"text\"", `["a"]`: []string{"a"},
		`{"limit":1,"per":"HOUR","burst":2}`: &access.RateLimit{Limit: 1, Per: access.PerHour, Burst: 2},
	} {
		if got := domain.Text(v); got == nil || *got != want {
			t.Errorf("%v became %v", v, got)
		}
	}
	if domain.Text(nil) != nil || domain.Text((*access.Quota)(nil)) != nil {
		t.Error("nothing became something")
	}
}
