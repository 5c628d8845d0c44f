package gate

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"portico/internal/limits"
	"portico/internal/nodeid"
	"portico/internal/verdict"
)

const (
	// mostRows is the most of one report.
	mostRows = 1000
	// mostWaiting bounds what waits while Portico cannot be told. What is more
	// is not counted.
	mostWaiting = 100_000
	reportTime  = 6 * time.Second
)

// counted is what calls are counted by.
type counted struct {
	account, app, credential, product, endpoint uuid.UUID
	code                                        verdict.Code
	minute                                      int64 // since 1970
}

// tally counts the calls that are still to be reported.
type tally struct {
	mu    sync.Mutex
	calls map[counted]int64
	batch *batch // the one that is under way; it keeps its id until it is taken
	lost  int64  // calls that did not fit
}

// batch is the body of /v1/usage.
type batch struct {
	ID    string `json:"batch"`
	Calls []row  `json:"calls"`
}

type row struct {
	Account    string    `json:"account,omitempty"`
	App        string    `json:"app,omitempty"`
	Credential string    `json:"credential,omitempty"`
	Product    string    `json:"product,omitempty"`
	Endpoint   string    `json:"endpoint,omitempty"`
	Code       string    `json:"code"`
	Calls      int64     `json:"calls"`
	At         time.Time `json:"at"`
}

func newTally() *tally { return &tally{calls: map[counted]int64{}} }

// add counts a verdict.
func (t *tally) add(v *verdict.Verdict, at time.Time) {
	c := counted{endpoint: v.Endpoint, code: v.Code, minute: at.Unix() / 60}
	if v.Account != nil {
		c.account = v.Account.ID
	}
	if v.App != nil {
		c.app = v.App.ID
	}
	if v.Key != nil {
		c.credential = v.Key.ID
	}
	if v.Product != nil {
		c.product = v.Product.ID
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.calls[c]; !known && len(t.calls) >= mostWaiting {
		t.lost++
		return
	}
	t.calls[c]++
}

// next gives the batch to send: the one that was not taken yet, or a new one of
// what waits; nil when nothing does.
func (t *tally) next() *batch {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.batch != nil || len(t.calls) == 0 {
		return t.batch
	}
	t.batch = &batch{ID: uuid.NewString()}
	for c, n := range t.calls {
		if len(t.batch.Calls) == mostRows {
			break
		}
		t.batch.Calls = append(t.batch.Calls, c.row(n))
		delete(t.calls, c)
	}
	return t.batch
}

// taken forgets the batch.
func (t *tally) taken() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.batch = nil
}

// missed gives how many calls could not be kept since it was asked last.
func (t *tally) missed() (n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, t.lost = t.lost, 0
	return n
}

func (c counted) row(n int64) row {
	id := func(k nodeid.Kind, id uuid.UUID) string {
		if id == uuid.Nil {
			return ""
		}
		return nodeid.Encode(k, id)
	}
	return row{
		Account: id(nodeid.Account, c.account), App: id(nodeid.App, c.app), Credential: id(nodeid.Credential, c.credential),
		Product: id(nodeid.Product, c.product), Endpoint: id(nodeid.Endpoint, c.endpoint),
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
		if n := g.calls.missed(); n > 0 {
			g.o.Log.ErrorContext(ctx, "calls were not counted: too many wait to be reported", "calls", n)
		}
	}
}

// report sends what waits. A batch of which it is not known whether it arrived
// is sent again under its id, which counts nothing twice, before anything new.
func (g *Gate) report(ctx context.Context) error {
	g.settle()
	for {
		b := g.calls.next()
		if b == nil {
			return nil
		}
		if err := g.send(ctx, b); err != nil {
			return err
		}
		g.calls.taken()
	}
}

// send sends a batch. One that Portico will never take is given up.
func (g *Gate) send(ctx context.Context, b *batch) error {
	ctx, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	err := g.portico.post(ctx, "/v1/usage", b, nil)
	if no := (*refused)(nil); errors.As(err, &no) && no.lasting() {
		g.o.Log.ErrorContext(ctx, "portico refuses a report of calls; they are not counted", "rows", len(b.Calls), "error", err)
		return nil
	}
	return err
}

// settle keeps the limits' memory small: this process stores no quota counts,
// so that all of them count as stored.
func (g *Gate) settle() {
	if used := g.memory.Drain([]limits.Used(nil)); len(used) > 0 {
		g.memory.Settle(used, nil)
	}
}
