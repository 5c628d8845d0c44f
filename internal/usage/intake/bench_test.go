package intake

import (
	"context"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
	"portico/internal/usage/usagetest"
)

func BenchmarkAdd(b *testing.B) {
	now := time.Now()
	for _, n := range []int{1, 100_000} {
		calls := usagetest.RandomCalls(uuid.UUID{1}, n)
		name := map[int]string{1: "one", 100_000: "100000"}[n]
		b.Run(name, func(b *testing.B) {
			c := NewCounter()
			for i := range calls {
				c.Add(&calls[i], now, 1)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				c.Add(&calls[i%n], now, 1)
				i++
			}
		})
		b.Run(name+"/parallel", func(b *testing.B) {
			c := NewCounter()
			for i := range calls {
				c.Add(&calls[i], now, 1)
			}
			b.ReportAllocs()
			var start atomic.Int64
			b.RunParallel(func(p *testing.PB) {
				i := int(start.Add(7919))
				for p.Next() {
					c.Add(&calls[i%n], now, 1)
					i++
				}
			})
		})
	}
}

func TestAddToAnExistingRowDoesNotAllocate(t *testing.T) {
	c, now := NewCounter(), time.Now()
	call := usagetest.RandomCalls(uuid.UUID{1}, 1)[0]
	c.Add(&call, now, 1)
	require.Zero(t, testing.AllocsPerRun(100, func() { c.Add(&call, now, 1) }))
}

// cpu returns the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFlush stores 8,000 rows, as many as are counted in 400 ms at 20,000 a second:
// new ones ("fresh"), or the same ones again. cpu-ns/row is of this process alone.
func BenchmarkFlush(b *testing.B) {
	for _, kind := range []string{"fresh", "same"} {
		b.Run(kind+"/sqlite", func(b *testing.B) { benchmarkFlush(b, testdb.SQLite(b), kind == "fresh") })
		if os.Getenv(testdb.Variable) != "" {
			b.Run(kind+"/postgres", func(b *testing.B) {
				url, _ := testdb.Postgres(b)
				benchmarkFlush(b, url, kind == "fresh")
			})
		}
	}
}

func benchmarkFlush(b *testing.B, url string, fresh bool) {
	const n = 8000
	w := newWorld(b, url, "UTC", time.Now())
	calls := usagetest.RandomCalls(w.Organization, n)
	var used time.Duration
	for b.Loop() {
		if fresh {
			w.Clock.Advance(time.Minute)
		}
		for i := range calls {
			w.counter.Add(&calls[i], w.Clock.Now(), 1)
		}
		before := cpu()
		require.NoError(b, w.flusher.Flush(context.Background()))
		used += cpu() - before
	}
	b.ReportMetric(float64(used.Nanoseconds())/float64(b.N)/n, "cpu-ns/row")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}

// BenchmarkFold folds 100,000 rows, each counted in three flushes.
func BenchmarkFold(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkFold(b, testdb.SQLite(b)) })
	if os.Getenv(testdb.Variable) != "" {
		b.Run("postgres", func(b *testing.B) {
			url, _ := testdb.Postgres(b)
			benchmarkFold(b, url)
		})
	}
}

func benchmarkFold(b *testing.B, url string) {
	const n = 100_000
	w := newWorld(b, url, "UTC", time.Now())
	calls := usagetest.RandomCalls(w.Organization, n)
	var flushing, folding time.Duration
	for b.Loop() {
		w.Clock.Advance(time.Minute)
		for range 3 {
			for i := range calls {
				w.counter.Add(&calls[i], w.Clock.Now(), 1)
			}
			before := cpu()
			require.NoError(b, w.flusher.Flush(context.Background()))
			flushing += cpu() - before
		}
		before := cpu()
		require.NoError(b, w.flusher.Fold(context.Background()))
		folding += cpu() - before
	}
	b.ReportMetric(float64(flushing.Nanoseconds())/float64(b.N)/3/n, "flush-cpu-ns/row")
	b.ReportMetric(float64(folding.Nanoseconds())/float64(b.N)/n, "fold-cpu-ns/row")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}
