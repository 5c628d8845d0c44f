package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portico/clients/go/gate/verdict"
	"portico/internal/clock"
	"portico/internal/gateway"
	"portico/internal/gateway/httpapi"
)

const question = `{"key":"ptk_0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0u1_4gfFC3","product":"orders","method":"GET","path":"/orders/4711","ip":"203.0.113.7","cost":1}`

// quickVerifier costs nothing, so that the handler alone is measured.
type quickVerifier struct {
	fakeVerifier
	caller gateway.Caller
	full   func(*gateway.Request, *verdict.Verdict)
}

func (g *quickVerifier) Caller(context.Context, string) (*gateway.Caller, error) {
	return &g.caller, nil
}

func (g *quickVerifier) Verify(_ context.Context, _ *gateway.Caller, r *gateway.Request, v *verdict.Verdict) {
	g.full(r, v)
}

// sink is a ResponseWriter that is used again.
type sink struct {
	header http.Header
	n      int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { s.n += len(p); return len(p), nil }
func (s *sink) WriteHeader(int)             {}

type body struct{ strings.Reader }

func (*body) Close() error { return nil }

func quickHandler() http.Handler {
	g := &quickVerifier{full: fullVerdict(verdict.Valid), caller: gateway.Caller{Organization: organization()}}
	return httpapi.New(httpapi.Options{Verifier: g, Usage: &fakeUsage{}, Peer: peer, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
}

// empty reads the same body and writes an answer of the same size.
func empty(text []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
	})
}

func direct(b *testing.B, h http.Handler, path, text string, header http.Header) {
	w, in := &sink{header: http.Header{}}, &body{}
	r := &http.Request{Method: http.MethodPost, URL: &url.URL{Path: path}, Header: header, ContentLength: int64(len(text)), Body: in, RemoteAddr: "127.0.0.1:1"}
	b.ReportAllocs()
	for b.Loop() {
		in.Reset(text)
		clear(w.header)
		h.ServeHTTP(w, r)
	}
	if w.n == 0 && path == "/v1/verify" {
		b.Fatal("nothing was written")
	}
}

func questionHeader() http.Header {
	return http.Header{
		"X-Portico-Gateway-Token": {token}, "Content-Type": {"application/json"},
		"Authorization": {"Bearer ptk_0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0u1_4gfFC3"}, "X-Portico-Product": {"orders"},
		"X-Forwarded-Method": {"GET"}, "X-Forwarded-Uri": {"/orders/4711"}, "X-Forwarded-For": {"203.0.113.7"},
	}
}

func BenchmarkVerify(b *testing.B) {
	direct(b, quickHandler(), "/v1/verify", question, questionHeader())
}
func BenchmarkAuthorize(b *testing.B) {
	direct(b, quickHandler(), "/v1/authorize", "", questionHeader())
}

func BenchmarkEmpty(b *testing.B) {
	direct(b, empty(make([]byte, 600)), "/v1/verify", question, questionHeader())
}

// What reading the question costs with the standard library.
func BenchmarkStandardJSON(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var q struct {
			Key, Username, Password, Product, App, Method, Path, IP string
			Cost                                                    int64
		}
		d := json.NewDecoder(strings.NewReader(question))
		d.DisallowUnknownFields()
		if err := d.Decode(&q); err != nil {
			b.Fatal(err)
		}
	}
}
