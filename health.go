package main

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

// readyTime is how long the database may take to answer.
const readyTime = 2 * time.Second

// alive answers as long as the process does.
func alive(w http.ResponseWriter, _ *http.Request) { writeStatus(w, http.StatusOK, "ok", "") }

// readiness reports whether requests should be sent here.
type readiness struct {
	database *database.DB
	secrets  *secretsCheck
	// loaded is closed when all keys that are to be in memory from the start are.
	loaded   <-chan struct{}
	draining atomic.Bool
	// detail says what does not keep requests away and should be looked at; nil or
	// "": nothing.
	detail func(ctx context.Context) string
	// flight lets all who ask at the same time wait for one look: anybody may ask.
	flight singleflight.Group
}

// ServeHTTP answers 200, with what should be looked at, or 503 with the reason.
func (s *readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if reason := s.hindrance(r.Context()); reason != "" {
		writeStatus(w, http.StatusServiceUnavailable, "unavailable", reason)
		return
	}
	detail := ""
	if s.detail != nil {
		detail = s.detail(r.Context())
	}
	writeStatus(w, http.StatusOK, "ok", detail)
}

func (s *readiness) hindrance(ctx context.Context) string {
	if s.draining.Load() {
		return "the server is stopping"
	}
	select {
	case <-s.loaded:
	default:
		return "the keys are being loaded"
	}
	found := s.flight.DoChan("", func() (any, error) {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTime)
		defer cancel()
		return s.look(limited), nil
	})
	select {
	case r := <-found:
		return r.Val.(string)
	case <-ctx.Done():
		return "the database does not answer"
	}
}

// look asks the database.
func (s *readiness) look(ctx context.Context) string {
	states, err := migrate.Status(ctx, s.database)
	if err != nil {
		return "the database does not answer"
	}
	for _, m := range states {
		if m.AppliedAt.IsZero() {
			return "the database lacks a migration"
		}
	}
	return s.secrets.hindrance(ctx)
}

// secretsCheck compares the key ring with what the database knows of it each
// time that the ring's file was read.
type secretsCheck struct {
	database *database.DB
	ring     *keyring.Ring
	log      *slog.Logger

	mu      sync.Mutex
	checked any // the revision that was found to be right
}

// hindrance says nothing of the file and its secrets: whoever may read that
// reads the log.
func (c *secretsCheck) hindrance(ctx context.Context) string {
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

// parting asks the clients of a server that is stopping to take a new
// connection for their next request: on this one it might come too late.
func (s *readiness) parting(next http.Handler) http.Handler {
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
	// The client may have gone; there is nobody else to tell.
	_ = json.NewEncoder(w).Encode(struct {
		Status string `json:"status"`
		Reason string `json:"reason,omitempty"`
	}{status, reason})
}
