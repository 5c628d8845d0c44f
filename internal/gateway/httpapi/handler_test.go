package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
	"portico/internal/fault"
	"portico/internal/gateway"
)

func routes() map[string]string {
	return map[string]string{"/v1/verify": "POST", "/v1/verify/batch": "POST", "/v1/authorize": "GET", "/v1/usage": "POST", "/v1/feed": "GET"}
}

func TestEveryRouteRequiresAToken(t *testing.T) { onBoth(t, tryEveryRouteRequiresAToken) }

func tryEveryRouteRequiresAToken(t *testing.T, b *testServer) {
	t.Helper()
	for path, method := range routes() {
		for name, headers := range map[string][]string{
			"none": {"X-Portico-Gateway-Token", ""}, "another": {"X-Portico-Gateway-Token", "", "X-Portico-Gateway-Token", "ptg_other"},
			"two":     {"X-Portico-Gateway-Token", token},
			"a key":   {"X-Portico-Gateway-Token", "", "Authorization", "Bearer " + token},
			"a space": {"X-Portico-Gateway-Token", "", "X-Portico-Gateway-Token", token + " x"},
			"long":    {"X-Portico-Gateway-Token", "", "X-Portico-Gateway-Token", strings.Repeat("a", 30000)},
		} {
			a := b.send(t, method, path, "", headers...)
			refused(t, a, path+" "+name, http.StatusUnauthorized, "")
			if !strings.Contains(a.body, `"UNAUTHENTICATED"`) || a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: %v %s", path, a.header, a.body)
			}
		}
	}
	if b.verifier.questions() != 0 {
		t.Error("the verifier was asked")
	}
}

func TestWithoutADatabaseClientsRetryLater(t *testing.T) {
	onBoth(t, tryWithoutADatabaseClientsRetryLater)
}

func tryWithoutADatabaseClientsRetryLater(t *testing.T, b *testServer) {
	t.Helper()
	for _, err := range []error{fault.RetryAfter(fault.CodeUnavailable, fault.ReasonDatabase, 2*time.Second, "No database."), errors.New("pq: the connection is gone"), context.DeadlineExceeded} {
		b.verifier.callerErr = err
		for path, method := range routes() {
			a := b.send(t, method, path, "")
			refused(t, a, path, http.StatusServiceUnavailable, "")
			if retry := a.header.Get("Retry-After"); retry != "1" && retry != "2" || strings.Contains(a.body, "pq") {
				t.Errorf("%s: Retry-After %q, %s", path, retry, a.body)
			}
		}
	}
}

func TestUnknownPaths(t *testing.T) { onBoth(t, tryUnknownPaths) }

func tryUnknownPaths(t *testing.T, b *testServer) {
	t.Helper()
	for _, path := range []string{"/", "/v1", "/v1/verify/", "/V1/verify", "/v1/authorize/x", "/graphql", "/v1//verify", "/v1/%76erify/x"} {
		refused(t, b.send(t, "GET", path, ""), path, http.StatusNotFound, "")
	}
	if a := b.send(t, "GET", "/healthz", "", "X-Portico-Gateway-Token", ""); a.status != 200 {
		t.Errorf("/healthz: %d", a.status)
	}
}

func TestAPanicIsAnswered(t *testing.T) { onBoth(t, tryAPanicIsAnswered) }

func tryAPanicIsAnswered(t *testing.T, b *testServer) {
	t.Helper()
	b.verifier.say = func(*gateway.Request, *verdict.Verdict) { panic("a defect") }
	for range 3 {
		a := b.send(t, "POST", "/v1/verify", `{"key":"`+secret+`"}`)
		refused(t, a, "panic", http.StatusInternalServerError, "")
		if strings.Contains(a.body, "defect") {
			t.Errorf("the panic is shown: %s", a.body)
		}
	}
	if !strings.Contains(b.log.String(), "a defect") {
		t.Error("the panic is not in the log")
	}
	// A Verifier that sets no verdict lets no call pass.
	b.verifier.say = func(*gateway.Request, *verdict.Verdict) {}
	if a := b.send(t, "GET", "/v1/authorize", ""); a.status != 503 {
		t.Errorf("without a verdict: %d", a.status)
	}
}

// raw writes bytes and reads the line that the answer begins with; "" when the
// server hangs up without one.
func (b *testServer) raw(t *testing.T, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	go func() { _, _ = io.WriteString(c, text) }() // the server may refuse to read all of it
	answer, err := bufio.NewReader(c).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	return answer
}

