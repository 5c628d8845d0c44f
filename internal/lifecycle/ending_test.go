package lifecycle_test

import (
	"testing"
	"time"

	"portico/internal/lifecycle"
)

func TestEndingNotice(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for left, want := range map[time.Duration][2]int{
		91 * day: {0, 91}, 90*day + time.Second: {0, 91}, 90 * day: {90, 90}, 31 * day: {90, 31}, 30 * day: {30, 30}, 8 * day: {30, 8},
		7 * day: {7, 7}, day + time.Second: {7, 2}, day: {1, 1}, time.Second: {1, 1}, 0: {0, 0},
	} {
		end := now.Add(left)
		got := lifecycle.EndingNotice(now, &end)
		if (got == nil) != (want[0] == 0) || got != nil && *got != want[0] {
			t.Errorf("%v before the retirement the notice is %v, want %d", left, got, want[0])
		}
		if days := lifecycle.DaysLeft(now, end); days != want[1] {
			t.Errorf("%v before the retirement %d days are left, want %d", left, days, want[1])
		}
	}
	if lifecycle.EndingNotice(now, nil) != nil {
		t.Error("a product that is never retired has a notice")
	}
}
