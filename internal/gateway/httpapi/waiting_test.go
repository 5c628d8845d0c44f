package httpapi_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// connectImpatient is a connection on which answers must come well before the server
// gives up a body.
func (b *testServer) connectImpatient(t *testing.T) *line {
	t.Helper()
	l := b.connect(t)
	_ = l.SetDeadline(time.Now().Add(4 * time.Second))
	return l
}

// ended sees the server close the connection.
func (l *line) ended(t *testing.T, what string) {
	t.Helper()
	if _, err := l.in.ReadByte(); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%s: the connection is open: %v", what, err)
	}
}

// A client that announces a body and sends none is answered all the same.
func TestUnneededBodiesAreNotAwaited(t *testing.T) { onBoth(t, tryUnneededBodies) }

func tryUnneededBodies(t *testing.T, b *testServer) {
	t.Helper()
	const json = "Content-Type: application/json"
	withUnknownToken := func(method, path string, more ...string) string {
		return strings.Replace(rawRequest(method, path, "", more...), token, "ptg_other", 1)
	}
	for name, c := range map[string]struct {
		status int
		keeps  bool // after the body
		text   string
	}{
		"GET":                    {200, true, rawRequest("GET", "/v1/authorize", "", "Content-Length: 10")},
		"POST":                   {200, true, rawRequest("POST", "/v1/authorize", "", "Content-Length: 10")},
		"PUT":                    {200, true, rawRequest("PUT", "/v1/authorize", "", "Content-Length: 10")},
		"PROPFIND":               {200, true, rawRequest("PROPFIND", "/v1/authorize", "", "Content-Length: 10")},
		"a bad question":         {400, true, rawRequest("GET", "/v1/authorize", "", "X-Portico-Cost: x", "Content-Length: 10")},
		"much":                   {200, false, rawRequest("POST", "/v1/authorize", "", "Content-Length: 1000000000")},
		"chunks":                 {200, false, rawRequest("POST", "/v1/authorize", "", "Transfer-Encoding: chunked")},
		"expecting":              {200, false, rawRequest("POST", "/v1/authorize", "", "Content-Length: 10", "Expect: 100-continue")},
		"unknown token's key":    {401, false, withUnknownToken("POST", "/v1/verify", json, "Content-Length: 10")},
		"nobody's key":           {401, false, "POST /v1/verify HTTP/1.1\r\nHost: x\r\n" + json + "\r\nContent-Length: 10\r\n\r\n"},
		"two tokens' key":        {401, false, rawRequest("POST", "/v1/verify", "", json, "X-Portico-Gateway-Token: "+token, "Content-Length: 10")},
		"a key in no JSON":       {415, false, rawRequest("POST", "/v1/verify", "", "Content-Type: text/plain", "Content-Length: 10")},
		"a key in what":          {415, false, rawRequest("POST", "/v1/verify", "", "Content-Length: 10")},
		"a key in two":           {415, false, rawRequest("POST", "/v1/verify", "", json, json, "Content-Length: 10")},
		"a key in others":        {415, false, rawRequest("POST", "/v1/verify", "", "Content-Type: text/plain", json, "Content-Length: 10")},
		"unknown token":          {401, false, withUnknownToken("POST", "/v1/authorize", "Content-Length: 10")},
		"unknown token's report": {401, false, withUnknownToken("POST", "/v1/usage", json, "Content-Length: 10")},
		"unknown token's batch":  {401, false, withUnknownToken("POST", "/v1/verify/batch", json, "Content-Length: 10")},
		"unknown token's feed":   {401, false, withUnknownToken("GET", "/v1/feed", "Content-Length: 10")},
		"feed":                   {400, false, rawRequest("GET", "/v1/feed?x=y", "", "Content-Length: 10")},
		"no JSON":                {415, false, rawRequest("POST", "/v1/usage", "", "Content-Type: text/plain", "Content-Length: 10")},
		"method":                 {405, false, rawRequest("PUT", "/v1/usage", "", json, "Content-Length: 10")},
		"method of verify":       {405, false, rawRequest("GET", "/v1/verify", "", json, "Content-Length: 10")},
		"no route":               {404, false, rawRequest("POST", "/nowhere", "", "Content-Length: 10")},
		"chunks at no route":     {404, false, rawRequest("POST", "/nowhere", "", "Transfer-Encoding: chunked")},
		"health":                 {200, false, rawRequest("GET", "/healthz", "", "Content-Length: 10")},
	} {
		l := b.connectImpatient(t)
		l.write(t, c.text)
		method, _, _ := strings.Cut(c.text, " ")
		a, err := http.ReadResponse(l.in, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if a.StatusCode != c.status || a.Close == c.keeps {
			t.Errorf("%s: %d, closes: %v", name, a.StatusCode, a.Close)
		}
		if _, err := io.Copy(io.Discard, a.Body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_ = a.Body.Close()
	}
}

// A body that authorize did not need does not end the connection, whether it
// comes with the question or after the answer, and is no question itself.
func TestAuthorizeKeepsTheConnection(t *testing.T) { onBoth(t, tryKeptConnections) }

func tryKeptConnections(t *testing.T, b *testServer) {
	t.Helper()
	inner := rawRequest("POST", "/v1/verify", `{"key":"smuggled"}`)
	text := rawRequest("POST", "/v1/authorize", inner, "X-API-Key: outer")
	l := b.connectImpatient(t)
	for _, sent := range []int{len(text), len(text) - 1, len(text) - len(inner), len(text)} {
		l.write(t, text[:sent])
		if a := l.answer(t, "POST"); a.status != http.StatusOK || b.verifier.last(t).RawKey != "outer" {
			t.Errorf("%d: %+v", sent, a)
		}
		l.write(t, text[sent:])
	}
	l.write(t, rawRequest("GET", "/v1/authorize", "", "X-API-Key: last"))
	if a := l.answer(t, "GET"); a.status != http.StatusOK || b.verifier.last(t).RawKey != "last" || b.verifier.questions() != 5 {
		t.Errorf("%+v after %d questions", a, b.verifier.questions())
	}
}

// What arrives after a body was given up is not taken for a request.
func TestAMissingBodyEndsTheConnection(t *testing.T) {
	onBothWithTimeouts(t, 15*time.Second, func(t *testing.T, b *testServer) {
		t.Helper()
		for _, path := range []string{"/v1/authorize", "/nowhere", "/healthz"} {
			l := b.connectImpatient(t)
			l.write(t, rawRequest("GET", path, "", "Content-Length: 10000")+"half")
			l.answer(t, "GET")
			l.ended(t, path)
		}
	})
}
