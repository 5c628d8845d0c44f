package gateway

import (
	"context"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"

	"portico/internal/database"
)

const (
	// channel is where nodes tell each other that there is something new.
	channel = "portico"
	// pingEvery is how often the listening connection is tried; one that says
	// nothing for twice as long is dropped.
	pingEvery = 5 * time.Second
	// the pauses between attempts to connect.
	firstPause, longestPause = 100 * time.Millisecond, 2 * time.Second
)

// listen wakes the poll when another node has committed something. It makes
// things faster and nothing true: what it misses, the next poll finds.
func (g *Verifier) listen(ctx context.Context) {
	if g.o.DB.Dialect() != dialect.Postgres || g.o.DatabaseURL == "" {
		return
	}
	l, err := database.NewListener(g.o.DatabaseURL, 2*pingEvery, firstPause, longestPause)
	if err != nil {
		g.o.Log.Warn("listening for notifications is not possible", "error", err)
		return
	}
	shut := func() { _ = l.Close() } // it fails only when it is closed already
	defer shut()
	// Listen waits for the first connection, however long that takes.
	defer context.AfterFunc(ctx, shut)()
	if err := l.Listen(channel); err != nil && ctx.Err() == nil {
		g.o.Log.Warn("listening for notifications is not possible", "error", err)
	}
	g.hear(ctx, l)
}

func (g *Verifier) hear(ctx context.Context, l *pq.Listener) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case n := <-l.Notify:
			// nil: the connection is new, and something may have been missed.
			if n == nil || n.Extra != g.o.NodeID.String() {
				nudge(g.wake)
			}
		case <-ping.C:
			go func() { _ = l.Ping() }() // an error makes it connect again by itself
		}
	}
}

// notify tells the other nodes after commits here, outside their
// transactions: inside, Postgres would let the commits of all organizations
// wait for one another. Many commits become one notification.
func (g *Verifier) notify(ctx context.Context) {
	if g.o.DB.Dialect() != dialect.Postgres {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.tell:
		}
		// What is lost, the others' next poll finds.
		if err := g.notifyOnce(ctx); err != nil && ctx.Err() == nil {
			g.o.Log.Debug("the other nodes were not told", "error", err)
		}
	}
}

func (g *Verifier) notifyOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := g.o.DB.ExecContext(ctx, `SELECT pg_notify($1, $2)`, channel, g.o.NodeID.String())
	return err
}
