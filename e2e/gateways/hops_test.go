package gateways

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// hopByHop tests that headers about the client's connection do not reach the API, which
// would open a tunnel for h2c.
func (g *gateway) hopByHop(t *testing.T) {
	app := g.world.newApp(t, g.world.generous)
	hops := []string{"X-API-Key", app.key, "Keep-Alive", "timeout=5", "TE", "trailers", "Proxy-Authorization", "Basic eA==", "Proxy-Connection", "keep-alive", "Trailer", "X-Sum"}
	for _, upgrade := range [][]string{
		nil, {"Upgrade", "h2c"}, {"Upgrade", "H2C"}, {"Upgrade", "websocket, h2c"}, {"Upgrade", "h2c, websocket"}, {"Upgrade", "h2c", "Upgrade", "websocket"},
		{"Upgrade", "websocket", "Upgrade", "h2c"}, {"Upgrade", "TLS/1.0"},
	} {
		headers := append(append([]string{}, hops...), upgrade...)
		if upgrade != nil {
			headers = append(headers, "HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA", "Connection", "Upgrade, HTTP2-Settings")
		}
		w, conn, _ := g.raw(t, http.MethodGet, "/rates", headers...)
		require.NoError(t, conn.Close())
		if w.StatusCode == http.StatusSwitchingProtocols { // for the websocket that was requested beside h2c
			require.Equal(t, "websocket", w.Header.Get("Upgrade"), "%q opens a tunnel", upgrade)
			require.Contains(t, upgrade, "websocket")
			continue
		}
		if w.StatusCode != http.StatusOK { // some gateways refuse it
			require.True(t, upgrade != nil && w.StatusCode >= 400 && w.StatusCode < 500, "%q: %d", upgrade, w.StatusCode)
			continue
		}
		for _, name := range []string{"H2C", "Keep-Alive", "TE", "Proxy-Authorization", "Proxy-Connection", "Trailer", "HTTP2-Settings"} {
			require.Empty(t, w.Header.Get("Got-"+name), "%s of %q", name, upgrade)
		}
		require.NotContains(t, strings.ToLower(w.Header.Get("Got-Upgrade")), "h2c", upgrade)
	}
	w, conn, _ := g.raw(t, http.MethodGet, "/rates", "X-API-Key", app.key, "X-Named", "forged", "Connection", "close, X-Named")
	require.NoError(t, conn.Close())
	require.Empty(t, w.Header.Get("Got-X-Named"), "Connection names it")
	require.Less(t, w.StatusCode, 500)
}

// A websocket passes both ways, with a key.
func (g *gateway) websocket(t *testing.T) {
	app := g.world.newApp(t, g.world.generous)
	wish := []string{"Connection", "keep-alive, Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	w, conn, _ := g.raw(t, http.MethodGet, "/rates/live", wish...)
	require.NoError(t, conn.Close())
	require.Equal(t, http.StatusUnauthorized, w.StatusCode)
	w, conn, read := g.raw(t, http.MethodGet, "/rates/live", append(wish, "X-API-Key", app.key)...)
	require.Equal(t, http.StatusSwitchingProtocols, w.StatusCode)
	require.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", w.Header.Get("Sec-WebSocket-Accept")) // as in RFC 6455
	for _, word := range []string{"there", "again"} {
		_, err := conn.Write(frame(word))
		require.NoError(t, err)
		require.Equal(t, word, unframed(t, read))
	}
	require.NoError(t, conn.Close())
}

// frame is a short text as a client sends it (RFC 6455 5.2), under a mask of zeros.
func frame(text string) []byte {
	return append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
}

// unframed reads the server's answer.
func unframed(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var head [2]byte
	for i := range head {
		b, err := r.ReadByte()
		require.NoError(t, err)
		head[i] = b
	}
	require.EqualValues(t, 0x81, head[0])
	text := make([]byte, head[1])
	for i := range text {
		b, err := r.ReadByte()
		require.NoError(t, err)
		text[i] = b
	}
	return string(text)
}
