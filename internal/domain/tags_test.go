package domain_test

import (
	"strings"
	"testing"

	"portico/internal/domain"
)

func TestIsTag(t *testing.T) {
	for text, want := range map[string]bool{
		"weather": true, "open-data": true, "5g": true, "hava-durumu": true, "天気": true, strings.Repeat("ü", 30): true,
		"": false, strings.Repeat("a", 31): false, "two words": false, "a,b": false, "<b>": false, "a\u200bb": false, "a\n": false, "#tag": false,
	} {
		if got := domain.IsTag(domain.Fold(text)); got != want {
			t.Errorf("%q is a tag: %v", text, got)
		}
	}
}
