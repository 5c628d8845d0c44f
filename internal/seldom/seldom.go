// Package seldom keeps strangers from filling the log. A line at WARN or ERROR that whoever
// sends requests can bring about at will, if only while something does not answer, is
// marked with its kind (Line). Of a kind a Handler writes one line a minute, and counts the
// rest, which says as much to whoever reads them.
package seldom

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Interval is the least time between two lines of a kind.
const Interval = time.Minute

// key is the attribute by which a line is marked.
const key = "seldom"

// kind is what lines that are written seldom have in common.
type kind string

// Line marks a line of the log. Kinds are constants: one is remembered for ever.
func Line(of string) slog.Attr { return slog.Any(key, kind(of)) }

// Handler writes lines as another one does, but seldom those that are marked. The first
// after a pause says how many were left out since the one before.
type Handler struct {
	slog.Handler
	lines *lines
	mark  kind // of all lines
}

// lines is what is known of each kind.
type lines struct {
	now   func() time.Time
	mu    sync.Mutex
	kinds map[kind]*state
}

type state struct {
	next time.Time
	// leftOut counts lines: those since the last that was written, and all.
	leftOut, all int
}

// NewHandler returns a Handler that goes by the clock now.
func NewHandler(to slog.Handler, now func() time.Time) *Handler {
	return &Handler{Handler: to, lines: &lines{now: now, kinds: map[kind]*state{}}}
}

// LeftOut returns how many lines of a kind were not written.
func (h *Handler) LeftOut(of string) int {
	h.lines.mu.Lock()
	defer h.lines.mu.Unlock()
	if s := h.lines.kinds[kind(of)]; s != nil {
		return s.all
	}
	return 0
}

// WithAttrs is slog's; a mark among them is that of all lines.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := *h
	for _, a := range attrs {
		if k, ok := markOf(a); ok {
			out.mark = k
		}
	}
	out.Handler = h.Handler.WithAttrs(attrs)
	return &out
}

// WithGroup is slog's.
func (h *Handler) WithGroup(name string) slog.Handler {
	out := *h
	out.Handler = h.Handler.WithGroup(name)
	return &out
}

// Handle writes a line, unless one of its kind was written a short time ago. What is
// written for those who look for errors in the program (DEBUG) is written in any case.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	of := h.mark
	r.Attrs(func(a slog.Attr) bool {
		k, ok := markOf(a)
		if ok {
			of = k
		}
		return !ok
	})
	if of == "" || r.Level < slog.LevelWarn {
		return h.Handler.Handle(ctx, r)
	}
	more, ok := h.lines.take(of)
	if !ok {
		return nil
	}
	if more > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("leftOutSinceLastLine", more))
	}
	return h.Handler.Handle(ctx, r)
}

func markOf(a slog.Attr) (kind, bool) {
	if a.Key != key {
		return "", false
	}
	k, ok := a.Value.Any().(kind)
	return k, ok
}

// take reports whether a line may be written now, and how many were not since the last.
func (l *lines) take(of kind) (more int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.kinds[of]
	if s == nil {
		s = &state{}
		l.kinds[of] = s
	}
	now := l.now()
	// A clock that was set back must not silence the log.
	if wait := s.next.Sub(now); wait > 0 && wait <= Interval {
		s.leftOut++
		s.all++
		return 0, false
	}
	more, s.leftOut, s.next = s.leftOut, 0, now.Add(Interval)
	return more, true
}

// Kinds of lines that are written seldom.
const (
	// Leaks: requests about leaked keys that failed.
	Leaks = "LEAKED_KEYS"
	// LeakReports: reports of leaked keys that could not be worked on.
	LeakReports = "LEAK_REPORTS"
	// Resets: requests for new passwords that could not be worked on.
	Resets = "PASSWORD_RESETS"
	// SignIns: failed sign-ins that could not be recorded.
	SignIns = "SIGN_INS"
	// Requests: requests of the API that failed because something does not answer.
	Requests = "REQUESTS"
	// Overload: requests that were refused because too many were under way.
	Overload = "OVERLOAD"
	// Tokens: tokens that could not be checked, of people, programs and gateways.
	Tokens = "TOKENS"
	// Providers: sign-ins and exchanges that failed because an identity provider did.
	Providers = "IDENTITY_PROVIDERS"
	// Connections: connections that failed or were refused.
	Connections = "CONNECTIONS"
	// Letters: letters that a mail server refuses; their addresses may be strangers'.
	Letters = "LETTERS"
)

// Kinds returns all kinds.
func Kinds() []string {
	return []string{Leaks, LeakReports, Resets, SignIns, Requests, Overload, Tokens, Providers, Connections, Letters}
}
