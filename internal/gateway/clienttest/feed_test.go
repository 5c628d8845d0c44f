package clienttest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate"
)

// slowTransport is a RoundTripper with which looking up a key takes longer than the Silence,
// while the feed is unavailable.
type slowTransport struct {
	g *guarded
}

func (s *slowTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case r.URL.Path == "/v1/verify":
		s.g.mono.Add(int64(gate.MaxSilence) + 1)
	case r.URL.Path == "/v1/feed" && s.g.mono.Load() > 0:
		return nil, errors.New("cut")
	}
	return http.DefaultTransport.RoundTrip(r)
}

// An answer of Portico that arrives after the Silence is not used: a node with a
// longer grace period still answers VALID.
func TestAnswerAfterTheSilenceRefuses(t *testing.T) {
	p := newPortico(t)
	raw := p.newKey(t)
	g := &guarded{portico: p}
	o := gate.Options{URL: p.URL, Token: token, Product: "rates", Log: quiet(), HTTPClient: &http.Client{Transport: &slowTransport{g: g}}}
	o.Now, o.Elapsed = p.clock.Now, func() time.Duration { return time.Duration(g.mono.Load()) }
	created, err := gate.New(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = created.Close(context.Background()) })
	w := (&guarded{Gate: created, api: created.Middleware(http.NotFoundHandler())}).call("X-API-Key", raw)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.EqualValues(t, 1, p.asked.Load())
}
