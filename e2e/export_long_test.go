package e2e

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// cutExports is the log of exports that broke off, newest first.
const cutExports = `{ events(where: {type: [LIST_EXPORTED]}, first: 10) { nodes { actor { name } changes { field after } } } }`

// A long export takes little memory, ends with the session, and is broken off if nobody
// reads it. Neither is mistaken for the whole, and the log knows of both.
func TestLongExports(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t), "GOGC=25") // little garbage, however busy the machine is
	s.Run(t, "", "seed", "--apps", "4000")
	admin := s.SignIn(t, "admin@demo.example")
	total := admin.Must(t, `{ events { totalCount } }`, nil).Number("events", "totalCount")
	require.Greater(t, total, 20_000)

	before := s.MostMemory(t)
	r, done := openExport(t, admin)
	rows := 0
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		rows++
	}
	require.NoError(t, lines.Err())
	done()
	require.InDelta(t, total, rows, 10, "what happened meanwhile")
	require.Less(t, s.MostMemory(t)-before, 48<<20)

	t.Run("the session ends", func(t *testing.T) {
		leaving := s.SignIn(t, "admin@demo.example")
		r, done := openExport(t, leaving)
		defer done()
		_, err := io.ReadFull(r, make([]byte, 10_000))
		require.NoError(t, err)
		leaving.Do(t, "signOut", vars{}, `endedSessionIds`)
		rest, err := io.ReadAll(r)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Less(t, bytes.Count(rest, []byte("\n")), total-1000)
		requireCut(t, admin, 1)
	})
	t.Run("nobody reads", func(t *testing.T) {
		_, done := openExport(t, admin)
		defer done()
		requireCut(t, admin, 2)
	})
}

// requireCut requires that the log gets to know of n exports that broke off, which have
// sent something.
func requireCut(t *testing.T, admin *servertest.Client, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		raw := admin.Must(t, cutExports, nil).Raw
		return strings.Count(raw, `{"field":"complete","after":"false"}`) == n && !strings.Contains(raw, `{"field":"rows","after":"0"}`)
	}, time.Minute, 200*time.Millisecond)
}

// openExport begins an export of all events whose client buffers little, and returns its
// body and how to end it.
func openExport(t *testing.T, by *servertest.Client) (body io.Reader, done func()) {
	t.Helper()
	transport := &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(64 << 10)
		}
		return c, err
	}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, by.URL+"/v1/exports/events?format=jsonl", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+by.Token)
	w, err := (&http.Client{Transport: transport}).Do(r)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, w.StatusCode)
	return w.Body, func() { _ = w.Body.Close(); transport.CloseIdleConnections() }
}
