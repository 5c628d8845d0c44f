package lifecycle

import "time"

// MaxEndingYears is how many years ahead the end of a product may be set.
const MaxEndingYears = 5

// EndingNotices returns how many days before a product is retired a notice is due, the
// first one first.
func EndingNotices() []int { return []int{90, 30, 7, 1} }

// EndingNotice returns the last notice that is due now for a product that is retired at
// end; nil if none is. One that is retired needs no notice.
func EndingNotice(now time.Time, end *time.Time) *int { return lastNotice(EndingNotices(), now, end) }

// DaysLeft returns the number of days until a time to come; a day that has begun counts.
func DaysLeft(now, then time.Time) int {
	const day = 24 * time.Hour
	return int((then.Sub(now) + day - 1) / day)
}
