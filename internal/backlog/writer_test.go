package backlog_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/backlog"
)

// reader is a client that reads a number of bytes per second, and stops after
// some.
type reader struct {
	header   http.Header
	rate     float64
	most     int
	got      bytes.Buffer
	deadline time.Time
}

func (r *reader) Header() http.Header { return r.header }
func (r *reader) WriteHeader(int)     {}

func (r *reader) SetWriteDeadline(at time.Time) error {
	r.deadline = at
	return nil
}

func (r *reader) Write(p []byte) (int, error) {
	takes := time.Duration(float64(len(p)) / r.rate * float64(time.Second))
	if left := time.Until(r.deadline); takes > left || r.got.Len()+len(p) > r.most {
		time.Sleep(max(left, 0))
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(takes)
	return r.got.Write(p)
}

func TestWriteFailsForASlowReader(t *testing.T) {
	answer := bytes.Repeat([]byte("x"), 8<<20)
	for name, c := range map[string]struct {
		rate  float64
		most  int
		whole bool
		least time.Duration // it is given up in between
		at    time.Duration
	}{
		"fast":               {rate: 100 << 20, most: len(answer), whole: true, at: time.Second},
		"as slow as allowed": {rate: 128 << 10, most: len(answer), whole: true, least: 64 * time.Second, at: 65 * time.Second},
		"too slow":           {rate: 64 << 10, most: len(answer), least: 29 * time.Second, at: 31 * time.Second},
		"stops at once":      {rate: 100 << 20, most: 0, least: 15 * time.Second, at: 16 * time.Second},
		"stops in between":   {rate: 100 << 20, most: 3 << 20, least: 15 * time.Second, at: 16 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &reader{header: http.Header{}, rate: c.rate, most: c.most}
				start := time.Now()
				n, err := backlog.NewWriter(r).Write(answer)
				require.Equal(t, c.whole, err == nil, "%v", err)
				require.Equal(t, c.whole, bytes.Equal(answer, r.got.Bytes()))
				require.Equal(t, r.got.Len(), n)
				require.LessOrEqual(t, time.Since(start), c.at)
				require.GreaterOrEqual(t, time.Since(start), c.least)
			})
		})
	}
}

// A response that is produced slowly does not count against the client.
func TestOnlyTheTimeOfWritingCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{header: http.Header{}, rate: 1 << 20, most: 1 << 20}
		w := backlog.NewWriter(r)
		for range 10 {
			time.Sleep(time.Minute)
			_, err := w.Write(make([]byte, 1000))
			require.NoError(t, err)
		}
		r.most = 0
		_, err := w.Write([]byte("x"))
		require.True(t, errors.Is(err, os.ErrDeadlineExceeded))
	})
}
