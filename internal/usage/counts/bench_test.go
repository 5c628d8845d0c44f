package counts_test

import (
	"os"
	"testing"
	"time"

	"portico/internal/testdb"
	"portico/internal/usage/usagetest"
)

// BenchmarkRollUp rolls 8,000 fresh rows up.
func BenchmarkRollUp(b *testing.B) {
	if os.Getenv(testdb.Variable) == "" {
		b.Skip("there is no Postgres server: run it with internal/testdb/withpg")
	}
	url, _ := testdb.Postgres(b)
	const n = 8000
	w := newWorld(b, url, "UTC", time.Now())
	calls := usagetest.RandomCalls(w.Organization, n)
	var took time.Duration
	for b.Loop() {
		for i := range calls {
			w.counter.Add(&calls[i], w.Clock.Now(), 1)
		}
		w.flush()
		w.Clock.Advance(time.Minute)
		began := time.Now()
		w.rollUp()
		took += time.Since(began)
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(b.N)/n, "roll-ns/row")
}
