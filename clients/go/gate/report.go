package gate

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/objectid"
	"portico/clients/go/gate/verdict"
)

const (
	// maxRows is the maximum number of rows of a report.
	maxRows = 1000
	// maxWaiting bounds the rows that wait while Portico is unavailable. Calls
	// beyond it are not counted.
	maxWaiting = 100_000
	// maxAge is the maximum age of calls that Portico counts.
	maxAge     = 24 * time.Hour
	reportTime = 6 * time.Second
)

// counted is the key by which calls are counted.
type counted struct {
	account, app, credential, product, endpoint uuid.UUID
	code                                        verdict.Code
	minute                                      int64 // since 1970
}

// tally counts the calls that are not reported yet.
type tally struct {
	mu    sync.Mutex
	calls map[counted]int64
	batch *batch // the one being sent
	lost  int64  // calls that did not fit, or waited for too long
}

func newTally() *tally { return &tally{calls: map[counted]int64{}} }

// add counts a verdict on a call of a product, which may be nil.
func (t *tally) add(v *verdict.Verdict, product *verdict.Product, at time.Time) {
	c := counted{endpoint: v.Endpoint, code: v.Code, minute: at.Unix() / 60}
	if v.Account != nil {
		c.account = v.Account.ID
	}
	if v.App != nil {
		c.app = v.App.ID
	}
	if v.Credential != nil {
		c.credential = v.Credential.ID
	}
	if product != nil {
		c.product = product.ID
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.calls[c]; !known && len(t.calls) >= maxWaiting {
		t.lost++
		return
	}
	t.calls[c]++
}

// next returns the batch to send: the one being sent, or a new one of the calls that
// wait, or nil if there are none.
func (t *tally) next(now time.Time) *batch {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.batch != nil {
		return t.batch
	}
	var rows []row
	for c, n := range t.calls {
		if len(rows) == maxRows {
			break
		}
		delete(t.calls, c)
		if r := c.row(n); r.At.Before(now.Add(-maxAge)) {
			t.lost += n
		} else {
			rows = append(rows, r)
		}
	}
	if len(rows) > 0 {
		t.batch = newBatch(rows)
	}
	return t.batch
}

// done discards the batch after it was sent.
func (t *tally) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.batch = nil
}

// takeLost returns the number of calls dropped since its last call.
func (t *tally) takeLost() (n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, t.lost = t.lost, 0
	return n
}

func (c counted) row(n int64) row {
	id := func(prefix string, id uuid.UUID) string {
		if id == uuid.Nil {
			return ""
		}
		return objectid.Encode(prefix, id)
	}
	return row{
		Account: id(objectid.Account, c.account), App: id(objectid.App, c.app), Credential: id(objectid.Credential, c.credential),
		Product: id(objectid.Product, c.product), Endpoint: id(objectid.Endpoint, c.endpoint),
		Code: c.code.String(), Calls: n, At: time.Unix(c.minute*60, 0).UTC(),
	}
}

// reportUntil reports twice a second until ctx ends.
func (g *Gate) reportUntil(ctx context.Context) {
	for well := true; sleep(ctx, reportEvery); {
		err := g.report(ctx)
		if err != nil && well && ctx.Err() == nil {
			g.o.Log.WarnContext(ctx, "calls cannot be reported to portico; they are kept", "error", err)
		}
		well = err == nil
		if n := g.calls.takeLost(); n > 0 {
			g.o.Log.ErrorContext(ctx, "calls were not counted: too many wait to be reported, or for more than a day", "calls", n)
		}
	}
}

// report sends the calls that wait. A batch of which it is unknown whether it arrived
// is sent again with its id, so that nothing is counted twice, before anything new.
func (g *Gate) report(ctx context.Context) error {
	g.settle()
	for b := g.calls.next(g.clock.Now()); b != nil; b = g.calls.next(g.clock.Now()) {
		for !b.finished() {
			if err := g.send(ctx, b); err != nil {
				return err
			}
		}
		g.calls.done()
		if b.rows > 0 {
			g.o.Log.ErrorContext(ctx, "portico refuses reports of calls; they are not counted", "rows", b.rows, "calls", b.calls, "error", b.why)
		}
	}
	return nil
}

// send sends a part of a batch.
func (g *Gate) send(ctx context.Context, b *batch) error {
	ctx, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	var answer struct{} // a JSON answer shows that Portico has answered; its content does not matter
	err := g.portico.post(ctx, "/v1/usage", b.body(), &answer)
	if err == nil {
		b.taken()
		return nil
	}
	if no := (*statusError)(nil); errors.As(err, &no) && no.permanent() {
		b.refused(err)
		return nil
	}
	return err
}

// settle keeps the limits' memory small: this process stores no quota counts, so all of
// them are marked as stored.
func (g *Gate) settle() {
	if used := g.memory.Drain([]limits.Used(nil)); len(used) > 0 {
		g.memory.Settle(used, nil)
	}
}
