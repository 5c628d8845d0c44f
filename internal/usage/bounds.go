package usage

import "time"

// No sum of calls or of latencies overflows, whatever is reported and for how
// long it is kept:
//
//   - A reported row counts at most MaxCalls calls, which took at most MaxLatency
//     together and at most MaxMeanLatency on average.
//   - Reports fill a row of usage_minutes up to MaxPerMinute calls, and a row of
//     usage_upstreams, which is for an hour, up to MaxPerHour calls and
//     MaxMicrosPerHour of latency. A report that would exceed that is refused, so
//     that both sums of a mean are of the same calls.
//   - A day has at most 25 hours of 60 minutes: its row is at most
//     1500 × 10¹² = 1.5 × 10¹⁵, which is less than MaxCount = 2⁵³ − 1 ≈ 9.0 × 10¹⁵.
//     All days of the longest retention together are 3661 × 1.5 × 10¹⁵ ≈
//     5.5 × 10¹⁸, less than 2⁶³ ≈ 9.2 × 10¹⁸.
//   - All other additions to a stored row stop at MaxCount: calls that Portico
//     counted itself, and what an older version has stored.
//   - Rows are summed as numeric on Postgres, and by TOTAL on SQLite, which is
//     exact up to 2⁵³; neither overflows. An answer is never above MaxCount.
const (
	// MaxCount is the greatest count that a row stores and an answer contains: the
	// greatest integer that every JSON parser reads exactly.
	MaxCount = 1<<53 - 1
	// MaxCalls is the maximum number of calls in one reported row.
	MaxCalls = 1_000_000_000
	// MaxLatency is the longest time that they may have taken together.
	MaxLatency = 100_000_000_000 * time.Millisecond
	// MaxMeanLatency is the longest time that they may have taken on average.
	MaxMeanLatency = time.Hour

	// MaxPerMinute is how many reported calls a row of usage_minutes may count.
	MaxPerMinute = 1_000_000_000_000
	// MaxPerHour is how many reported calls a row of usage_upstreams may count.
	MaxPerHour = 60 * MaxPerMinute
	// MaxMicrosPerHour is the latency in microseconds that it may sum up.
	MaxMicrosPerHour = MaxCount
)

// Add returns the sum of two counts, at most MaxCount. Neither may be negative.
func Add(a, b int64) int64 { return min(min(a, MaxCount)+min(b, MaxCount), MaxCount) }
