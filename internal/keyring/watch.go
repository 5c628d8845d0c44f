package keyring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// askEvery is how seldom an unknown id may cause a look at the file, so that
// junk from outside cannot keep the disk busy.
const askEvery = time.Second

// Watch reads the file again whenever it has changed, looking once in every
// interval, until ctx ends. A broken file leaves the keys as they are and is
// logged once. The interval must be well below RotationDelay.
func (r *Ring) Watch(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	complaint := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		changed, err := r.Reload()
		switch {
		case err != nil && err.Error() != complaint:
			complaint = err.Error()
			slog.ErrorContext(ctx, "the key ring is broken; the keys read before stay in use", "error", err)
		case err == nil:
			complaint = ""
		}
		if changed {
			slog.InfoContext(ctx, "the key ring was read again", "pepper", r.Current(Pepper).ID,
				"jwt", r.Current(JWT).ID, "cursor", r.Current(Cursor).ID)
		}
	}
}

// Reload reads the file again if it has changed, and reports whether it did. On
// an error the keys stay as they were. A file that has lost a pepper, or in
// which an id names another secret than before, is an error too, a
// *ForeignError: what was made under the ring so far would die.
func (r *Ring) Reload() (changed bool, err error) {
	r.reading.Lock()
	defer r.reading.Unlock()
	return r.reload()
}

func (r *Ring) reload() (bool, error) {
	if r.path == "" {
		return false, nil
	}
	info, err := os.Stat(r.path)
	if errors.Is(err, os.ErrNotExist) {
		return false, missing(r.path)
	}
	if err != nil {
		return false, fmt.Errorf("key ring: %w", err)
	}
	if os.SameFile(info, r.seen) && info.Size() == r.seen.Size() && info.ModTime().Equal(r.seen.ModTime()) {
		r.foreign.Store(nil) // it may have been another one meanwhile
		return false, nil
	}
	ring, info, err := readFile(r.path)
	if err != nil {
		return false, err
	}
	if foreign := r.compare(ring); foreign != nil {
		r.foreign.Store(foreign)
		return false, foreign
	}
	r.foreign.Store(nil)
	r.keys.Store(&ring.keys)
	r.seen = info
	return true, nil
}

// readForUnknown is Reload for an id that came from outside: seldom, and
// silent, because Watch reports a broken file.
func (r *Ring) readForUnknown() {
	r.reading.Lock()
	defer r.reading.Unlock()
	now := r.clock.Now()
	if since := now.Sub(r.asked); since >= 0 && since < askEvery {
		return
	}
	r.asked = now
	_, _ = r.reload()
}
