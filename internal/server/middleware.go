package server

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/viewer"
)

// requestIDHeader identifies a request; the id is in the response, the log and
// the errors.
const requestIDHeader = "X-Request-Id"

// trace collects what the handlers know of a request, for the log.
type trace struct {
	id   string
	role viewer.Role
}

type traceKey struct{}

// traceOf returns the request's trace, or an empty one outside of a request.
func traceOf(ctx context.Context) *trace {
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		return t
	}
	return &trace{}
}

func requestID(ctx context.Context) string { return traceOf(ctx).id }

// withRequestID assigns an id to the request: the caller's if it is
// well-formed, so that the logs of several programs match, else a new one.
func withRequestID(next http.Handler) http.Handler {
	// Only characters that are harmless in a log and in a header.
	sane := regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if !sane.MatchString(id) {
			id = uuid.Must(uuid.NewV7()).String()
		}
		w.Header().Set(requestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), traceKey{}, &trace{id: id})))
	})
}

// withDeadline sets a deadline for the request's work.
func withDeadline(limit time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), limit)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// recordRole records the caller's role for the log. It runs after
// authentication.
func recordRole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		traceOf(r.Context()).role = viewer.Current(r.Context()).Role
		next.ServeHTTP(w, r)
	})
}

// logRequests logs a line for each request: never its headers, its body or its
// query, which contain tokens and passwords.
func logRequests(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			answer := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() {
				t := traceOf(r.Context())
				log.LogAttrs(r.Context(), requestLevel(r.URL.Path), "request",
					slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", answer.Status()),
					slog.Int("bytes", answer.BytesWritten()), slog.Float64("durationMs", toMilliseconds(time.Since(start))),
					slog.String("requestId", t.id), slog.String("role", string(t.role)))
			}()
			next.ServeHTTP(answer, r)
		})
	}
}

// toMilliseconds returns d in milliseconds, the log's one unit, to the
// microsecond: slog writes a Duration in another unit for each format of the
// log.
func toMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// requestLevel returns the level at which a request is logged: health checks
// and the playground's files are not shown by default.
func requestLevel(path string) slog.Level {
	if path == "/healthz" || path == "/readyz" || strings.HasPrefix(path, "/playground/") {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// recoverPanics responds with INTERNAL if a handler panics.
func recoverPanics(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				switch p := recover(); p {
				case nil:
				case http.ErrAbortHandler:
					panic(p) // net/http closes the connection
				default:
					log.ErrorContext(r.Context(), "panic while answering", "requestId", requestID(r.Context()),
						"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
					writeInternal(w, requestID(r.Context()))
				}
			}()
			next.ServeHTTP(w, r)
		})
	}
}

// writeInternal writes the response in the shape that GraphQL clients read.
func writeInternal(w http.ResponseWriter, id string) {
	f := fault.From(nil)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusInternalServerError)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{ // the client may have gone
		"message": f.Message, "extensions": map[string]any{"code": f.Code, "reason": f.Reason, "requestId": id},
	}}})
}

// secureHeaders adds the headers that prevent a response from being rendered as
// a page, or embedded in one. The playground, which is a page, sets its own
// policy.
func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}
