package gate

import (
	"context"
	"errors"
	"time"

	"portico/internal/keycache"
)

const (
	// snapshotTime bounds the reading of a whole organization.
	snapshotTime = time.Minute
	// pollSlack is what a long poll may take beyond its wait.
	pollSlack = 2 * time.Second
	// pauses between attempts that fail.
	firstPause, longestPause = 50 * time.Millisecond, time.Second
)

// begin takes the first snapshot; it tries until ctx ends. A token that is not
// believed is shown once more: it may be newer than what that server knew.
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

// follow keeps the copy true until ctx ends.
func (g *Gate) follow(ctx context.Context) {
	pause, wait := firstPause, time.Duration(0)
	well, doubted := true, false
	for ctx.Err() == nil {
		err := g.poll(ctx, wait)
		if errors.Is(err, errTooOld) {
			err = g.snapshot(ctx)
			wait = 0 // a large snapshot is old when it has come: ask at once
		} else {
			wait = g.patience()
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
			g.heardAt(g.mono() - 2*g.o.Silence) // it was revoked: do not wait
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

// patience is how long Portico may wait for something to tell: an answer proves
// what was true when it was asked for, because the log is read after that, so
// that questions must come much more often than the Silence allows.
func (g *Gate) patience() time.Duration { return g.o.Silence / 5 }

// snapshot reads the whole organization and puts it in place of the copy.
func (g *Gate) snapshot(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, snapshotTime)
	defer cancel()
	asked := g.mono()
	fresh := keycache.New(0)
	if err := g.portico.feed(ctx, "", fresh.Apply); err != nil {
		return err
	}
	if fresh.Catalogue() == nil {
		return errors.New("the feed's snapshot has no catalogue")
	}
	g.store.Store(fresh)
	g.heardAt(asked)
	return nil
}

// poll asks for what came after the copy's position.
func (g *Gate) poll(ctx context.Context, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait+pollSlack)
	defer cancel()
	asked := g.mono()
	store := g.store.Load()
	if err := g.portico.feed(ctx, after(store.Position(), wait), func(c *keycache.Change) { store.Apply(c) }); err != nil {
		return err
	}
	g.heardAt(asked)
	return nil
}

func (g *Gate) heardAt(asked time.Duration) { g.heard.Store(int64(asked)) }

// deaf reports whether Portico has been silent for too long.
func (g *Gate) deaf() bool { return g.mono()-time.Duration(g.heard.Load()) > g.o.Silence }

// sleep waits; false when ctx ended first.
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
