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

// line is a network connection on which no read or write waits forever. lib/pq
// ignores contexts while it reads, so line sets a deadline for each read and
// write, and closes the connection for further use when the context of the
// statement under way (an op) ends. lib/pq's own cancellation is not used: it
// would dial the server a second time, and hang there if the network is silent.
type line struct {
	net.Conn
	usual time.Duration // the limit of one read or write
	epoch *atomic.Int64 // see postgres.epoch
	born  int64
	ready func() bool // stops watching the context of the connection attempt

	mu     sync.Mutex
	limit  time.Duration
	cut    bool // the context has ended; every read and write fails
	broken bool // a read or write failed; the connection is unusable
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

// arm sets the deadline under the lock, so that it cannot overwrite the one of
// a concurrent sever.
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
	_ = l.SetDeadline(time.Unix(1, 0)) // fails only if the line is closed, which ends the statement too
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
	// repeatable: if the line breaks before the response, it is safe to send the
	// statement again.
	repeatable bool
}

// begin watches ctx until the op's end.
func (l *line) begin(ctx context.Context, repeatable bool) *op {
	if l == nil {
		return &op{}
	}
	l.mu.Lock()
	l.limit = l.usual
	if p := patientLimit(ctx); p > 0 {
		l.limit = p
	}
	l.mu.Unlock()
	return &op{line: l, ctx: ctx, repeatable: repeatable, stop: context.AfterFunc(ctx, l.sever)}
}

// context returns the context to pass to the driver.
func (l *line) context(ctx context.Context) context.Context {
	if l == nil || ctx.Done() == nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// end closes the op and returns the error for the caller: the context's, if
// that ended the op. driver.ErrBadConn makes database/sql try again on another
// connection; if the line broke after the statement was sent, the statement
// could run twice, so the error is replaced by a plain one unless the op is
// repeatable.
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

// dialer opens the line of one connection for lib/pq.
type dialer struct {
	limit time.Duration
	epoch *atomic.Int64
	born  int64
	line  *line // the last one opened
}

// DialContext connects. The line is severed if ctx ends before connected is
// called.
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

type patientKey struct{}

// Patient returns a context whose statements may each take up to limit, for
// work that is slow by nature: migrations, large seeds, purges. It has no
// effect on SQLite, and inside a transaction only if the transaction was begun
// with it.
func Patient(ctx context.Context, limit time.Duration) context.Context {
	return context.WithValue(ctx, patientKey{}, limit)
}

func patientLimit(ctx context.Context) time.Duration {
	limit, _ := ctx.Value(patientKey{}).(time.Duration)
	return limit
}
