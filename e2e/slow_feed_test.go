package e2e

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// requestWithoutWindow requests the feed on many streams of one connection without flow
// control windows, and returns the first n statuses.
func requestWithoutWindow(t *testing.T, gateway, token string, streams, n int) map[string]int {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(gateway, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, http2.ClientPreface)
	require.NoError(t, err)
	frames := http2.NewFramer(conn, conn)
	frames.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	require.NoError(t, frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}))
	var block bytes.Buffer
	heads := hpack.NewEncoder(&block)
	for i := range streams {
		block.Reset()
		for _, f := range [][2]string{
			{":method", "GET"}, {":scheme", "http"}, {":authority", "portico"}, {":path", "/v1/feed"}, {"x-portico-gateway-token", token},
		} {
			require.NoError(t, heads.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}))
		}
		require.NoError(t, frames.WriteHeaders(http2.HeadersFrameParam{
			StreamID: uint32(2*i + 1), BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true, //nolint:gosec // it is small
		}))
	}
	seen := map[string]int{}
	for sum := 0; sum < n; {
		frame, err := frames.ReadFrame()
		require.NoError(t, err, seen)
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			seen[f.PseudoValue("status")]++
			sum++
		case *http2.SettingsFrame:
			if !f.IsAck() {
				require.NoError(t, frames.WriteSettingsAck())
			}
		}
	}
	return seen
}

// A gateway that requests the feed on hundreds of streams and reads none of it does not
// lock others out.
func TestUnreadFeedsDoNotLockOthersOut(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t))
	greedy, other := s.GatewayToken(t, "demo", "greedy"), s.GatewayToken(t, "demo", "other")
	const streams = 100 // the maximum of a connection
	seen := requestWithoutWindow(t, s.Gate, greedy, streams, streams-32)
	require.GreaterOrEqual(t, seen["503"], streams-2*32, seen)
	seen = requestWithoutWindow(t, s.Gate, greedy, streams, streams)
	require.Equal(t, streams, seen["503"], seen)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Gate+"/v1/feed", nil)
	require.NoError(t, err)
	r.Header.Set("X-Portico-Gateway-Token", other)
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, w.StatusCode)
	require.Contains(t, string(text), `"catalogue"`)
	require.Less(t, s.MostMemory(t), 400<<20)
}
