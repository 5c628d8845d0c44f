package gateways

import (
	"bufio"
	"crypto/sha1" // RFC 6455 requires it
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	//lint:ignore SA1019 Go's own server takes h2c by prior knowledge alone, and this test is about the upgrade, which must not get through.
	"golang.org/x/net/http2/h2c"
)

// newAPI starts the API behind the gateways: it responds with the headers that it
// received, echoes on websockets, and accepts upgrades to h2c.
func newAPI(t *testing.T) (address string) {
	t.Helper()
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			echo(w, r)
			return
		}
		h := w.Header()
		for _, name := range []string{"Keep-Alive", "Te", "Proxy-Authorization", "Proxy-Connection", "Trailer", "Http2-Settings", "Upgrade", "X-Named"} {
			h[http.CanonicalHeaderKey("Got-"+name)] = r.Header[name]
		}
		if len(r.Trailer) > 0 {
			h.Set("Got-Trailer", "some")
		}
		h.Set("Got-Target", r.RequestURI)
		h.Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(r.Header)
	})
	//lint:ignore SA1019 See the import.
	s := httptest.NewServer(h2c.NewHandler(api, &http2.Server{}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// echo is a websocket that sends short texts back.
func echo(w http.ResponseWriter, r *http.Request) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Upgrade", "websocket")
	w.Header().Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	w.WriteHeader(http.StatusSwitchingProtocols)
	conn, both, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	for echoed(both.Reader, conn) {
	}
}

// echoed sends one frame back, without its mask.
func echoed(from *bufio.Reader, to io.Writer) bool {
	var head [6]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return false
	}
	text := make([]byte, head[1]&0x7f)
	if _, err := io.ReadFull(from, text); err != nil {
		return false
	}
	for i := range text {
		text[i] ^= head[2+i%4]
	}
	_, err := to.Write(append([]byte{head[0], byte(len(text))}, text...))
	return err == nil
}
