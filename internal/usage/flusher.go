package usage

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

// Quotas is where units of quotas are taken in memory; limits.Memory is one.
type Quotas interface {
	Drain(into []limits.Used) []limits.Used
	Settle(done []limits.Used, totals []int64)
	// Journal tells that rows are safe, but not yet in what the database answers;
	// Folded that those are which were journaled before a Mark.
	Journal(done []limits.Used)
	Mark() int64
	Folded(mark int64)
	// Load returns what the database knows of a counter, an app's or an account's;
	// it is of use for those that Holds reports.
	Load(counter uuid.UUID, periodStart time.Time, used int64)
	Holds(counter uuid.UUID) bool
}

const (
	// flushEvery leaves a flush that takes its time within the second that a
	// crash may cost.
	flushEvery = 400 * time.Millisecond
	// lastFlush is how long the flush at the end may take.
	lastFlush = 5 * time.Second
)

// FlusherOptions configures a Flusher.
type FlusherOptions struct {
	DB      *database.DB
	Clock   clock.Clock
	Counter *Counter
	// Node is this process, made anew with each start.
	Node uuid.UUID
	// Quotas may be nil: then there are none.
	Quotas Quotas
	// Every is the time between flushes; default 400 ms.
	Every time.Duration
	Log   *slog.Logger
	// Observe, where given, is told of each Flush: how many rows were stored,
	// how long it took, and what went wrong. For metrics.
	Observe func(rows int, took time.Duration, err error)
}

// Flusher stores what a Counter counted.
type Flusher struct {
	o       FlusherOptions
	mu      sync.Mutex // one flush at a time
	waiting []*batch   // not yet known to be stored, oldest first
	room    room
	text    []byte // of pages, on their way
	stored  string // the id of the batch that was stored last
	through atomic.Int64
	// visible is through for those who read the counts: what is in the journal
	// alone is not told yet. open is how many pages of this node are there.
	visible, open atomic.Int64
	// busy reports whether the last flush went into the journal.
	busy atomic.Bool
	seen *seen
	// inTx runs a transaction. Tests put their own, which fails after the commit.
	inTx func(context.Context, func(*database.Tx) error) error
}

// NewFlusher returns a Flusher. Nothing happens before Run or Flush.
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
	f := &Flusher{o: o, seen: newSeen(), inTx: o.DB.InTx}
	f.through.Store(o.Clock.Now().UnixMicro())
	f.visible.Store(f.through.Load())
	return f
}

// Through returns the time up to which the calls counted here are stored.
func (f *Flusher) Through() time.Time { return time.UnixMicro(f.through.Load()).UTC() }

// Visible returns the time up to which the calls counted here are part of reports:
// Through, or some seconds before it on a busy node.
func (f *Flusher) Visible() time.Time { return time.UnixMicro(f.visible.Load()).UTC() }

// Run flushes until ctx ends, and once more then. What the database gets wrong
// is logged; the counts wait.
func (f *Flusher) Run(ctx context.Context) {
	var beside sync.WaitGroup
	beside.Go(func() { f.keepFolding(ctx) })
	beside.Go(func() { f.keepSeen(ctx) })
	defer beside.Wait()
	tick := time.NewTicker(f.o.Every)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			if err := f.end(ctx, &beside); err != nil {
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

// end flushes once more, and does what is left when nobody else does it any more.
func (f *Flusher) end(ctx context.Context, beside *sync.WaitGroup) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
	defer cancel()
	if err := f.Flush(ctx); err != nil {
		return err
	}
	beside.Wait()
	if f.open.Load() > 0 {
		if err := f.Fold(ctx); err != nil {
			return err
		}
	}
	return f.FlushLastUsed(ctx)
}

// Flush stores what was counted so far. What cannot be stored waits for the
// next Flush, which begins with it, under the same name, so that a batch whose
// commit was not heard of is not counted twice. While batches wait nothing new
// is fetched from the Counter, whose size is bounded.
func (f *Flusher) Flush(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	began := time.Now()
	n, err := f.flush(ctx)
	f.o.Observe(n, time.Since(began), err)
	return err
}

func (f *Flusher) flush(ctx context.Context) (rows int, err error) {
	if rows, err = f.send(ctx); err != nil {
		return rows, err
	}
	drained := f.o.Clock.Now()
	journal := f.fetch()
	n, err := f.send(ctx)
	if err != nil {
		return rows + n, err
	}
	f.through.Store(drained.UnixMicro())
	f.busy.Store(journal)
	if f.open.Load() > 0 {
		return rows + n, nil // Fold does the rest
	}
	f.visible.Store(drained.UnixMicro())
	return rows + n, nil
}

// send stores what waits, oldest first.
func (f *Flusher) send(ctx context.Context) (rows int, err error) {
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