// What a client library would not send.
func TestHostileBytes(t *testing.T) { onBoth(t, tryHostileBytes) }

func tryHostileBytes(t *testing.T, b *testServer) {
	t.Helper()
	head := "Host: x\r\nConnection: close\r\nX-Portico-Gateway-Token: " + token + "\r\n"
	for name, c := range map[string]struct{ text, want string }{
		"a megabyte of key":      {"GET /v1/authorize HTTP/1.1\r\n" + head + "X-API-Key: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", "431"},
		"header injection":       {"GET /v1/authorize HTTP/1.1\r\n" + head + "X-Forwarded-Uri: /a\rX-Portico-Code: VALID\r\n\r\n", "400"},
		"NUL in a header":        {"GET /v1/authorize HTTP/1.1\r\n" + head + "X-Forwarded-Uri: /a\x00\r\n\r\n", "400"},
		"two tokens":             {"GET /v1/authorize HTTP/1.1\r\n" + head + "x-portico-gateway-token: " + token + "\r\n\r\n", "401"},
		"two authorizations":     {"GET /v1/authorize HTTP/1.1\r\n" + head + "Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n", "200"}, // a verdict: MALFORMED
		"a body that is cut off": {"POST /v1/verify HTTP/1.1\r\n" + head + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", "400"},
		"two lengths":            {"POST /v1/verify HTTP/1.1\r\n" + head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}", "400"},
		"chunks without an end":  {"POST /v1/verify HTTP/1.1\r\n" + head + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("ffff\r\n"+strings.Repeat(" ", 0xffff)+"\r\n", 3), "413"},
		"HTTP/1.0":               {"GET /healthz HTTP/1.0\r\n\r\n", "200"},
	} {
		got := b.raw(t, c.text)
		if status, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(got, "HTTP/1.1 "), "HTTP/1.0 "), " "); status != c.want {
			t.Errorf("%s: %.200s", name, got)
		}
	}
	if !b.verifier.last(t).Malformed {
		t.Error("two Authorization headers are not malformed")
	}
}

func TestSlowConnectionsAreClosed(t *testing.T) {
	onBothWithTimeouts(t, 15*time.Second, trySlowSockets)
}

func trySlowSockets(t *testing.T, b *testServer) {
	t.Helper()
	head := "Host: x\r\nX-Portico-Gateway-Token: " + token + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
	for what, text := range map[string]string{"nothing": "", "half a line": "POST /v1/ver", "half a head": "POST /v1/verify HTTP/1.1\r\n" + head} {
		if got := b.raw(t, text); strings.Contains(got, "200 OK") {
			t.Errorf("%s: %q", what, got)
		}
	}
	if got := b.raw(t, "POST /v1/verify HTTP/1.1\r\n"+head+"\r\n{"); !strings.HasPrefix(got, "HTTP/1.1 400") {
		t.Errorf("half a body: %q", got)
	}
}

func change(position int64) *keycache.Change {
	return &keycache.Change{Position: position, Credentials: []keycache.Credential{{ID: id(1), Hash: []byte(secret), PepperID: "pepper-of-" + secret}}}
}

func TestFeed(t *testing.T) { onBoth(t, tryFeed) }

func tryFeed(t *testing.T, b *testServer) {
	t.Helper()
	b.verifier.feed = func(_ context.Context, after int64, wait time.Duration, yield func(*keycache.Change) error) error {
		if after == 7 && wait == 0 {
			return yield(&keycache.Change{Position: 7})
		}
		if after == -1 && wait == 0 || after == 3 && wait == 2*time.Second {
			return errors.Join(yield(change(4)), yield(change(5)))
		}
		return fmt.Errorf("asked for %d %s", after, wait)
	}
	for path, lines := range map[string]int{"/v1/feed": 2, "/v1/feed?after=3&wait=2s": 2, "/v1/feed?after=7": 1} {
		a := b.send(t, "GET", path, "")
		if a.status != 200 || a.header.Get("Content-Type") != "application/x-ndjson" || strings.Count(a.body, "\n") != lines || !strings.HasSuffix(a.body, "\n") {
			t.Errorf("%s: %d %v %q", path, a.status, a.header, a.body)
		}
		last := []string{"", `{"position":7}`, `{"position":5,`}[lines]
		if line := strings.Split(a.body, "\n")[lines-1]; !strings.HasPrefix(line, last) {
			t.Errorf("%s ends with %q", path, line)
		}
		if strings.Contains(a.body, "pepper") || strings.Contains(strings.ToLower(a.body), "hash") {
			t.Errorf("a hash is in the feed: %s", a.body)
		}
	}
	for _, query := range []string{"after=-1", "after=", "after=x", "after=1&after=1", "after=99999999999999999999", "wait=26s", "wait=-1s", "wait=2", "wait=1s&wait=1s", "since=1", "after=%zz"} {
		refused(t, b.send(t, "GET", "/v1/feed?"+query, ""), query, http.StatusBadRequest, "")
	}
	for name, headers := range map[string][]string{"long": {"X-Portico-Instance", strings.Repeat("a", 65)}, "a space": {"X-Portico-Instance", "a b"}, "twice": {"X-Portico-Instance", "a", "X-Portico-Instance", "b"}} {
		refused(t, b.send(t, "GET", "/v1/feed?after=7", "", headers...), "an instance's name: "+name, http.StatusBadRequest, "")
	}
	if a := b.send(t, "GET", "/v1/feed?after=7", "", "X-Portico-Instance", strings.Repeat("a", 64)); a.status != 200 {
		t.Errorf("an instance's name: %d", a.status)
	}
	if a := b.send(t, "POST", "/v1/feed", "{}"); a.status != 405 || a.header.Get("Allow") != "GET" {
		t.Errorf("POST: %d", a.status)
	}
}

