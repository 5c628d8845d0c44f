package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What the way there and back may have taken is no skew.
func TestSkew(t *testing.T) {
	asked := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	answered := asked.Add(3 * time.Second)
	for by, want := range map[time.Duration]time.Duration{
		0: 0, 3 * time.Second: 0, time.Second: 0, 4 * time.Second: time.Second, -time.Second: -time.Second, time.Hour: time.Hour - 3*time.Second,
	} {
		require.Equal(t, want, skew(asked, asked.Add(by), answered), by)
	}
}
