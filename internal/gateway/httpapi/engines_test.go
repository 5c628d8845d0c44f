package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
	"portico/internal/gateway"
	"portico/internal/gateway/httpapi"
)

// watched is a testServer that remembers what net/http has answered.
type watched struct {
	*testServer
	mu    sync.Mutex
	paths []string
}

func newWatchedServer(t *testing.T, change ...func(*httpapi.Server)) *watched {
	t.Helper()
	w := &watched{}
	w.testServer = newTestServerWith(t, func(d *httpapi.Handler) server {
		s := httpapi.NewServer(d)
		s.Watch(func(r *http.Request) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.paths = append(w.paths, r.URL.Path)
		})
		for _, c := range change {
			c(s)
		}
		return s
	})
	return w
}

// plain returns the paths that net/http has answered since the last call.
func (w *watched) plain() (paths []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	paths, w.paths = w.paths, nil
	return paths
}

// line is one connection to the server.
type line struct {
	net.Conn
	in *bufio.Reader
}

func (b *testServer) connect(t *testing.T) *line {
	t.Helper()
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	return &line{c, bufio.NewReader(c)}
}

func (l *line) write(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(l, text); err != nil {
		t.Fatal(err)
	}
}

// answer reads the next answer; method is what was asked with.
func (l *line) answer(t *testing.T, method string) answer {
	t.Helper()
	r, err := http.ReadResponse(l.in, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{r.StatusCode, r.Header, string(body)}
}

// rawRequest returns the text of a request of a gateway; more are further lines of its head.
func rawRequest(method, path, body string, more ...string) string {
	head := method + " " + path + " HTTP/1.1\r\nHost: gate\r\nX-Portico-Gateway-Token: " + token + "\r\n"
	if body != "" {
		head += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	for _, m := range more {
		head += m + "\r\n"
	}
	return head + "\r\n" + body
}

func TestPlainRequestsAreServedByFasthttp(t *testing.T) {
	w := newWatchedServer(t)
	c := w.connect(t)
	for range 3 {
		c.write(t, rawRequest("POST", "/v1/verify", `{"key":"k"}`))
		if a := c.answer(t, "POST"); a.status != 200 || !strings.Contains(a.body, `"valid":true`) || a.header.Get("Date") == "" || a.header.Get("Server") != "" {
			t.Errorf("verify: %+v", a)
		}
		for _, method := range []string{"GET", "POST", "DELETE"} {
			c.write(t, rawRequest(method, "/v1/authorize", "", "authorization: Bearer a", "AUTHORIZATION:\t Bearer b ", "Cookie: a=b", "Keep-Alive: 5", "Connection: Keep-Alive"))
			if a := c.answer(t, method); a.status != 200 || a.header.Get("X-Portico-Code") != "VALID" || !w.verifier.last(t).Malformed {
				t.Errorf("authorize: %+v", a)
			}
		}
	}
	if paths := w.plain(); len(paths) != 0 {
		t.Errorf("net/http answered %v", paths)
	}
}

// One connection of a gateway: what is asked after a request that was handed
// over is net/http's too.
func TestARequestIsHandedOver(t *testing.T) {
	w := newWatchedServer(t)
	w.verifier.feed = func(_ context.Context, after int64, _ time.Duration, yield func(*keycache.Change) error) error {
		return yield(&keycache.Change{Position: after + 1})
	}
	c := w.connect(t)
	verify := rawRequest("POST", "/v1/verify", `{"key":"k"}`)
	report := rawRequest("POST", "/v1/usage", `{"batch":"x","calls":[{"calls":1,"statusClass":2,"at":"2026-03-04T12:00:00Z"}]}`)
	for _, k := range []struct{ method, text, body string }{
		{"POST", verify, `"valid":true`}, {"POST", report, `{"replayed":false}`}, {"GET", rawRequest("GET", "/v1/feed?after=7&wait=1s", ""), `"position":8`},
		{"POST", report, `{"replayed":true}`}, {"POST", verify, `"valid":true`}, {"GET", rawRequest("GET", "/v1/authorize", ""), ""},
	} {
		c.write(t, k.text)
		if a := c.answer(t, k.method); a.status != 200 || !strings.Contains(a.body, k.body) {
			t.Errorf("%.60q: %+v", k.text, a)
		}
	}
	if got, want := w.plain(), []string{"/v1/usage", "/v1/feed", "/v1/usage", "/v1/verify", "/v1/authorize"}; !slices.Equal(got, want) {
		t.Errorf("net/http answered %v, want %v", got, want)
	}
}

// Pipelined requests are answered in order, whichever engine answers.
func TestPipelinedRequests(t *testing.T) { onBoth(t, tryPipelinedRequests) }

func tryPipelinedRequests(t *testing.T, b *testServer) {
	t.Helper()
	b.verifier.say = func(r *gateway.Request, v *verdict.Verdict) {
		v.Code, v.Product = verdict.Valid, &verdict.Product{Name: strings.Clone(r.RawKey)}
	}
	b.verifier.feed = func(_ context.Context, after int64, _ time.Duration, yield func(*keycache.Change) error) error {
		return yield(&keycache.Change{Position: after})
	}
	c := b.connect(t)
	var all strings.Builder
	for i := range 40 {
		if i == 25 {
			fmt.Fprint(&all, rawRequest("GET", "/v1/feed?after=99", ""))
		}
		fmt.Fprint(&all, rawRequest("POST", "/v1/verify", fmt.Sprintf(`{"key":"k%d"}`, i)))
	}
	go func() { _, _ = io.WriteString(c, all.String()) }()
	for i := range 40 {
		if i == 25 {
			if a := c.answer(t, "GET"); !strings.Contains(a.body, `"position":99`) {
				t.Errorf("the feed: %+v", a)
			}
		}
		if a := c.answer(t, "POST"); a.status != 200 || !strings.Contains(a.body, fmt.Sprintf(`"product":"k%d"`, i)) {
			t.Fatalf("%d: %+v", i, a)
		}
	}
}

// Requests that fasthttp reads in another way than net/http, or would not be
// asked to: both servers answer them alike.
func TestOddRequests(t *testing.T) { onBoth(t, tryOddRequests) }

func tryOddRequests(t *testing.T, b *testServer) {
	t.Helper()
	const question = `{"key":"k"}`
	verify := func(body string, more ...string) string {
		return strings.Replace(rawRequest("POST", "/v1/verify", "", append(more, "Content-Type: application/json")...), "\r\n\r\n", "\r\n\r\n"+body, 1)
	}
	for name, k := range map[string]struct {
		text   string
		status int
	}{
		"chunks":               {verify("4\r\n{\"ke\r\n7\r\ny\":\"k\"}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 200},
		"another encoding":     {verify(question, "Transfer-Encoding: identity"), 501},
		"no body":              {rawRequest("POST", "/v1/verify", "", "Content-Type: application/json"), 400},
		"two types":            {rawRequest("POST", "/v1/verify", question, "Content-Type: application/json"), 415},
		"a query":              {rawRequest("POST", "/v1/verify?x=1", question), 200},
		"an absolute target":   {rawRequest("POST", "http://gate/v1/verify", question), 200},
		"a coded target":       {rawRequest("POST", "/v1/%76erify", question), 200},
		"a path trick":         {rawRequest("POST", "/v1/x/../verify", question), 404},
		"two slashes":          {rawRequest("POST", "//v1/verify", question), 404},
		"another name":         {strings.Replace(rawRequest("GET", "/v1/authorize", ""), "X-Portico-Gateway-Token", "X_Portico_Gateway_Token", 1), 401},
		"a space after a name": {rawRequest("GET", "/v1/authorize", "", "X-Portico-App : a"), 400},
		"a folded line":        {rawRequest("GET", "/v1/authorize", "", "X-Portico-App: a,", " b"), 200},
		"no name":              {rawRequest("GET", "/v1/authorize", "", ": a"), 400},
		"no host":              {strings.Replace(rawRequest("GET", "/v1/authorize", ""), "Host: gate\r\n", "", 1), 400},
		"two hosts":            {rawRequest("GET", "/v1/authorize", "", "Host: gate"), 400},
		"a strange host":       {strings.Replace(rawRequest("GET", "/v1/authorize", ""), "Host: gate", "Host: ga te", 1), 400},
		"a body at authorize":  {rawRequest("POST", "/v1/authorize", question), 200},
		"two connections":      {rawRequest("GET", "/v1/authorize", "", "Connection: keep-alive", "Connection: x"), 200},
		"an upgrade":           {rawRequest("GET", "/v1/authorize", "", "Connection: Upgrade", "Upgrade: websocket"), 200},
		"nearly too large":     {rawRequest("GET", "/v1/authorize", "", "X-Filler: "+strings.Repeat("a", 30000)), 200},
		"a negative length":    {verify(question, "Content-Length: -1"), 400},
		"a length that is not": {verify(question, "Content-Length: 1x"), 400},
		"a strange method":     {rawRequest("PROPFIND", "/v1/authorize", ""), 200},
		"no method":            {rawRequest("G T", "/v1/authorize", ""), 400},
		"another version":      {"GET /v1/authorize HTTP/3.7\r\nHost: gate\r\n\r\n", 505},
		"not HTTP":             {"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400},
	} {
		c := b.connect(t)
		c.write(t, k.text)
		if a := c.answer(t, "POST"); a.status != k.status {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// Two lengths in one request: who asks may mean the one, and who answers the
// other.
func TestTwoLengthsAreRefused(t *testing.T) {
	w := newWatchedServer(t)
	for _, lines := range [][]string{{"Content-Length: 11", "Transfer-Encoding: chunked"}, {"transfer-encoding: chunked", "content-length: 11"}, {"Content-Length: 0", "Transfer-Encoding: chunked"}, {"Content-Length: 11", "Transfer-Encoding: identity"}} {
		for _, path := range []string{"/v1/verify", "/v1/authorize", "/v1/usage", "/healthz"} {
			c := w.connect(t)
			c.write(t, rawRequest("POST", path, "", append(lines, "Content-Type: application/json")...)+"b\r\n{\"key\":\"k\"}\r\n0\r\n\r\n")
			refused(t, c.answer(t, "POST"), path, http.StatusBadRequest, "")
			if _, err := c.in.ReadByte(); !errors.Is(err, io.EOF) {
				t.Errorf("%s: the connection is open: %v", path, err)
			}
		}
	}
	if paths := w.plain(); len(paths) != 0 || w.verifier.questions() != 0 {
		t.Errorf("net/http answered %v", paths)
	}
}

// After an answer without "Connection: close" the next question is answered
// as itself: no engine takes the rest of one request for another.
func TestNothingIsSmuggled(t *testing.T) { onBoth(t, tryNothingIsSmuggled) }

func tryNothingIsSmuggled(t *testing.T, b *testServer) {
	t.Helper()
	inner := rawRequest("POST", "/v1/verify", `{"key":"smuggled"}`)
	for name, text := range map[string]string{
		"in a body of authorize":       rawRequest("POST", "/v1/authorize", inner),
		"in a body of verify":          rawRequest("POST", "/v1/verify", inner),
		"in a body of GET":             rawRequest("GET", "/v1/authorize", inner),
		"in a body of no route":        rawRequest("POST", "/nowhere", inner),
		"in a body of healthz":         rawRequest("GET", "/healthz", inner),
		"in a wrong type":              rawRequest("POST", "/v1/verify", inner, "Content-Type: text/plain"),
		"in an unknown gateway's body": strings.Replace(rawRequest("POST", "/v1/verify", inner), token, "ptg_other", 1),
	} {
		c := b.connect(t)
		c.write(t, text+rawRequest("GET", "/v1/authorize", "", "X-API-Key: last", "Connection: close"))
		for {
			r, err := http.ReadResponse(c.in, nil)
			if err != nil {
				break
			}
			_, _ = io.Copy(io.Discard, r.Body)
			_ = r.Body.Close()
		}
		b.verifier.mu.Lock()
		for _, q := range b.verifier.asked {
			if q.RawKey == "smuggled" {
				t.Errorf("%s: it was taken for a request", name)
			}
		}
		b.verifier.mu.Unlock()
	}
}

func TestExpectContinue(t *testing.T) { onBoth(t, tryExpectContinue) }

func tryExpectContinue(t *testing.T, b *testServer) {
	t.Helper()
	c := b.connect(t)
	text := rawRequest("POST", "/v1/verify", `{"key":"k"}`, "expect: 100-continue")
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	c.write(t, head+"\r\n\r\n")
	if a := c.answer(t, "POST"); a.status != 100 {
		t.Fatalf("%+v", a)
	}
	c.write(t, body)
	if a := c.answer(t, "POST"); a.status != 200 {
		t.Errorf("%+v", a)
	}
}

func TestConnectionsCloseWhenAsked(t *testing.T) { onBoth(t, tryConnectionsCloseWhenAsked) }

func tryConnectionsCloseWhenAsked(t *testing.T, b *testServer) {
	t.Helper()
	for _, text := range []string{
		rawRequest("POST", "/v1/verify", `{}`, "Connection: close"), rawRequest("POST", "/v1/verify", `{}`, "connection: CLOSE"),
		"GET /v1/authorize HTTP/1.0\r\nX-Portico-Gateway-Token: " + token + "\r\n\r\n",
		// What HTTP/1.0 says of a body is read in different ways.
		"GET /v1/authorize HTTP/1.0\r\nConnection: keep-alive\r\nX-Portico-Gateway-Token: " + token + "\r\n\r\n",
	} {
		c := b.connect(t)
		c.write(t, text)
		if a := c.answer(t, "POST"); a.status != 200 {
			t.Errorf("%q: %+v", text, a)
		}
		if _, err := c.in.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("%q: the connection is open: %v", text, err)
		}
	}
}

// What begins before the end is answered; nothing begins after it.
func TestShutdownLosesNothing(t *testing.T) { onBoth(t, tryShutdownLosesNothing) }

func tryShutdownLosesNothing(t *testing.T, b *testServer) {
	t.Helper()
	begun, end := make(chan struct{}, 8), make(chan struct{})
	b.verifier.say = func(r *gateway.Request, v *verdict.Verdict) {
		if r.RawKey == "slow" {
			begun <- struct{}{}
			<-end
		}
		v.Code = verdict.Valid
	}
	idle, slow, fed := b.connect(t), b.connect(t), b.connect(t)
	idle.write(t, rawRequest("GET", "/v1/authorize", ""))
	idle.answer(t, "GET")
	b.verifier.feed = func(_ context.Context, _ int64, _ time.Duration, yield func(*keycache.Change) error) error {
		begun <- struct{}{}
		<-end
		return yield(&keycache.Change{Position: 5})
	}
	slow.write(t, rawRequest("POST", "/v1/verify", `{"key":"slow"}`))
	fed.write(t, rawRequest("GET", "/v1/feed", ""))
	<-begun
	<-begun
	done := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go func() {
		done <- b.server.(interface{ Shutdown(context.Context) error }).Shutdown(ctx)
	}()
	if _, err := idle.in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("an idle connection is open: %v", err)
	}
	close(end)
	if a := slow.answer(t, "POST"); a.status != 200 {
		t.Errorf("verify: %+v", a)
	}
	if a := fed.answer(t, "GET"); a.status != 200 || !strings.Contains(a.body, `"position":5`) {
		t.Errorf("the feed: %+v", a)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", b.addr); err == nil {
		_ = c.Close()
		t.Error("the listener is open")
	}
}

// Connections beyond fasthttp's limit are served by net/http.
func TestConnectionsBeyondTheLimitAreAnswered(t *testing.T) {
	w := newWatchedServer(t, func(s *httpapi.Server) { s.SetMaxFast(2) })
	var lines []*line
	for range 5 {
		c := w.connect(t)
		c.write(t, rawRequest("GET", "/v1/authorize", ""))
		if a := c.answer(t, "GET"); a.status != 200 {
			t.Errorf("%+v", a)
		}
		lines = append(lines, c)
	}
	if paths := w.plain(); len(paths) != 3 {
		t.Errorf("net/http answered %v", paths)
	}
	_ = lines[0].Close()
	for range 500 { // until the server has seen it
		c := w.connect(t)
		c.write(t, rawRequest("GET", "/v1/authorize", "", "Connection: close"))
		c.answer(t, "GET")
		if len(w.plain()) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the room was not given back")
}

// failingListener is a listener that fails now and then, as when files run out.
type failingListener struct {
	net.Listener
	times int
}

func (b *failingListener) Accept() (net.Conn, error) {
	if b.times++; b.times%2 == 1 {
		return nil, errors.New("too many open files")
	}
	return b.Listener.Accept()
}

func TestAFailureToAcceptIsRetried(t *testing.T) {
	w := newWatchedServer(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := httpapi.NewServer(httpapi.New(httpapi.Options{Verifier: w.verifier, Usage: w.usage, Peer: peer, Clock: w.clock, Log: slog.New(slog.NewTextHandler(w.log, nil))}))
	done := make(chan error, 1)
	go func() { done <- s.Serve(&failingListener{Listener: l}) }()
	w.addr = l.Addr().String()
	for range 3 {
		c := w.connect(t)
		c.write(t, rawRequest("GET", "/v1/authorize", ""))
		if a := c.answer(t, "GET"); a.status != 200 {
			t.Errorf("%+v", a)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("it ended with %v", err)
	}
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("after its end: %v", err)
	}
}

// After a panic nothing that was read with the request is taken for another.
func TestAPanicClosesTheConnection(t *testing.T) {
	b := newTestServer(t)
	b.verifier.say = func(*gateway.Request, *verdict.Verdict) { panic("a defect with " + token[:3]) }
	c := b.connect(t)
	c.write(t, rawRequest("GET", "/v1/authorize", "", "X-API-Key: "+secret)+rawRequest("GET", "/healthz", ""))
	refused(t, c.answer(t, "GET"), "panic", http.StatusInternalServerError, "")
	if _, err := c.in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is open: %v", err)
	}
}
