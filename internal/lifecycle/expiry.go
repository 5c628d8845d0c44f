package lifecycle

import "time"

// ExpiryNotices returns how many days before a credential expires a notice is due, the
// first one first.
func ExpiryNotices() []int { return []int{30, 14, 7, 1} }

// LastExpiryNotice returns the last of the ExpiryNotices, after which no other is due.
func LastExpiryNotice() int {
	all := ExpiryNotices()
	return all[len(all)-1]
}

// ExpiryNotice returns the last notice that is due now for a credential that expires at
// end; nil if none is, or if it never expires. One that has expired needs no notice.
func ExpiryNotice(now time.Time, end *time.Time) *int { return lastNotice(ExpiryNotices(), now, end) }

// lastNotice returns the last of some notices, in days before an end and the first one first,
// that is due now.
func lastNotice(notices []int, now time.Time, end *time.Time) *int {
	if end == nil || !end.After(now) {
		return nil
	}
	var due *int
	for _, days := range notices {
		if !now.Before(end.Add(-time.Duration(days) * 24 * time.Hour)) {
			due = &days
		}
	}
	return due
}
