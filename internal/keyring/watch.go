package keyring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// minReloadInterval is the least time between two checks of the file because of
// unknown ids, so that junk in requests cannot keep the disk busy.
const minReloadInterval = time.Second

// Watch reads the file again whenever it has changed, checking once in every
// interval, until ctx ends. A broken file leaves the keys unchanged and is
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

// Reload reads the file again if it has changed, and reports whether it has. On
// an error the keys are unchanged. A file that has lost a pepper, or in which
// an id has another secret than before, is a *ForeignError: what was signed or
// hashed with the ring so far would become invalid.
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
		return false, errMissing(r.path)
	}
	if err != nil {
		return false, fmt.Errorf("key ring: %w", err)
	}
	if os.SameFile(info, r.seen) && info.Size() == r.seen.Size() && info.ModTime().Equal(r.seen.ModTime()) {
		r.foreign.Store(nil) // the file may have been foreign in between
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

// reloadForUnknownID is Reload for an unknown id in a request. It is
// rate-limited and ignores errors, because Watch reports a broken file.
func (r *Ring) reloadForUnknownID() {
	r.reading.Lock()
	defer r.reading.Unlock()
	now := r.clock.Now()
	if since := now.Sub(r.lastUnknown); since >= 0 && since < minReloadInterval {
		return
	}
	r.lastUnknown = now
	_, _ = r.reload()
}
