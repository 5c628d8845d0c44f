// Package gateway is the gate: it answers whether a call with a key may pass,
// in memory, and is never wrong about a revocation that it could know of.
//
// For each organization whose gateways ask, a node keeps a copy (package
// replica) and follows the organization's event log: twice a second, at once
// when it is woken, and as far as the log reaches before Sync returns. A copy
// whose log was not reached for Silence refuses everything as UNAVAILABLE.
// What a verdict follows from is decided by package verdict, what is left of
// limits by package limits; package usage counts.
//
// All SQL of the gate is here; there is no ent and no GraphQL.
package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"portico/internal/apikey"
	"portico/internal/backlog"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/keycache"
	"portico/internal/limits"
	"portico/internal/usage"
)

const (
	// Silence is how long a copy is believed after its log was last reached.
	Silence = 5 * time.Second
	// MaxGrace is the most that may be added to Silence.
	MaxGrace = time.Minute
	// DefaultMaxKeys is how many keys are kept without Preload.
	DefaultMaxKeys = 1_000_000

	// pollEvery is how often the log is looked at without being woken.
	pollEvery = 500 * time.Millisecond
	// patience is how long one read of the database may take, the fill of a
	// key for example. Nobody waits longer for a verdict.
	patience = 2 * time.Second
)

// ErrTooOld says that the log no longer, or not yet, has what follows a
// position: take the snapshot again.
var ErrTooOld = errors.New("the log does not reach back to this position")

// Peppers finds the secrets that keys are hashed under, by their ids.
type Peppers interface {
	Pepper(id string) (secret []byte, ok bool)
}

// Tokens returns the hashes a gateway's token may be stored under; ok is false
// for what cannot be a token.
type Tokens interface {
	Hashes(token string) (hashes [][]byte, ok bool)
}

// Options are what a Gate stands on. All are needed unless a default is said.
type Options struct {
	DB *database.DB
	// DatabaseURL is where to LISTEN; "" or SQLite's: polling alone.
	DatabaseURL string
	Clock       clock.Clock
	// Mono is the time since any fixed moment; it never goes back. Default:
	// the machine's.
	Mono    func() time.Duration
	Peppers Peppers
	Tokens  Tokens
	// Limiter keeps the limits; default Memory. Memory is the one that quota
	// counts are loaded into.
	Limiter limits.Limiter
	Memory  *limits.Memory
	Counter *usage.Counter
	Usage   *usage.Store
	// NodeID names this process, NodeName the machine, for administrators.
	NodeID   uuid.UUID
	NodeName string
	// MaxKeys is how many keys of all organizations are kept; default
	// DefaultMaxKeys. With Preload all of them are, from the start; those of an
	// organization that comes later, or is read anew, soon after.
	MaxKeys int
	Preload bool
	// Grace is added to Silence, at most MaxGrace: for so much longer a node
	// that is cut off accepts keys that may have been revoked.
	Grace time.Duration
	// Log takes what an operator must know; default: nothing is logged.
	Log *slog.Logger
	// Metrics; default: counted, and shown nowhere.
	Metrics *Metrics
	// Flush stores what was taken of quotas so far; default: nothing.
	Flush func(context.Context) error
	// Flushed tells up to when counts are stored, Visible up to when reports
	// show them; default: the start.
	Flushed, Visible func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Mono == nil {
		began := time.Now()
		o.Mono = func() time.Duration { return time.Since(began) }
	}
	if o.Limiter == nil {
		o.Limiter = o.Memory
	}
	if o.MaxKeys <= 0 {
		o.MaxKeys = DefaultMaxKeys
	}
	if o.Preload {
		o.MaxKeys = 0
	}
	o.Grace = min(max(o.Grace, 0), MaxGrace)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
	began := o.Clock.Now()
	if o.Flushed == nil {
		o.Flushed = func() time.Time { return began }
	}
	if o.Visible == nil {
		o.Visible = o.Flushed
	}
	return o
}

// Verifier answers. It is safe for concurrent use. Run must run, or every copy
// falls silent.
type Verifier struct {
	o      Options
	rows   source
	budget *keycache.Budget
	// decoy is a pepper for usernames that do not exist: the same work, no match.
	decoy *apikey.Matcher

	mu      sync.RWMutex
	tenants map[uuid.UUID]*tenant

	matchers matchers
	callers  callers
	fills    singleflight.Group
	reads    *limits.Memory // what was read in vain
	turns    turns
	tokens   names         // of service tokens, by their hashes
	readers  *backlog.Room // bounds the answers of the feed
	quotas   quotaReads
	desks    sync.Pool
	wake     chan struct{} // poll now
	tell     chan struct{} // notify the other nodes
	loaded   chan struct{} // closed when everything is preloaded
	page     int           // rows read at a time, where there are many
}

const (
	// readersAtOnce bounds the answers of the feed that are under way: each holds
	// some hundreds of rows until the gateway has read them. readersShare is for
	// those of one token, and readersLine is how many wait for a short time.
	readersAtOnce, readersShare, readersLine = 64, 32, 1000
)

// New returns a Gate that knows nothing yet.
func New(o Options) *Verifier {
	o = o.withDefaults()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails: it ends the program instead
	g := &Verifier{
		o: o, rows: source{o.DB}, budget: keycache.NewBudget(o.MaxKeys), decoy: apikey.NewMatcher(secret),
		tenants: map[uuid.UUID]*tenant{}, matchers: newMatchers(o.Peppers), callers: newCallers(),
		reads: limits.NewMemory(o.Clock, o.Mono, readStates), turns: newTurns(),
		readers: backlog.NewRoom(readersAtOnce, readersShare, readersLine),
		desks:   sync.Pool{New: func() any { return new(desk) }},
		wake:    make(chan struct{}, 1), tell: make(chan struct{}, 1), loaded: make(chan struct{}), page: defaultPage,
	}
	if !o.Preload {
		close(g.loaded) // here already: a server that loads nothing is ready at once
	}
	g.quotas.store = o.Flush
	g.quotas.read = func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID][]limits.Used, error) {
		return o.Usage.QuotasUsed(ctx, ids, o.Clock.Now())
	}
	return g
}

// silence is how long a copy is believed.
func (g *Verifier) silence() time.Duration { return Silence + g.o.Grace }
