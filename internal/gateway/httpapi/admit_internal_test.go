package httpapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/gateway"
)

// Each request is judged as soon as its head is there, and never before.
func TestWhichEngineReadsARequest(t *testing.T) {
	const host = "Host: gate"
	long := func(n int) string {
		empty := "GET /v1/authorize HTTP/1.1\r\n" + lines(host, "X-Filler: ")
		return "GET /v1/authorize HTTP/1.1\r\n" + lines(host, "X-Filler: "+strings.Repeat("a", n-len(empty)))
	}
	for text, want := range map[string]admission{
		"POST /v1/verify HTTP/1.1\r\n" + lines(host, "Content-Length: 2") + "{}":             plain,
		"POST /v1/verify HTTP/1.1\r\n" + lines(host, "Content-Length: 2") + "{}GET / HT":     plain,
		"POST /v1/verify HTTP/1.1\r\n" + lines(host):                                         plain,
		"OPTIONS /v1/authorize HTTP/1.1\r\n" + lines(host):                                   plain,
		"GET /v1/authorize HTTP/1.1\r\n" + lines(host, "Content-Length: 0"):                  plain,
		"GET /v1/authorize HTTP/1.1\r\n" + lines(host, "Content-Length: 1") + "a":            other,
		"GET /v1/authorize HTTP/1.0\r\n" + lines(host):                                       other,
		"PROPFIND /v1/authorize HTTP/1.1\r\n" + lines(host):                                  other,
		"get /v1/authorize HTTP/1.1\r\n" + lines(host):                                       other,
		"GET  /v1/authorize HTTP/1.1\r\n" + lines(host):                                      other,
		"GET /v1/authorize?a HTTP/1.1\r\n" + lines(host):                                     other,
		"GET /v1/verify HTTP/1.1\r\n" + lines(host):                                          other,
		"POST /v1/verify HTTP/1.1\r\n" + lines(host, "Content-Length: 65537") + "{":          other,
		"POST /v1/verify HTTP/1.1\r\n" + lines(host, "Transfer-Encoding: chunked") + "0\r\n": other,
		"POST /v1/verify HTTP/1.1\n" + lines(host):                                           other,
		"GET /v1/authorize HTTP/1.1\r\nHost: gate\n\n":                                       other,
		"GET /v1/authorize HTTP/1.1\r\nHost: gate\n\r\n":                                     other,
		http2Preface: other,
		"POST /nowhere HTTP/1.1\r\n" + lines(host, "Content-Length: 1", "Transfer-Encoding: chunked"): ambiguous,
		"junk\r\n\r\n":                         notHTTP,
		"\r\n\r\n":                             notHTTP,
		long(fastHeaderBytes):                  plain,
		long(fastHeaderBytes + 1):              other,
		strings.Repeat("a", maxHeaderBytes):    overlong,
		strings.Repeat("a", maxHeaderBytes-1):  incomplete,
		"GET /v1/authorize HTTP/1.1\r\nHost: ": incomplete,
		"":                                     incomplete,
	} {
		c := &connection{in: []byte(text)}
		require.Equal(t, want, c.admit(), "%.90q", text)
		if want == plain {
			head, body, _ := strings.Cut(text, "\r\n\r\n")
			require.Equal(t, len(head)+len("\r\n\r\n")+min(len(body), len("{}")), c.left, "%.90q", text)
		}
		for end := range min(strings.Index(text, "\n\r\n"), 200) {
			require.Equal(t, incomplete, (&connection{in: []byte(text[:end])}).admit(), "%.90q", text[:end])
		}
	}
}

const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// knowsAll is a verifier to which every token is known.
type knowsAll struct{ Verifier }

func (knowsAll) Caller(context.Context, string) (*gateway.Caller, error) {
	return &gateway.Caller{}, nil
}

// fasthttp reads to the end of one plain request and no byte further, however the
// requests arrive; the rest comes to net/http, from the first byte of its request.
func TestAConnectionIsReadRequestByRequest(t *testing.T) {
	first := "POST /v1/verify HTTP/1.1\r\n" + lines("Host: a", "Content-Length: 2", "Content-Type: application/json", "X-Portico-Gateway-Token: t") + "{}"
	second := "GET /v1/authorize HTTP/1.1\r\n" + lines("Host: b")
	third := "GET /v1/feed HTTP/1.1\r\n" + lines("Host: c") + "and more"
	s := NewServer(New(Options{Verifier: knowsAll{}, Log: slog.New(slog.DiscardHandler)}))
	for _, size := range []int{1, 7, len(first) - 1, len(first), len(first) + 1, 1 << 20} {
		here, there := net.Pipe()
		go func() {
			for text := first + "\r\n" + second + third; text != ""; {
				n := min(size, len(text))
				_, _ = io.WriteString(there, text[:n])
				text = text[n:]
			}
			_ = there.Close()
		}()
		c := newConnection(here, newTrackedListener(nil, s))
		room := make([]byte, 1<<10)
		for _, want := range []string{first, second} {
			require.NoError(t, c.SetReadDeadline(time.Now().Add(idleTime)))
			var got []byte
			for len(got) == 0 || c.left > 0 {
				n, err := c.Read(room)
				require.NoError(t, err)
				got = append(got, room[:n]...)
			}
			require.Equal(t, want, string(got))
		}
		_, err := c.Read(room)
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, c.Close()) // as fasthttp does
		rest, err := io.ReadAll(c.release())
		require.NoError(t, err)
		require.Equal(t, third, string(rest))
	}
}

// Half a head is net/http's when the client ends it, and nobody's when the client
// falls silent.
func TestAnIncompleteHead(t *testing.T) {
	const half = "GET /v1/authorize HTTP/1.1\r\nHost: a"
	s := NewServer(New(Options{Verifier: knowsAll{}, Log: slog.New(slog.DiscardHandler)}))
	for _, ends := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			here, there := net.Pipe()
			c := newConnection(here, newTrackedListener(nil, s))
			require.NoError(t, c.SetReadDeadline(time.Now().Add(idleTime)))
			began := time.Now()
			go func() {
				time.Sleep(time.Minute)
				_, _ = io.WriteString(there, half)
				if ends {
					_ = there.Close()
				}
			}()
			go func() { // as at a shutdown
				time.Sleep(time.Minute + time.Second)
				_ = c.Close()
			}()
			_, err := c.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF)
			require.Equal(t, ends, c.leaving.Load())
			if ends {
				rest, err := io.ReadAll(c.release())
				require.NoError(t, err)
				require.Equal(t, half, string(rest))
			} else {
				require.Equal(t, time.Minute+headTime, time.Since(began))
			}
			require.NoError(t, errors.Join(here.Close(), there.Close()))
			time.Sleep(2 * time.Second)
		})
	}
}
