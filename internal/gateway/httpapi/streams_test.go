package httpapi_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"portico/internal/gateway/httpapi"
)

// unreadRequests opens streams of HTTP/2 with large heads on a connection, and
// reads no answer.
func unreadRequests(t *testing.T, address string, streams, filler int) (settings map[http2.SettingID]uint32) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = io.WriteString(c, http2.ClientPreface)
	f := http2.NewFramer(c, c)
	_ = f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
	settings = map[http2.SettingID]uint32{}
	answer, err := f.ReadFrame()
	if s, ok := answer.(*http2.SettingsFrame); ok {
		_ = s.ForeachSetting(func(one http2.Setting) error { settings[one.ID] = one.Val; return nil })
	} else {
		t.Fatalf("%v, %v", answer, err)
	}
	go func() { _, _ = io.Copy(io.Discard, c) }()
	_ = f.WriteSettingsAck()
	var head bytes.Buffer
	e := hpack.NewEncoder(&head)
	e.SetMaxDynamicTableSize(0)
	for i := range streams {
		head.Reset()
		for _, field := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":authority", "gate"}, {":path", "/v1/verify"}, {"x-filler", strings.Repeat("a", filler)}} {
			_ = e.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
		}
		block, first := head.Bytes(), min(head.Len(), 16<<10)
		_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 1), EndStream: true, EndHeaders: first == len(block), BlockFragment: block[:first]})
		for rest := block[first:]; len(rest) > 0; {
			n := min(len(rest), 16<<10)
			_ = f.WriteContinuation(uint32(2*i+1), n == len(rest), rest[:n])
			rest = rest[n:]
		}
	}
	return settings
}

// The heads of requests whose answers nobody reads are not kept.
func TestUnreadStreamsHoldNoHeads(t *testing.T) {
	const connections, streams, filler = 10, 100, 24_000
	b := newTestServer(t)
	before := heap()
	for range connections {
		if s := unreadRequests(t, b.addr, streams, filler); s[http2.SettingMaxConcurrentStreams] != streams {
			t.Errorf("%v", s)
		}
	}
	for range 100 {
		if time.Sleep(50 * time.Millisecond); heap() < before+connections*streams*filler/2 && runtime.NumGoroutine() > connections*streams {
			return
		}
	}
	t.Errorf("%d KiB are kept by %d goroutines", (heap()-before)>>10, runtime.NumGoroutine())
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// One client has its share of the streams, and others still have room.
func TestStreamsOfAClientAreBounded(t *testing.T) {
	let, inside := make(chan struct{}), make(chan struct{}, 4)
	h := httpapi.BoundStreams(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside <- struct{}{}; <-let }), 10, 1)
	ask := func(from string) (ended chan any) {
		ended = make(chan any, 1)
		go func() {
			defer func() { ended <- recover() }()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.ProtoMajor, r.RemoteAddr = 2, from
			h.ServeHTTP(httptest.NewRecorder(), r)
		}()
		return ended
	}
	first := ask("192.0.2.1:1000")
	<-inside
	if p := <-ask("192.0.2.1:1001"); p != http.ErrAbortHandler {
		t.Fatalf("%v", p)
	}
	more := []chan any{first, ask("192.0.2.2:1000"), ask("127.0.0.1:1"), ask("127.0.0.1:2")}
	for range len(more) - 1 {
		<-inside
	}
	close(let)
	for _, ended := range more {
		if p := <-ended; p != nil {
			t.Error(p)
		}
	}
	if p := <-ask("192.0.2.1:1002"); p != nil {
		t.Errorf("there is room again: %v", p)
	}
}

// Beyond the most there is no room for an answer either.
func TestStreamsAreBounded(t *testing.T) {
	let := make(chan struct{})
	h := httpapi.BoundStreams(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-let }), 1, 2)
	ask := func(major int) (panicked any) {
		defer func() { panicked = recover() }()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.ProtoMajor = major
		h.ServeHTTP(httptest.NewRecorder(), r)
		return nil
	}
	first := make(chan any)
	go func() { first <- ask(2) }()
	for range 500 {
		second := make(chan any, 1)
		go func() { second <- ask(2) }()
		select {
		case p := <-second:
			if p != http.ErrAbortHandler {
				t.Fatalf("%v", p)
			}
			close(let)
			if p := <-first; p != nil {
				t.Error(p)
			}
			if ask(1) != nil || ask(2) != nil {
				t.Error("there is room again, and HTTP/1 needs none")
			}
			return
		case p := <-first: // the second came before it
			if p != http.ErrAbortHandler {
				t.Fatalf("%v", p)
			}
			close(let)
			<-second
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Error("nothing was refused")
}
