package httpapi_test

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Bodies that are slow to come take no more than a token's share, and nobody
// else waits for them; a small report does not need any.
func TestSlowBodiesAreLimitedByToken(t *testing.T) {
	b := newTestServer(t)
	const json = "Content-Type: application/json"
	for range 16 {
		b.connect(t).write(t, rawRequest("POST", "/v1/usage", "", json, "Content-Length: 1048576")+"{")
	}
	waitFor(t, "every body has its room", func() bool { used, _, _, _ := b.handler.Bodies(); return used == 16<<20 })
	late := b.connect(t)
	late.write(t, rawRequest("POST", "/v1/usage", "", json, "Content-Length: 1048576")+"{")
	a := late.answer(t, "POST")
	refused(t, a, "a report", http.StatusServiceUnavailable, "")
	if a.header.Get("Retry-After") != "1" {
		t.Errorf("%v", a.header)
	}
	report := `{"batch":"small","calls":[{"calls":1,"statusClass":2,"at":"2026-03-04T12:00:00Z"}]}`
	if a := b.send(t, "POST", "/v1/usage", report); a.status != 200 {
		t.Errorf("%+v", a)
	}
	if _, _, _, refused := b.handler.Bodies(); refused != 1 {
		t.Errorf("%d were refused", refused)
	}
}

func TestAnAnsweredRequestReleasesItsBody(t *testing.T) {
	b := newTestServer(t)
	report := `{"batch":"large","calls":[{"calls":1,"statusClass":2,"at":"2026-03-04T12:00:00Z"}]}` + strings.Repeat(" ", 100_000)
	if a := b.send(t, "POST", "/v1/usage", report); a.status != 200 {
		t.Errorf("%+v", a)
	}
	waitFor(t, "the room is left", func() bool { used, _, _, _ := b.handler.Bodies(); return used == 0 })
}

// gRPC reads a body before it asks who sent it: here the token is looked at first.
func TestEnvoyWithoutATokenIsRefusedUnread(t *testing.T) {
	b := newTestServer(t)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}, Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	body := make([]byte, 5, 5+1<<10)
	binary.BigEndian.PutUint32(body[1:], 1<<19) // of which little comes
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/envoy.service.auth.v3.Authorization/Check", &endless{first: bytes.NewReader(body), ended: t.Context().Done()})
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("Te", "trailers")
	a, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	var rest bytes.Buffer
	if _, err := rest.ReadFrom(a.Body); err != nil || a.Trailer.Get("Grpc-Status") != "16" || a.Trailer.Get("Grpc-Message") == "" {
		t.Errorf("%d %v %v, %v", a.StatusCode, a.Header, a.Trailer, err)
	}
}

// endless is a body whose end does not come.
type endless struct {
	first *bytes.Reader
	ended <-chan struct{}
}

func (e *endless) Read(p []byte) (int, error) {
	if e.first.Len() > 0 {
		return e.first.Read(p)
	}
	<-e.ended
	return 0, http.ErrBodyReadAfterClose
}

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 500 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("not so: " + what)
}
