package lifecycle

import "time"

const (
	// DefaultOverlap is how long a credential works besides its successor unless its
	// owner says otherwise.
	DefaultOverlap = 24 * time.Hour
	// MaxOverlap is the longest that an owner may say.
	MaxOverlap = 30 * 24 * time.Hour
)

// StillUsedFrom returns when the last part of an overlap begins, in which its owner is
// told of calls with the old credential: a fifth, but at least 15 minutes and at most a
// day. It is nil for an overlap that is over when it begins.
func StillUsedFrom(rotated, end time.Time) *time.Time {
	overlap := end.Sub(rotated)
	if overlap <= 0 {
		return nil
	}
	from := end.Add(-min(max(overlap/5, 15*time.Minute), 24*time.Hour, overlap))
	return &from
}

// QuietFor returns how long a credential must not have been used for its callers to have
// moved to its successor: a quarter of the overlap, at most a day.
func QuietFor(rotated, end time.Time) time.Duration {
	return min(max(end.Sub(rotated)/4, 0), 24*time.Hour)
}
