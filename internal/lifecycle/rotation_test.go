package lifecycle_test

import (
	"testing"
	"time"

	. "portico/internal/lifecycle"
)

func TestStillUsedFrom(t *testing.T) {
	rotated := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct{ overlap, last time.Duration }{
		{5 * time.Minute, 5 * time.Minute}, {15 * time.Minute, 15 * time.Minute}, {time.Hour, 15 * time.Minute}, {10 * time.Hour, 2 * time.Hour},
		{DefaultOverlap, 288 * time.Minute}, {5 * 24 * time.Hour, 24 * time.Hour}, {MaxOverlap, 24 * time.Hour},
	} {
		end := rotated.Add(c.overlap)
		if from := StillUsedFrom(rotated, end); from == nil || end.Sub(*from) != c.last {
			t.Errorf("of an overlap of %v the last part begins at %v, want %v before its end", c.overlap, from, c.last)
		}
	}
	for _, overlap := range []time.Duration{0, -time.Second} {
		if from := StillUsedFrom(rotated, rotated.Add(overlap)); from != nil {
			t.Errorf("an overlap of %v has a last part from %v", overlap, from)
		}
	}
}

func TestQuietFor(t *testing.T) {
	rotated := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for overlap, want := range map[time.Duration]time.Duration{
		-time.Hour: 0, 0: 0, time.Hour: 15 * time.Minute, DefaultOverlap: 6 * time.Hour, 4 * 24 * time.Hour: 24 * time.Hour, MaxOverlap: 24 * time.Hour,
	} {
		end := rotated.Add(overlap)
		if got := QuietFor(rotated, end); got != want {
			t.Errorf("after an overlap of %v the old key must be quiet for %v, want %v", overlap, got, want)
		}
	}
}
