package main

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

// requestIDHeader names a request; it is in the answer, the log and the errors.
const requestIDHeader = "X-Request-Id"

// trace is what is known of a request; the handlers fill it in for the log.
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

// named returns the request its name: the caller's if it is a sane one, so that
// logs of several programs fit together, else a new one.
func named(next http.Handler) http.Handler {
	// What may stand in a log or a header without being mistaken for anything else.
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

// within returns the request's work a deadline.
func within(limit time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), limit)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// noteRole tells the log who asked. It runs after authentication.
func noteRole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		traceOf(r.Context()).role = viewer.Current(r.Context()).Role
		next.ServeHTTP(w, r)
	})
}

// logged writes a line for each request: never its headers, its body or its
// query, where tokens and passwords are.
func logged(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			answer := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() {
				t := traceOf(r.Context())
				log.LogAttrs(r.Context(), importance(r.URL.Path), "request",
					slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", answer.Status()),
					slog.Int("bytes", answer.BytesWritten()), slog.Float64("durationMs", inMilliseconds(time.Since(start))),
					slog.String("requestId", t.id), slog.String("role", string(t.role)))
			}()
			next.ServeHTTP(answer, r)
		})
	}
}

// inMilliseconds is a time in the one unit of the log, to the microsecond:
// slog writes a Duration in another unit for each form of the log.
func inMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// importance keeps health checks and the playground's files out of the log.
func importance(path string) slog.Level {
	if path == "/healthz" || path == "/readyz" || strings.HasPrefix(path, "/playground/") {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// unbroken answers INTERNAL where a handler panics.
func unbroken(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				switch p := recover(); p {
				case nil:
				case http.ErrAbortHandler:
					panic(p) // the server's own way to hang up
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

// writeInternal answers in the shape that GraphQL clients read.
func writeInternal(w http.ResponseWriter, id string) {
	f := fault.From(nil)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusInternalServerError)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{ // the client may have gone
		"message": f.Message, "extensions": map[string]any{"code": f.Code, "reason": f.Reason, "requestId": id},
	}}})
}

// secured adds the headers that keep an answer from being taken for a page, or
// into one. The playground, which is a page, sets a policy of its own.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}
