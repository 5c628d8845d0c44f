package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"portico/internal/database"
	"portico/internal/installation"
	"portico/internal/keyring"
	"portico/migrate"
)

// ReadyTime is how long the database may take to respond.
const ReadyTime = 2 * time.Second

// liveness responds as long as the process runs.
func liveness(w http.ResponseWriter, _ *http.Request) { writeStatus(w, http.StatusOK, "ok", "") }

// readiness reports whether requests should be sent to this server.
type readiness struct {
	database *database.DB
	secrets  *secretsCheck
	// loaded is closed when the initial key cache is complete.
	loaded   <-chan struct{}
	draining atomic.Bool
	// detail returns a warning that does not make the server unready; it may be
	// nil or return "".
	detail func(ctx context.Context) string
	// flight shares one query among concurrent requests: any client may send them.
	flight singleflight.Group
}

// ServeHTTP responds with 200 and any warning, or with 503 and the reason.
func (s *readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if reason := s.notReadyReason(r.Context()); reason != "" {
		writeStatus(w, http.StatusServiceUnavailable, "unavailable", reason)
		return
	}
	detail := ""
	if s.detail != nil {
		detail = s.detail(r.Context())
	}
	writeStatus(w, http.StatusOK, "ok", detail)
}

func (s *readiness) notReadyReason(ctx context.Context) string {
	if s.draining.Load() {
		return "the server is stopping"
	}
	select {
	case <-s.loaded:
	default:
		return "the keys are being loaded"
	}
	found := s.flight.DoChan("", func() (any, error) {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), ReadyTime)
		defer cancel()
		return s.queryDatabase(limited), nil
	})
	select {
	case r := <-found:
		return r.Val.(string)
	case <-ctx.Done():
		return "the database does not answer"
	}
}

// queryDatabase checks the database.
func (s *readiness) queryDatabase(ctx context.Context) string {
	states, err := migrate.Status(ctx, s.database)
	if err != nil {
		return "the database does not answer"
	}
	for _, m := range states {
		if m.AppliedAt.IsZero() {
			return "the database lacks a migration"
		}
	}
	return s.secrets.notReadyReason(ctx)
}

// secretsCheck compares the key ring with the database's fingerprints each time
// the ring's file has been read.
type secretsCheck struct {
	database *database.DB
	ring     *keyring.Ring
	log      *slog.Logger

	mu      sync.Mutex
	checked any // the revision that matched
}

// notReadyReason reveals nothing about the file and its secrets: operators find
// that in the log.
func (c *secretsCheck) notReadyReason(ctx context.Context) string {
	const foreign = "the key ring is not the one that the database belongs to"
	if c.ring.Foreign() != nil {
		return foreign // the ring itself has written the reason to the log
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	revision := c.ring.Revision()
	if c.checked == revision {
		return ""
	}
	err := installation.Check(ctx, c.database, c.ring, time.Now())
	var other *keyring.ForeignError
	switch {
	case errors.As(err, &other), errors.Is(err, installation.ErrRealData):
		c.log.ErrorContext(ctx, "the key ring is not the one that the database belongs to", "error", err)
		return foreign
	case err != nil:
		c.log.WarnContext(ctx, "the key ring could not be compared with the database", "error", err)
		return "the database does not answer"
	}
	c.checked = revision
	return ""
}

// closeConnections asks the clients of a stopping server to use a new
// connection for their next request: on the present one it might arrive too
// late.
func (s *readiness) closeConnections(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

func writeStatus(w http.ResponseWriter, code int, status, reason string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	// An error means that the client has gone.
	_ = json.NewEncoder(w).Encode(struct {
		Status string `json:"status"`
		Reason string `json:"reason,omitempty"`
	}{status, reason})
}
