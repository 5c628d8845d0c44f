package usage

import (
	"fmt"
	"time"

	"entgo.io/ent/dialect"

	"portico/internal/database"
)

// No sum of calls or of latencies overflows, whatever is reported and for how
// long it is kept:
//
//   - A report is of at most MaxCalls calls that took at most MaxLatency
//     together, and at most slowest on average.
//   - What is reported adds to a row of usage_minutes no more than up to
//     mostInMinute, and to a row of usage_upstreams, which is an hour's, up to
//     mostInHour calls and mostMicros of latency. A report that would exceed
//     that is refused, so that the two sums of a mean are of the same calls.
//   - A day has at most 25 hours of 60 minutes: its row is at most
//     1500 × 10¹² = 1.5 × 10¹⁵, which is less than Most = 2⁵³ − 1 ≈ 9.0 × 10¹⁵.
//     All days of the longest retention together are 3661 × 1.5 × 10¹⁵ ≈
//     5.5 × 10¹⁸, less than 2⁶³ ≈ 9.2 × 10¹⁸.
//   - Whatever else adds to a stored row stops at Most: what a gateway's calls
//     that Portico counts itself come to, and what an older program has stored.
//   - Rows are summed up by numeric on Postgres, and by TOTAL on SQLite, which
//     is exact up to 2⁵³; neither overflows. An answer is never above Most.
const (
	// Most is the most calls that a stored row holds and an answer tells: the
	// greatest whole number that every reader of JSON takes exactly.
	Most = 1<<53 - 1
	// MaxCalls is the most calls that one report may be of.
	MaxCalls = 1_000_000_000
	// MaxLatency is the longest that they may have taken together.
	MaxLatency = 100_000_000_000 * time.Millisecond
	// slowest is the longest they may have taken on average.
	slowest = time.Hour

	mostInMinute = 1_000_000_000_000
	mostInHour   = 60 * mostInMinute
	mostMicros   = Most
)

// InTime reports whether the calls can have taken that long.
func (r *Reported) InTime() bool {
	if r.Latency < 0 || r.Latency > MaxLatency {
		return false
	}
	return r.Calls > int64(MaxLatency/slowest) || r.Latency <= slowest*time.Duration(r.Calls)
}

// plus adds what is counted and stops at Most. Neither may be negative.
func plus(a, b int64) int64 { return min(min(a, Most)+min(b, Most), Most) }

// sumIs is plus as an assignment of an upsert, which adds a column of what is
// new to a column of the table.
func sumIs(table, column, added string) string {
	return fmt.Sprintf("%[2]s = CASE WHEN %[1]s.%[2]s > %[4]d - excluded.%[3]s THEN %[4]d ELSE %[1]s.%[2]s + excluded.%[3]s END", table, column, added, int64(Most))
}

// sumOf is the sum of an expression over rows, at most Most.
func sumOf(db *database.DB, expression string) string {
	if db.Dialect() == dialect.Postgres {
		return fmt.Sprintf("CAST(LEAST(SUM(%s), %d) AS bigint)", expression, int64(Most))
	}
	return fmt.Sprintf("CAST(MIN(TOTAL(%s), %d) AS integer)", expression, int64(Most))
}

// meanOf is the mean in microseconds of sums over rows, as a floating-point number.
func meanOf(db *database.DB, sum, calls string) string {
	if db.Dialect() == dialect.Postgres {
		return fmt.Sprintf("CAST(SUM(%s) / GREATEST(SUM(%s), 1) AS double precision)", sum, calls)
	}
	return fmt.Sprintf("TOTAL(%s) / MAX(TOTAL(%s), 1)", sum, calls)
}

// atMost is an expression of one row that is at most Most.
func atMost(db *database.DB, expression string) string {
	if db.Dialect() == dialect.Postgres {
		return fmt.Sprintf("LEAST(%s, %d)", expression, int64(Most))
	}
	return fmt.Sprintf("CAST(MIN(%s, %d) AS integer)", expression, int64(Most))
}
