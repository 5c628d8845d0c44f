package gate

import (
	"context"
	"errors"
	"time"

	"portico/clients/go/gate/keycache"
)

const (
	// snapshotTime is the timeout for reading a whole organization.
	snapshotTime = time.Minute
	// pollSlack is the time that a long poll may take beyond its wait.
	pollSlack = 2 * time.Second
	// The pauses between failed attempts.
	firstPause, longestPause = 50 * time.Millisecond, time.Second
)

// begin reads the first snapshot, and retries until ctx ends. A token that was
// rejected is presented once more: it may be newer than that server's state.
func (g *Gate) begin(ctx context.Context) error {
	pause := firstPause
	for doubted := false; ; {
		err := g.snapshot(ctx)
		if err == nil || doubted && errors.Is(err, ErrToken) {
			return err
		}
		doubted = errors.Is(err, ErrToken)
		if !sleep(ctx, pause) {
			return errors.Join(ctx.Err(), err)
		}
		pause = min(2*pause, longestPause)
	}
}

// follow keeps the copy up to date until ctx ends.
func (g *Gate) follow(ctx context.Context) {
	pause, wait := firstPause, time.Duration(0)
	well, doubted := true, false
	for ctx.Err() == nil {
		err := g.poll(ctx, wait)
		if errors.Is(err, errTooOld) {
			err = g.snapshot(ctx)
			wait = 0 // a large snapshot is outdated once it is read: poll without waiting
		} else {
			wait = g.pollWait()
		}
		if err == nil {
			if !well {
				g.o.Log.InfoContext(ctx, "portico's feed answers again")
			}
			pause, well, doubted = firstPause, true, false
			continue
		}
		if ctx.Err() != nil {
			return
		}
		refused := errors.Is(err, ErrToken)
		if doubted && refused {
			g.setLastAnswer(g.o.Elapsed() - 2*g.o.Silence) // the token was revoked: refuse calls at once
		}
		doubted = refused
		if well {
			g.o.Log.WarnContext(ctx, "portico's feed does not answer", "error", err)
		}
		well = false
		sleep(ctx, pause)
		pause, wait = min(2*pause, longestPause), 0
	}
}

// pollWait returns how long Portico may wait for a change in a long poll. An answer
// proves what was true when the poll was sent, because the log is read after that;
// polls therefore have to be much more frequent than the Silence.
func (g *Gate) pollWait() time.Duration { return g.o.Silence / 5 }

// snapshot reads the whole organization and replaces the copy with it.
func (g *Gate) snapshot(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, snapshotTime)
	defer cancel()
	asked := g.o.Elapsed()
	fresh := keycache.New(0)
	if err := g.portico.feed(ctx, "", fresh.Apply); err != nil {
		return err
	}
	if fresh.Catalogue() == nil {
		return errors.New("the feed's snapshot has no catalogue")
	}
	g.store.Store(fresh)
	g.setLastAnswer(asked)
	return nil
}

// poll reads the changes after the copy's position.
func (g *Gate) poll(ctx context.Context, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait+pollSlack)
	defer cancel()
	asked := g.o.Elapsed()
	store := g.store.Load()
	if err := g.portico.feed(ctx, after(store.Position(), wait), func(c *keycache.Change) { store.Apply(c) }); err != nil {
		return err
	}
	g.setLastAnswer(asked)
	return nil
}

func (g *Gate) setLastAnswer(asked time.Duration) { g.lastAnswer.Store(int64(asked)) }

// silent reports whether the last answer from Portico is older than the Silence.
func (g *Gate) silent() bool { return g.o.Elapsed()-time.Duration(g.lastAnswer.Load()) > g.o.Silence }

// sleep waits for d, and returns false if ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
