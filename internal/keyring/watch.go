package keyring

import (
	"context"
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

// Reload reads the file again if it has changed, and tells whether it did. On
// an error the keys stay as they were. A file that has lost a pepper is an
// error too: every key made under that pepper would die.
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
	if err != nil {
		return false, fmt.Errorf("key ring: %w", err)
	}
	if os.SameFile(info, r.seen) && info.Size() == r.seen.Size() && info.ModTime().Equal(r.seen.ModTime()) {
		return false, nil
	}
	all, info, err := readFile(r.path)
	if err != nil {
		return false, err
	}
	for _, k := range r.list(Pepper) {
		if _, ok := find(all[Pepper], k.ID); !ok {
			return false, fmt.Errorf("key ring %s: pepper key %q has disappeared", r.path, k.ID)
		}
	}
	r.keys.Store(&all)
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
