package httpapi_test

import (
	"bufio"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"

	"portico/internal/clock"
	"portico/internal/gateway/httpapi"
)

// What fasthttp cannot parse is answered even long after the last answer, when
// that answer's write deadline has passed.
func TestAnUnreadableRequestAfterAPauseIsAnswered(t *testing.T) {
	_ = new(fasthttp.ResponseHeader).Header() // starts the clock of all its dates, which would never leave a bubble
	for name, c := range map[string]struct {
		sent   string
		status int
	}{
		"no HTTP":            {"junk\r\n\r\n", 400},
		"a head too large":   {rawRequest("GET", "/v1/authorize", "", "X-Long: "+strings.Repeat("x", 64<<10)), 431},
		"a body that is cut": {strings.TrimSuffix(rawRequest("POST", "/v1/verify", `{"key":"k"}`), `"k"}`), 400},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := httpapi.NewServer(httpapi.New(httpapi.Options{
					Verifier: &fakeVerifier{}, Usage: &fakeUsage{}, Peer: peer, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
				}))
				here, there := net.Pipe()
				go s.ServeConn(there)
				l := &line{here, bufio.NewReader(here)}
				l.write(t, rawRequest("POST", "/v1/verify", `{"key":"k"}`))
				if a := l.answer(t, "POST"); a.status != 200 {
					t.Fatalf("verify: %+v", a)
				}
				time.Sleep(time.Minute) // no request comes
				go func() { _, _ = here.Write([]byte(c.sent)) }()
				refused(t, l.answer(t, "POST"), name, c.status, "")
				_ = here.Close()
			})
		})
	}
}
