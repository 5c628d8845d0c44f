package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// line is a network connection that is never waited on for ever. lib/pq does
// not look at contexts while it reads, so each read and write has a deadline
// here, and the end of the context of the statement under way (an op) cuts
// the line. lib/pq's own watching is left out of the game: it would dial the
// server a second time to cancel, and hang there when the network is silent.
type line struct {
	net.Conn
	usual time.Duration // the limit of one read or write
	epoch *atomic.Int64 // see postgres.epoch
	born  int64
	ready func() bool // ends the watch over the time of connecting

	mu     sync.Mutex
	limit  time.Duration
	cut    bool // the context has ended; every read and write fails
	broken bool // a read or write failed; the connection is of no more use
}

// Read reads within the limit.
func (l *line) Read(p []byte) (int, error) {
	if err := l.arm(l.SetReadDeadline); err != nil {
		return 0, err
	}
	n, err := l.Conn.Read(p)
	l.note(err)
	return n, err
}

// Write writes within the limit.
func (l *line) Write(p []byte) (int, error) {
	if err := l.arm(l.SetWriteDeadline); err != nil {
		return 0, err
	}
	n, err := l.Conn.Write(p)
	l.note(err)
	return n, err
}

// arm sets the deadline under the lock, or a cut that comes at the same moment
// would be overwritten by it.
func (l *line) arm(set func(time.Time) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return set(time.Unix(1, 0))
	}
	return set(time.Now().Add(l.limit))
}

func (l *line) note(err error) {
	if err == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = true
	if errors.Is(err, os.ErrDeadlineExceeded) && !l.cut {
		l.epoch.Add(1)
	}
}

func (l *line) sever() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut, l.broken = true, true
	_ = l.SetDeadline(time.Unix(1, 0)) // fails only when the line is closed, which does as well
}

func (l *line) connected() { l.ready() }

// usable reports whether the line may carry another statement. A nil line is
// SQLite's, which has no network.
func (l *line) usable() bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.broken && l.born == l.epoch.Load()
}

// op is one statement under way on a line.
type op struct {
	line *line
	ctx  context.Context
	stop func() bool
	// repeatable: when the line breaks before the answer, asking again is safe.
	repeatable bool
}

// begin watches over ctx until the op's end.
func (l *line) begin(ctx context.Context, repeatable bool) *op {
	if l == nil {
		return &op{}
	}
	l.mu.Lock()
	l.limit = l.usual
	if p := patience(ctx); p > 0 {
		l.limit = p
	}
	l.mu.Unlock()
	return &op{line: l, ctx: ctx, repeatable: repeatable, stop: context.AfterFunc(ctx, l.sever)}
}

// context is what the driver may see of ctx.
func (l *line) context(ctx context.Context) context.Context {
	if l == nil || ctx.Done() == nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// end closes the op and says its error in the caller's terms: the context's,
// if that is what ended it. driver.ErrBadConn makes database/sql try again on
// another connection; when the line broke after the statement had left, that
// could do it twice, so it becomes a plain error unless the op is repeatable.
func (o *op) end(err error) error {
	if o.line == nil {
		return err
	}
	if !o.stop() && o.ctx.Err() != nil {
		o.line.sever()
	}
	return o.explain(err)
}

func (o *op) explain(err error) error {
	if err == nil || o.line == nil || errors.Is(err, io.EOF) {
		return err
	}
	o.line.mu.Lock()
	broken := o.line.broken
	o.line.mu.Unlock()
	switch {
	case !broken:
		return err
	case o.ctx.Err() != nil:
		return o.ctx.Err()
	case errors.Is(err, driver.ErrBadConn) && !o.repeatable:
		return fmt.Errorf("the connection broke before the answer: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// dialer makes the line of one connection for lib/pq.
type dialer struct {
	limit time.Duration
	epoch *atomic.Int64
	born  int64
	line  *line // the last one made
}

// DialContext connects and has the line cut when ctx ends before connected.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.line = &line{Conn: c, usual: d.limit, limit: d.limit, epoch: d.epoch, born: d.born}
	d.line.ready = context.AfterFunc(ctx, d.line.sever)
	return d.line, nil
}

// Dial is part of lib/pq's interface; lib/pq calls DialContext.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout is part of lib/pq's interface; lib/pq calls DialContext.
func (d *dialer) DialTimeout(network, address string, t time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), t)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

type patienceKey struct{}

// Patient returns a context whose statements may each take up to limit, for work
// that is slow by nature: migrations, large seeds, purges. It has no effect on
// SQLite, and inside a transaction only if the transaction was begun with it.
func Patient(ctx context.Context, limit time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, limit)
}

func patience(ctx context.Context) time.Duration {
	limit, _ := ctx.Value(patienceKey{}).(time.Duration)
	return limit
}
