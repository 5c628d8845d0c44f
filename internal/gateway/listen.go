package gateway

import (
	"context"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"

	"portico/internal/database"
)

const (
	// channel is the Postgres channel on which nodes notify each other of commits.
	channel = "portico"
	// pingInterval is how often the listening connection is tested; one that is silent
	// for twice as long is dropped.
	pingInterval = 5 * time.Second
	// The pauses between attempts to connect.
	minReconnect, maxReconnect = 100 * time.Millisecond, 2 * time.Second
)

// listen wakes the poll when another node has committed something. It only makes
// changes arrive sooner: what it misses, the next poll finds.
func (v *Verifier) listen(ctx context.Context) {
	if v.o.DB.Dialect() != dialect.Postgres || v.o.DatabaseURL == "" {
		return
	}
	l, err := database.NewListener(v.o.DatabaseURL, 2*pingInterval, minReconnect, maxReconnect)
	if err != nil {
		v.o.Log.Warn("listening for notifications is not possible", "error", err)
		return
	}
	shut := func() { _ = l.Close() } // it fails only when it is closed already
	defer shut()
	// Listen waits for the first connection, however long that takes.
	defer context.AfterFunc(ctx, shut)()
	if err := l.Listen(channel); err != nil && ctx.Err() == nil {
		v.o.Log.Warn("listening for notifications is not possible", "error", err)
	}
	v.receive(ctx, l)
}

func (v *Verifier) receive(ctx context.Context, l *pq.Listener) {
	ping := time.NewTicker(pingInterval)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case n := <-l.Notify:
			// nil means that the connection is new: something may have been missed.
			if n == nil || n.Extra != v.o.NodeID.String() {
				signal(v.wake)
			}
		case <-ping.C:
			go func() { _ = l.Ping() }() // an error makes it connect again by itself
		}
	}
}

// notify notifies the other nodes after commits here. It does so outside the
// commits' transactions: inside, Postgres would make the commits of all
// organizations wait for one another. Many commits become one notification.
func (v *Verifier) notify(ctx context.Context) {
	if v.o.DB.Dialect() != dialect.Postgres {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-v.notifyOthers:
		}
		// If a notification is lost, the others' next poll finds the commit.
		if err := v.notifyOnce(ctx); err != nil && ctx.Err() == nil {
			v.o.Log.Debug("the other nodes were not notified", "error", err)
		}
	}
}

func (v *Verifier) notifyOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	_, err := v.o.DB.ExecContext(ctx, `SELECT pg_notify($1, $2)`, channel, v.o.NodeID.String())
	return err
}
