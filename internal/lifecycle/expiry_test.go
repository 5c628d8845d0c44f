package lifecycle_test

import (
	"testing"
	"time"

	"portico/internal/lifecycle"
)

func TestExpiryNotice(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for left, want := range map[time.Duration]int{
		31 * day: 0, 30*day + time.Second: 0, 30 * day: 30, 15 * day: 30, 14 * day: 14, 8 * day: 14, 7 * day: 7, 2 * day: 7,
		day: 1, time.Second: 1, 0: 0, -day: 0,
	} {
		end := now.Add(left)
		got := lifecycle.ExpiryNotice(now, &end)
		if (got == nil) != (want == 0) || got != nil && *got != want {
			t.Errorf("%v before the expiry the notice is %v, want %d", left, got, want)
		}
	}
	if lifecycle.ExpiryNotice(now, nil) != nil {
		t.Error("a key that never expires has a notice")
	}
}
