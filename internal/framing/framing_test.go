package framing_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"portico/internal/framing"
)

func TestTwoLengths(t *testing.T) {
	for head, want := range map[string]bool{
		"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n": true, "transfer-encoding: x\r\nCONTENT-LENGTH: 1\r\n": true,
		"Content-Length: 1\r\nContent-Length: 1\r\n": false, "Transfer-Encoding: chunked\r\n": false, "": false,
		"X: Content-Length: 1\r\nTransfer-Encoding: chunked\r\n": false,
	} {
		if got := framing.TwoLengths(head); got != want {
			t.Errorf("%q: %v", head, got)
		}
	}
}

// After a request that can be parsed in two ways, nothing else on the connection
// is served.
func TestTheConnectionCloses(t *testing.T) {
	const chunked = "4\r\nbody\r\n0\r\n\r\n"
	for name, c := range map[string]struct {
		head, body string
		closes     bool
	}{
		"both":              {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", chunked, true},
		"both, the other":   {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n", chunked, true},
		"both, in GET":      {"GET / HTTP/1.1\r\nHost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n", chunked, true},
		"chunks in 1.0":     {"POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", chunked, true},
		"both in 1.0":       {"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", "body", true},
		"a length":          {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n", "body", false},
		"nothing":           {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "", false},
		"two equal lengths": {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n", "body", false},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			s := httptest.NewServer(framing.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				_, _ = io.Copy(io.Discard, r.Body)
			})))
			defer s.Close()
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, c.head+c.body+"GET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(conn)
			first, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, first.Body); err != nil {
				t.Fatal(err)
			}
			_ = first.Body.Close()
			_, err = http.ReadResponse(in, nil)
			if closed := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, new(*net.OpError)); closed != c.closes || first.Close != c.closes {
				t.Errorf("closed %v, said so %v, want %v (%v)", closed, first.Close, c.closes, err)
			}
			if want := map[bool]int64{true: 1, false: 2}[c.closes]; asked.Load() != want {
				t.Errorf("%d requests, want %d", asked.Load(), want)
			}
		})
	}
}
