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

	"golang.org/x/sync/singleflight"

	"portico/internal/clock"
	"portico/internal/keycache"
	"portico/internal/limits"
)

const (
	// MaxSilence is the longest that a Gate may go on without hearing from
	// Portico, and the default.
	MaxSilence = 5 * time.Second
	// DefaultMaxKeys is how many keys are remembered as proven unless told otherwise.
	DefaultMaxKeys = 100_000

	minSilence  = 100 * time.Millisecond
	reportEvery = 500 * time.Millisecond
)

// ErrToken: Portico does not believe the gateway's token.
var ErrToken = errors.New("portico does not believe the gateway's token")

// Options say whom a Gate asks, and for what.
type Options struct {
	// URL is where Portico's gate listens, such as http://127.0.0.1:8081.
	URL string
	// Token is what `portico gateway create` printed.
	Token string
	// Product is the name of the product that is guarded.
	Product string
	// HTTPClient reaches Portico; by default one of the Gate's own. Its Timeout
	// must be zero or longer than a long poll (Silence).
	HTTPClient *http.Client
	// Silence is how long after the last word from Portico calls are still
	// decided: from 100 ms to MaxSilence, which is the default.
	Silence time.Duration
	// MaxKeys bounds the keys that are remembered as proven (about 200 bytes
	// each); of more, the least used are proven again. DefaultMaxKeys unless given.
	MaxKeys int
	// Address tells from where a call comes; by default the connection's peer.
	// Behind a proxy it must read what that proxy says, and nothing a client
	// may have written.
	Address func(*http.Request) netip.Addr
	// PassKey leaves the key in the request that the guarded handler gets. By
	// default Authorization and X-API-Key are taken out, so that a handler that
	// forwards the request does not give keys away.
	PassKey bool
	// Log is told what goes wrong between the Gate and Portico; by default
	// slog.Default(). It never holds a key or the token.
	Log *slog.Logger
}

// Gate decides whether calls may pass. It is safe for concurrent use.
type Gate struct {
	o       Options
	clock   clock.Clock
	mono    func() time.Duration // since any moment; never goes back
	portico *portico

	store   atomic.Pointer[keycache.Cache]
	heard   atomic.Int64 // mono when the last answered question to the feed was put
	memory  *limits.Memory
	proofs  *proofs
	flights singleflight.Group
	calls   *tally

	stop    context.CancelFunc
	running sync.WaitGroup
}

// New returns a Gate and waits for its first snapshot of the organization. It
// tries until ctx ends; an error is one of the options, ErrToken, or the last
// failure. Whoever has a Gate calls Close.
func New(ctx context.Context, o Options) (*Gate, error) {
	began := time.Now()
	return start(ctx, o, clock.System{}, func() time.Duration { return time.Since(began) })
}

// start is New with a clock and a monotonic time of the caller's.
func start(ctx context.Context, o Options, c clock.Clock, mono func() time.Duration) (*Gate, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	proofs, err := newProofs(o.MaxKeys)
	if err != nil {
		return nil, err
	}
	g := &Gate{
		o: o, clock: c, mono: mono, portico: &portico{url: o.URL, token: o.Token, http: o.HTTPClient},
		memory: limits.NewMemory(c, mono, 0), proofs: proofs, calls: newTally(),
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

// complete checks the options and fills in the defaults.
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
	return nil
}

// peer is the address at the other end of the connection.
func peer(r *http.Request) netip.Addr {
	from, _ := netip.ParseAddrPort(r.RemoteAddr) // the zero address is in no network
	return from.Addr().Unmap().WithZone("")
}

// Close stops following Portico and reports the calls that are still to be
// reported, until ctx ends; its error is then why they could not be. Calls
// that come later are refused once the Silence is over.
func (g *Gate) Close(ctx context.Context) error {
	g.stop()
	g.running.Wait()
	return g.report(ctx)
}
