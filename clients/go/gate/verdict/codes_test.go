package verdict_test

import (
	"slices"
	"strings"
	"testing"

	. "portico/clients/go/gate/verdict"
)

// published lists the public names in the order of decision, independently of the code.
const published = `UNAVAILABLE MALFORMED NOT_FOUND REVOKED EXPIRED DISABLED ACCOUNT_SUSPENDED WRONG_ENVIRONMENT IP_NOT_ALLOWED NOT_SUBSCRIBED
	WAITING SUSPENDED NOT_IN_ACCESS_LIST AUTH_TYPE_NOT_ALLOWED ENDPOINT_NOT_ALLOWED AMBIGUOUS_APP RATE_LIMITED QUOTA_EXCEEDED VALID`

func TestCodes(t *testing.T) {
	var names []string
	for _, c := range Codes() {
		names = append(names, c.String())
		if back, ok := ParseCode(c.String()); !ok || back != c {
			t.Errorf("%s reads as %s", c, back)
		}
	}
	if want := strings.Fields(published); !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	for _, text := range []string{"", "valid", "VALID ", "UNKNOWN"} {
		if c, ok := ParseCode(text); ok || c != 0 {
			t.Errorf("%q reads as %s", text, c)
		}
	}
}

// Each code has a meaning, a refusal and a remedy, in sentences of its own.
func TestEveryCodeIsDescribed(t *testing.T) {
	seen := map[string]Code{}
	for _, c := range Codes() {
		for _, text := range []string{c.Meaning(), c.Refusal(), c.Remedy()} {
			if text == "" && c == Valid {
				continue
			}
			if len(text) < 8 || !strings.HasSuffix(text, ".") || strings.ToUpper(text[:1]) != text[:1] {
				t.Errorf("%s: %q is not a sentence", c, text)
			}
		}
		if other, twice := seen[c.Meaning()]; twice {
			t.Errorf("%s means the same as %s", c, other)
		}
		seen[c.Meaning()] = c
	}
	for _, c := range []Code{0, Valid + 1, 255} {
		if c.String()+c.Meaning()+c.Refusal()+c.Remedy() != "" {
			t.Errorf("%d is no code and is described", c)
		}
	}
}

// The statuses of HTTP are those that gateways expect.
func TestStatuses(t *testing.T) {
	for _, c := range Codes() {
		want := 403
		switch c {
		case Valid:
			want = 200
		case Malformed, NotFound, Revoked, Expired, Disabled:
			want = 401
		case RateLimited, QuotaExceeded:
			want = 429
		case Unavailable:
			want = 503
		}
		if got := c.Status(); got != want {
			t.Errorf("%s has the status %d, not %d", c, got, want)
		}
	}
	for _, c := range []Code{0, Valid + 1, 255} {
		if got := c.Status(); got != 403 {
			t.Errorf("%d, which is no code, has the status %d", c, got)
		}
	}
}
