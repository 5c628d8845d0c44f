package gate

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
)

// fakeTransport is a RoundTripper that returns the same answer to every request.
type fakeTransport struct {
	status int
	text   string
	end    error // how the body ends
	asked  int
}

func (w *fakeTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	w.asked++
	return &http.Response{StatusCode: w.status, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader(w.text), ending{w.end})), Request: r}, nil
}

type ending struct{ err error }

func (e ending) Read([]byte) (int, error) { return 0, e.err }

// newUnconnectedGate returns a Gate that has received nothing yet, one second after its start.
func newUnconnectedGate(w *fakeTransport) *Gate {
	now := func() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }
	elapsed := func() time.Duration { return time.Second }
	g := &Gate{
		o:     Options{Silence: MaxSilence, Log: slog.New(slog.DiscardHandler), Now: now, Elapsed: elapsed},
		clock: now, memory: limits.NewMemory(wholeClock(now), elapsed, 0), calls: newTally(),
		portico: &portico{url: "http://portico.test", token: "token", http: &http.Client{Transport: w}},
	}
	g.store.Store(keycache.New(0))
	return g
}

// No content of the feed's lines makes the Gate fail; an incomplete answer does not
// replace the copy or count as an answer, and a position never goes back.
func FuzzFeed(f *testing.F) {
	catalogue := `{"position":7,"catalogue":{"organization":{"id":"01890000-0000-7000-8000-000000000001","slug":"demo","timeZone":"UTC"},"products":[]}}` + "\n"
	for _, text := range []string{
		"", "{}", "null\n", "[]", `{"position":7}` + "\n" + `{"position":8}`, catalogue, catalogue + `{"posi`, `{"position":-1}`, `{"position":1e99}`, `{"catalogue":null}`,
		catalogue + `{"position":9,"accounts":[{"id":"01890000-0000-7000-8000-000000000002"}],"apps":[{"id":"01890000-0000-7000-8000-000000000003"}],"credentials":[{"id":"01890000-0000-7000-8000-000000000004","addresses":["::/0","x"]}]}`,
		`{"goneCredentials":["01890000-0000-7000-8000-000000000004"],"goneApps":[null]}`, "\xff", `{"catalogue":{"products":[{"endpoints":[{"path":"/{"}]}]}}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cut := newUnconnectedGate(&fakeTransport{status: http.StatusOK, text: text, end: io.ErrUnexpectedEOF})
		before := cut.store.Load()
		if err := cut.snapshot(t.Context()); err == nil || cut.store.Load() != before || cut.lastAnswer.Load() != 0 {
			t.Fatalf("a snapshot that broke off: %v", err)
		}
		if err := cut.poll(t.Context(), 0); err == nil || cut.lastAnswer.Load() != 0 {
			t.Fatalf("a poll that broke off: %v", err)
		}

		g := newUnconnectedGate(&fakeTransport{status: http.StatusOK, text: text, end: io.EOF})
		err := g.snapshot(t.Context())
		if took := g.store.Load().Catalogue() != nil; took != (err == nil) || took != (g.lastAnswer.Load() != 0) {
			t.Fatalf("taken: %v, heard: %v, %v", took, g.lastAnswer.Load(), err)
		}
		at := g.store.Load().Position()
		if again := g.poll(t.Context(), 0); err == nil && again != nil {
			t.Fatalf("a whole answer is none the second time: %v", again)
		}
		if now := g.store.Load().Position(); now < at {
			t.Fatalf("the position went back from %d to %d", at, now)
		}
		var c verdict.Facts
		g.store.Load().Facts(uuid.UUID{1}, &c)
	})
}

// Quotas are counted by the organization's days: a catalogue without its time zone is
// refused, as the first one and later.
func TestCatalogueWithoutTimeZoneIsRefused(t *testing.T) {
	const whole = `{"position":7,"catalogue":{"organization":{"id":"01890000-0000-7000-8000-000000000001","slug":"demo","timeZone":"Asia/Tokyo"},"products":[]}}`
	for _, zone := range []string{``, `,"timeZone":null`, `,"timeZone":""`, `,"timeZone":"Local"`, `,"timeZone":"moon"`} {
		text := strings.Replace(whole, `,"timeZone":"Asia/Tokyo"`, zone, 1)
		g := newUnconnectedGate(&fakeTransport{status: http.StatusOK, text: text, end: io.EOF})
		if err := g.snapshot(t.Context()); err == nil || g.store.Load().Catalogue() != nil || g.lastAnswer.Load() != 0 {
			t.Errorf("%s was taken: %v", text, err)
		}
		g = newUnconnectedGate(&fakeTransport{status: http.StatusOK, text: whole, end: io.EOF})
		if err := g.snapshot(t.Context()); err != nil {
			t.Fatal(err)
		}
		g.portico.http.Transport = &fakeTransport{status: http.StatusOK, text: text, end: io.EOF}
		if err := g.poll(t.Context(), 0); err == nil || g.store.Load().Catalogue().Location.String() != "Asia/Tokyo" {
			t.Errorf("%s was taken by a poll: %v", text, err)
		}
	}
}

// An answer that the decoder would silently change is refused.
func TestInexactAnswersAreRefused(t *testing.T) {
	for _, name := range []string{`\ud800`, `\udc00\ud800`, "\xff", "\xed\xa0\x80"} {
		text := `{"position":7,"catalogue":{"id":"01890000-0000-7000-8000-000000000001","name":"` + name + `","zone":"UTC","products":[]}}`
		g := newUnconnectedGate(&fakeTransport{status: http.StatusOK, text: text, end: io.EOF})
		if err := g.snapshot(t.Context()); !errors.Is(err, errInexact) || g.store.Load().Catalogue() != nil || g.lastAnswer.Load() != 0 {
			t.Errorf("a snapshot with %q: %v", name, err)
		}
		if err := g.poll(t.Context(), 0); !errors.Is(err, errInexact) || g.lastAnswer.Load() != 0 {
			t.Errorf("a poll with %q: %v", name, err)
		}
		if err := g.portico.post(t.Context(), "/v1/verify", struct{}{}, new(any)); !errors.Is(err, errInexact) {
			t.Errorf("a verdict with %q: %v", name, err)
		}
	}
}

// For every answer of Portico to a report, each row is counted, dropped or kept, none
// of them twice, and only Portico's own refusals drop any.
func FuzzReportAnswers(f *testing.F) {
	for _, a := range []struct {
		status int
		text   string
	}{
		{200, `{"replayed":false}`}, {200, ""}, {200, "<html>"}, {200, `{"replayed"`}, {200, "[]"}, {200, "null"}, {400, `{"code":"BAD_USER_INPUT"}`}, {413, ""},
		{401, "{}"}, {403, ""}, {410, ""}, {429, ""}, {500, ""}, {503, "{}"}, {301, ""}, {204, ""}, {100, ""}, {0, ""}, {-1, "x"},
	} {
		f.Add(a.status, a.text, uint8(5))
	}
	f.Fuzz(func(t *testing.T, status int, text string, rows uint8) {
		if rows == 0 {
			return
		}
		w := &fakeTransport{status: status, text: text, end: io.EOF}
		g := newUnconnectedGate(w)
		at := g.clock.Now()
		for i := range rows {
			g.calls.add(&verdict.Verdict{Code: verdict.Valid, Endpoint: uuid.UUID{i + 1}}, nil, at)
		}
		b := g.calls.next(at)
		sent := slices.Clone(b.parts[0])
		err := g.report(t.Context())
		refusal := status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge
		switch {
		case refusal:
			if err != nil || b.calls != int64(rows) || b.rows != int(rows) || !b.finished() || w.asked != 2*int(rows)-1 {
				t.Fatalf("%d rows refused: %d given up after %d questions, %v", rows, b.rows, w.asked, err)
			}
		case err == nil:
			if status != http.StatusOK || !b.finished() || b.rows != 0 || w.asked != 1 || strings.TrimLeft(text, " \t\r\n") == "" {
				t.Fatalf("taken for counted: %d %q", status, text)
			}
		case len(b.parts) != 1 || !slices.Equal(b.parts[0], sent) || b.rows != 0 || g.calls.next(at) != b:
			t.Fatalf("not kept as it was: %v", err)
		}
		w.status, w.text, w.asked = http.StatusOK, "{}", 0
		if again := g.report(context.Background()); again != nil || (w.asked == 1) != (err != nil) {
			t.Fatalf("%d questions after %v: %v", w.asked, err, errors.Join(err, again))
		}
	})
}
