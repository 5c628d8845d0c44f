package database

import (
	"testing"
	"time"
)

// The possible duration of the round trip does not count as skew.
func TestSkew(t *testing.T) {
	asked := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	answered := asked.Add(3 * time.Second)
	for by, want := range map[time.Duration]time.Duration{
		0: 0, 3 * time.Second: 0, time.Second: 0, 4 * time.Second: time.Second, -time.Second: -time.Second, time.Hour: time.Hour - 3*time.Second,
	} {
		if got := skew(asked, asked.Add(by), answered); got != want {
			t.Errorf("%v ahead: %v, want %v", by, got, want)
		}
	}
}
