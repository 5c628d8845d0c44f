package export_test

import (
	"bufio"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const waitTime, pollTime = 10 * time.Second, 10 * time.Millisecond

// Memory does not grow with the rows: after 100,000 as much is live as after 1,000.
func TestMemoryIsBounded(t *testing.T) {
	const rows, soon = 100_000, 1_000
	f := newFake(t, rows)
	w, err := http.Get(f.serve(admin()) + "/v1/exports/apps?format=csv")
	require.NoError(t, err)
	defer w.Body.Close()
	live := func() uint64 {
		f.mu.Lock()
		f.asked = nil // which the test alone keeps
		f.mu.Unlock()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var early uint64
	n, body := 0, bufio.NewScanner(w.Body)
	for ; body.Scan(); n++ {
		if n == soon {
			early = live()
		}
		if n == rows {
			require.Less(t, live(), early+1<<20)
		}
	}
	require.NoError(t, body.Err())
	require.Equal(t, rows+1, n)
	require.Equal(t, 1, strings.Count(strings.Join(f.observed, "\n"), "complete"))
}
