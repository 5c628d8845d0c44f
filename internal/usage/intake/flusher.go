package intake

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/clock"
	"portico/internal/database"
)

// Quotas counts in memory what is used of quotas; limits.Memory implements it.
type Quotas interface {
	// Drain appends what was used since the last Drain.
	Drain(into []limits.Used) []limits.Used
	// Settle is called when used units are stored; totals are what all nodes have
	// used, or -1 if that is unknown.
	Settle(done []limits.Used, totals []int64)
	// Journal is called when used units are stored in the journal, where the
	// database's totals do not include them yet. Folded is called when they include
	// what was stored in the journal before Mark returned mark.
	Journal(done []limits.Used)
	Mark() int64
	Folded(mark int64)
	// Load sets what the database has counted for a counter of an app or an account.
	// It has an effect for counters for which Holds returns true.
	Load(counter uuid.UUID, periodStart time.Time, used int64)
	Holds(counter uuid.UUID) bool
}

const (
	// flushEvery is the default interval of flushes. A slow flush still ends within
	// the second of counts that a crash may lose.
	flushEvery = 400 * time.Millisecond
	// finalFlushTimeout bounds the last flush.
	finalFlushTimeout = 5 * time.Second
)

// FlusherOptions configures a Flusher.
type FlusherOptions struct {
	DB      *database.DB
	Clock   clock.Clock
	Counter *Counter
	// Node identifies this process; it is new at each start.
	Node uuid.UUID
	// Quotas is nil if there are no quotas.
	Quotas Quotas
	// Every is the time between flushes; default 400 ms.
	Every time.Duration
	Log   *slog.Logger
	// Observe is called after each Flush with the number of rows stored, the time it
	// took and its error, unless nil. For metrics.
	Observe func(rows int, took time.Duration, err error)
}

// Flusher stores what a Counter has counted. It is safe for concurrent use.
type Flusher struct {
	o         FlusherOptions
	mu        sync.Mutex // only one flush at a time
	waiting   []*batch   // not yet known to be stored, oldest first
	buffers   buffers
	encoded   []byte // pages in base 64; reused
	lastBatch string // the id of the batch that was stored last
	// through is the time up to which calls are stored, and visible the time up to
	// which they are part of reports, which the journal is not; in microseconds.
	through, visible atomic.Int64
	// unfolded is the number of pages of this node in the journal.
	unfolded atomic.Int64
	// busy is true if the last flush went to the journal.
	busy atomic.Bool
	// lastUsed are the uses of credentials, lastUsedApps those by apps.
	lastUsed, lastUsedApps *lastUsed
	// inTx runs a transaction; tests replace it by one that fails after the commit.
	inTx func(context.Context, func(*database.Tx) error) error
}

// NewFlusher returns a Flusher, which does nothing before Run or Flush.
func NewFlusher(o FlusherOptions) *Flusher {
	if o.Every <= 0 {
		o.Every = flushEvery
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(int, time.Duration, error) {}
	}
	f := &Flusher{o: o, lastUsed: newLastUsed(), lastUsedApps: newLastUsed(), inTx: o.DB.InTx}
	f.through.Store(o.Clock.Now().UnixMicro())
	f.visible.Store(f.through.Load())
	return f
}

// Through returns the time up to which the calls counted here are stored.
func (f *Flusher) Through() time.Time { return time.UnixMicro(f.through.Load()).UTC() }

// Visible returns the time up to which the calls counted here are part of reports:
// Through, or up to a minute before it on a busy node.
func (f *Flusher) Visible() time.Time { return time.UnixMicro(f.visible.Load()).UTC() }

// Run flushes until ctx ends, and once more then. It logs errors of the database;
// the counts are stored later.
func (f *Flusher) Run(ctx context.Context) {
	var background sync.WaitGroup
	background.Go(func() { f.runFolding(ctx) })
	background.Go(func() { f.runLastUsed(ctx) })
	defer background.Wait()
	tick := time.NewTicker(f.o.Every)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			if err := f.finish(ctx, &background); err != nil {
				f.o.Log.ErrorContext(ctx, "what was counted could not be stored at the end", "error", err)
			}
			return
		case <-tick.C:
			err := f.Flush(ctx)
			if err != nil && !failing && ctx.Err() == nil {
				f.o.Log.ErrorContext(ctx, "counts of calls wait for the database", "error", err)
			}
			failing = err != nil
		}
	}
}

// finish flushes once more, and does the remaining work of the background
// goroutines when they have ended.
func (f *Flusher) finish(ctx context.Context, background *sync.WaitGroup) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finalFlushTimeout)
	defer cancel()
	if err := f.Flush(ctx); err != nil {
		return err
	}
	background.Wait()
	if f.unfolded.Load() > 0 {
		if err := f.Fold(ctx); err != nil {
			return err
		}
	}
	return f.FlushLastUsed(ctx)
}

// Flush stores what was counted so far. After an error, the next Flush first stores
// the same batch under the same id, so that a batch is not counted twice if its
// commit succeeded but the response was lost. Until then, new counts remain in the
// Counter, whose size is bounded.
func (f *Flusher) Flush(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	began := time.Now()
	n, err := f.flush(ctx)
	f.o.Observe(n, time.Since(began), err)
	return err
}

func (f *Flusher) flush(ctx context.Context) (rows int, err error) {
	if rows, err = f.storeWaiting(ctx); err != nil {
		return rows, err
	}
	drained := f.o.Clock.Now()
	journal := f.newBatch()
	n, err := f.storeWaiting(ctx)
	if err != nil {
		return rows + n, err
	}
	f.through.Store(drained.UnixMicro())
	f.busy.Store(journal)
	if f.unfolded.Load() > 0 {
		return rows + n, nil // Fold will advance visible
	}
	f.visible.Store(drained.UnixMicro())
	return rows + n, nil
}

// storeWaiting stores the waiting batches, oldest first, and returns the number of
// rows stored.
func (f *Flusher) storeWaiting(ctx context.Context) (rows int, err error) {
	for len(f.waiting) > 0 {
		b := f.waiting[0]
		if err := f.store(ctx, b); err != nil {
			return rows, err
		}
		rows += b.n
		f.waiting[0] = nil
		f.waiting = f.waiting[1:]
	}
	return rows, nil
}
