package gate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/limits"
)

const (
	// MaxSilence is the maximum, and the default, of Options.Silence.
	MaxSilence = 5 * time.Second
	// DefaultMaxKeys is the default of Options.MaxKeys.
	DefaultMaxKeys = 100_000

	minSilence  = 100 * time.Millisecond
	reportEvery = 500 * time.Millisecond
)

// ErrToken is returned by New when Portico rejects the gateway's token.
var ErrToken = errors.New("portico refuses the gateway's token")

// Options configures a Gate.
type Options struct {
	// URL is the address of Portico's gate, such as http://127.0.0.1:8081.
	URL string
	// Token is the token that `portico gateway create` printed.
	Token string
	// Product is the name of the protected product.
	Product string
	// HTTPClient sends the requests to Portico; nil means a client of the Gate's
	// own. Its Timeout must be zero or longer than a long poll (Silence).
	HTTPClient *http.Client
	// Silence is how long after the last answer from Portico the Gate still decides
	// about calls: from 100 ms to MaxSilence, which is the default.
	Silence time.Duration
	// MaxKeys bounds the number of keys that are remembered as verified (about 200
	// bytes each); beyond it the least recently used are verified again. 0 means
	// DefaultMaxKeys.
	MaxKeys int
	// Address returns the address of a call's client; nil means the connection's
	// peer. Behind a proxy it must read what that proxy sets, and nothing that a
	// client may have written.
	Address func(*http.Request) netip.Addr
	// PassKey leaves the key in the request that the protected handler receives. By
	// default Authorization and X-API-Key are removed, so that a handler that
	// forwards the request does not disclose keys.
	PassKey bool
	// Log receives errors between the Gate and Portico; nil means slog.Default().
	// No line contains a key or the token.
	Log *slog.Logger
	// Now returns the time, which expiries and quotas follow; nil means time.Now. Tests
	// set it to move the time.
	Now func() time.Time
	// Elapsed returns the time since any fixed moment, and never goes back; rate limits
	// and the Silence follow it. nil means the machine's monotonic clock.
	Elapsed func() time.Duration
}

// Gate decides whether calls may pass. It is safe for concurrent use.
type Gate struct {
	o       Options
	clock   wholeClock
	portico *portico

	store      atomic.Pointer[keycache.Cache]
	lastAnswer atomic.Int64 // Options.Elapsed when the last answered request to the feed was sent
	memory     *limits.Memory
	proofs     *proofs
	flights    singleflight.Group
	calls      *tally

	stop    context.CancelFunc
	running sync.WaitGroup
}

// New returns a Gate after it has read its first snapshot of the organization. It
// retries until ctx ends; the error is about the options, ErrToken, or the last
// failure. The caller must call Close.
func New(ctx context.Context, o Options) (*Gate, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	proofs, err := newProofs(o.MaxKeys)
	if err != nil {
		return nil, err
	}
	g := &Gate{
		o: o, clock: wholeClock(o.Now), portico: &portico{url: o.URL, token: o.Token, instance: uuid.NewString(), http: o.HTTPClient},
		memory: limits.NewMemory(wholeClock(o.Now), o.Elapsed, 0), proofs: proofs, calls: newTally(),
	}
	if err := g.begin(ctx); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.Background())
	g.stop = stop
	g.running.Go(func() { g.follow(running) })
	g.running.Go(func() { g.reportUntil(running) })
	return g, nil
}

// complete validates the options and sets the defaults.
func (o *Options) complete() error {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("gate: URL must be http://host:port or https://host:port")
	}
	if o.Token == "" || o.Product == "" {
		return errors.New("gate: Token and Product are needed")
	}
	if o.Silence == 0 {
		o.Silence = MaxSilence
	}
	if o.Silence < minSilence || o.Silence > MaxSilence {
		return fmt.Errorf("gate: Silence must be from %s to %s", minSilence, MaxSilence)
	}
	if o.MaxKeys <= 0 {
		o.MaxKeys = DefaultMaxKeys
	}
	if o.HTTPClient == nil {
		o.HTTPClient = newHTTPClient()
	}
	if o.Address == nil {
		o.Address = peer
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Elapsed == nil {
		began := time.Now()
		o.Elapsed = func() time.Duration { return time.Since(began) }
	}
	return nil
}

// wholeClock returns the time in the form that Portico has it: in UTC, in whole
// microseconds.
type wholeClock func() time.Time

// Now implements limits.Clock.
func (c wholeClock) Now() time.Time { return c().UTC().Truncate(time.Microsecond) }

// peer returns the address of the connection's other end.
func peer(r *http.Request) netip.Addr {
	from, _ := netip.ParseAddrPort(r.RemoteAddr) // the zero address is in no network
	return from.Addr().Unmap().WithZone("")
}

// Close stops following Portico and reports the calls that were not reported yet. If
// ctx ends before, it returns the reason why they could not be. Later calls are
// refused once the Silence is over.
func (g *Gate) Close(ctx context.Context) error {
	g.stop()
	g.running.Wait()
	return g.report(ctx)
}
