// Package gateway decides in memory whether a call with an API key may pass, and
// never accepts a credential whose revocation it could have known.
//
// For each organization whose gateways ask, a node keeps a copy (package keycache)
// and follows the organization's event log: twice a second, at once when it is
// woken, and as far as the log reaches before Sync returns. A copy whose log could
// not be read for Silence refuses everything as UNAVAILABLE. Package verdict
// decides from the facts, package limits keeps what is left of limits, and package
// usage counts.
//
// What is read of the database package source reads; there is no ent and no GraphQL.
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

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/limits"
	"portico/internal/apikey"
	"portico/internal/backlog"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/gateway/namefilter"
	"portico/internal/gateway/readqueue"
	"portico/internal/gateway/source"
	"portico/internal/usage/intake"
)

const (
	// Silence is how long a copy is trusted after its log was last read.
	Silence = 5 * time.Second
	// MaxGrace is the most that may be added to Silence.
	MaxGrace = time.Minute
	// DefaultMaxKeys is how many credentials are kept without Preload.
	DefaultMaxKeys = 1_000_000

	// pollInterval is how often the log is polled without being woken.
	pollInterval = 500 * time.Millisecond
	// queryTimeout bounds one read of the database, for example the fill of a
	// credential. No verdict waits longer.
	queryTimeout = 2 * time.Second
)

// ErrTooOld means that the log no longer, or not yet, has what follows a position:
// start over from the snapshot.
var ErrTooOld = errors.New("the log does not reach back to this position")

// Peppers returns the secrets that API keys are hashed with, by id.
type Peppers interface {
	// PepperIDs returns the ids of all of them, the newest first.
	PepperIDs() []string
	PepperByID(id string) (secret []byte, ok bool)
}

// Tokens returns the hashes that a gateway's token may be stored under; ok is
// false if the string cannot be a token.
type Tokens interface {
	Hashes(token string) (hashes [][]byte, ok bool)
}

// Options configure a Verifier. Fields without a stated default are required.
type Options struct {
	DB *database.DB
	// DatabaseURL is the database to LISTEN on; if it is "" or SQLite's, the node only
	// polls.
	DatabaseURL string
	Clock       clock.Clock
	// Mono is the time since any fixed moment; it never goes back. Default:
	// the machine's.
	Mono    func() time.Duration
	Peppers Peppers
	Tokens  Tokens
	// Limiter applies the limits; default Memory. Memory is the one that quota counts
	// are loaded into.
	Limiter limits.Limiter
	Memory  *limits.Memory
	Counter *intake.Counter
	Usage   *intake.Store
	// NodeID names this process, NodeName the machine, for administrators.
	NodeID   uuid.UUID
	NodeName string
	// MaxKeys is how many credentials of all organizations are kept; default
	// DefaultMaxKeys. With Preload all are kept, from the start; those of an
	// organization that is created later, or read anew, follow soon after.
	MaxKeys int
	Preload bool
	// Grace is added to Silence, at most MaxGrace: for that much longer a node that is
	// cut off accepts credentials that may have been revoked.
	Grace time.Duration
	// Log receives what an operator must know; default: nothing is logged.
	Log *slog.Logger
	// Metrics; default: not exported.
	Metrics *Metrics
	// StoreQuotas writes what this node took from quotas so far to the database;
	// default: nothing.
	StoreQuotas func(context.Context) error
	// CountsStored returns the time up to which counts of calls are in the database,
	// CountsReported the time up to which reports contain them; default: the start.
	CountsStored, CountsReported func() time.Time
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
	if o.CountsStored == nil {
		o.CountsStored = func() time.Time { return began }
	}
	if o.CountsReported == nil {
		o.CountsReported = o.CountsStored
	}
	return o
}

// Verifier answers whether calls may pass. It is safe for concurrent use. Run must
// be running, or every copy becomes stale.
type Verifier struct {
	o Options
	// maxStaleness is how long a copy is trusted.
	maxStaleness time.Duration
	source       *source.Reader
	budget       *keycache.Budget
	// decoy is used for unknown usernames: the same work, no match.
	decoy *apikey.Matcher

	mu        sync.RWMutex
	followers map[uuid.UUID]*follower

	matchers     matchers
	callers      callerCache
	fills        singleflight.Group
	failedReads  *limits.Memory    // limits of failed reads
	reads        *readqueue.Queue  // of the database, for calls
	tokenHashes  namefilter.Filter // hashes of the service tokens
	feedReaders  *backlog.Room     // bounds the answers of the feed
	quotas       quotaReads
	decisions    sync.Pool
	wake         chan struct{} // poll now
	notifyOthers chan struct{} // notify the other nodes
	loaded       chan struct{} // closed when everything is preloaded
	pageSize     int           // rows read at a time, where there are many
}

const (
	// maxFeedReaders bounds the feed answers under way: each keeps some hundreds of
	// rows in memory until the gateway has read them. maxFeedReadersPerToken bounds
	// those of one token, and maxFeedReadersWaiting how many may wait for a short
	// time.
	maxFeedReaders, maxFeedReadersPerToken, maxFeedReadersWaiting = 64, 32, 1000
)

// New returns a Verifier with nothing in memory.
func New(o Options) *Verifier {
	o = o.withDefaults()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails: it ends the program instead
	g := &Verifier{
		o: o, maxStaleness: Silence + o.Grace, source: source.New(o.DB), budget: keycache.NewBudget(o.MaxKeys), decoy: apikey.NewMatcher(secret),
		followers: map[uuid.UUID]*follower{}, matchers: newMatchers(o.Peppers), callers: newCallerCache(o.Clock),
		failedReads: limits.NewMemory(o.Clock, o.Mono, maxReadBuckets), reads: readqueue.New(),
		feedReaders: backlog.NewRoom(maxFeedReaders, maxFeedReadersPerToken, maxFeedReadersWaiting),
		decisions:   sync.Pool{New: func() any { return new(decision) }},
		wake:        make(chan struct{}, 1), notifyOthers: make(chan struct{}, 1), loaded: make(chan struct{}), pageSize: defaultPageSize,
	}
	if !o.Preload {
		close(g.loaded) // closed already: a server that preloads nothing is ready at once
	}
	g.quotas.store = o.StoreQuotas
	g.quotas.read = func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID][]limits.Used, error) {
		return o.Usage.QuotasUsed(ctx, ids, o.Clock.Now())
	}
	return g
}