func TestFeedThatFails(t *testing.T) { onBoth(t, tryFeedThatFails) }

func tryFeedThatFails(t *testing.T, b *testServer) {
	t.Helper()
	for want, err := range map[int]error{401: fault.New(fault.CodeUnauthenticated, fault.ReasonInvalidToken, "Revoked."), 410: fmt.Errorf("around: %w", gateway.ErrTooOld), 503: fault.RetryAfter(fault.CodeUnavailable, fault.ReasonDatabase, time.Second, "Stale.")} {
		b.verifier.feed = func(context.Context, int64, time.Duration, func(*keycache.Change) error) error { return err }
		a := b.send(t, "GET", "/v1/feed?after=1", "")
		refused(t, a, err.Error(), want, "")
		if (a.header.Get("Retry-After") != "") != (want == 503) {
			t.Errorf("%d: %v", want, a.header)
		}
	}
	b.verifier.feed = func(context.Context, int64, time.Duration, func(*keycache.Change) error) error {
		return io.ErrUnexpectedEOF
	}
	refused(t, b.send(t, "GET", "/v1/feed", ""), "an unknown error", 503, "")
	b.verifier.feed = func(context.Context, int64, time.Duration, func(*keycache.Change) error) error { return nil }
	if a := b.send(t, "GET", "/v1/feed", ""); a.status == 200 && a.body != "" {
		t.Errorf("an empty snapshot: %q", a.body)
	}
	// Half a feed has no end, so that it is not mistaken for a whole one.
	b.verifier.feed = func(_ context.Context, _ int64, _ time.Duration, yield func(*keycache.Change) error) error {
		return errors.Join(yield(change(1)), io.ErrUnexpectedEOF)
	}
	r, _ := http.NewRequestWithContext(t.Context(), "GET", b.url+"/v1/feed", nil)
	r.Header.Set("X-Portico-Gateway-Token", token)
	response, err := http.DefaultClient.Do(r)
	if err == nil {
		_, err = io.ReadAll(response.Body)
		_ = response.Body.Close()
	}
	if err == nil {
		t.Error("half a feed was taken for a whole one")
	}
}

// A long poll outlives the server's timeouts and ends when the gateway goes.
func TestALongPollWaits(t *testing.T) { onBothWithTimeouts(t, 100*time.Millisecond, tryALongPollWaits) }

func tryALongPollWaits(t *testing.T, b *testServer) {
	t.Helper()
	ended := make(chan struct{})
	b.verifier.feed = func(ctx context.Context, _ int64, wait time.Duration, yield func(*keycache.Change) error) error {
		if wait == 25*time.Second {
			<-ctx.Done()
			close(ended)
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
			return yield(change(9))
		}
	}
	if a := b.send(t, "GET", "/v1/feed?after=1&wait=1s", ""); a.status != 200 || !strings.Contains(a.body, `"position":9`) {
		t.Errorf("a long poll: %d %q", a.status, a.body)
	}
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(c)
	fmt.Fprintf(w, "GET /v1/feed?after=1&wait=25s HTTP/1.1\r\nHost: x\r\nX-Portico-Gateway-Token: %s\r\n\r\n", token)
	if err := errors.Join(w.Flush(), c.Close()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("the poll goes on without a gateway")
	}
}
