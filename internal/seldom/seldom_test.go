package seldom_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/seldom"
)

// scene is a log with a clock, in which lines are counted that were left out.
type scene struct {
	out     bytes.Buffer
	now     time.Time
	handler *seldom.Handler
	log     *slog.Logger
}

func newScene() *scene {
	s := &scene{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	to := slog.NewTextHandler(&s.out, &slog.HandlerOptions{Level: slog.LevelDebug})
	s.handler = seldom.NewHandler(to, func() time.Time { return s.now })
	s.log = slog.New(s.handler)
	return s
}

// leftOut returns how many lines were left out of each kind that has any.
func (s *scene) leftOut() map[string]int {
	out := map[string]int{}
	for _, k := range seldom.Kinds() {
		if n := s.handler.LeftOut(k); n > 0 {
			out[k] = n
		}
	}
	return out
}

func (s *scene) lines() []string {
	defer s.out.Reset()
	return strings.Split(strings.TrimSuffix(s.out.String(), "\n"), "\n")
}

func TestOneLineAMinuteOfEachKind(t *testing.T) {
	s, ctx := newScene(), context.Background()
	write := func(kind string) { s.log.ErrorContext(ctx, "it failed", seldom.Line(kind), "n", 1) }
	for range 100 {
		write(seldom.Leaks)
	}
	write(seldom.Tokens)
	require.Len(t, s.lines(), 2)
	require.Equal(t, map[string]int{seldom.Leaks: 99}, s.leftOut())
	s.now = s.now.Add(seldom.Interval - 1)
	write(seldom.Leaks)
	require.Equal(t, []string{""}, s.lines())
	s.now = s.now.Add(1)
	write(seldom.Leaks)
	got := s.lines()
	require.Len(t, got, 1)
	require.Contains(t, got[0], "leftOutSinceLastLine=100")
	require.Equal(t, 100, s.leftOut()[seldom.Leaks])
	s.now = s.now.Add(-time.Hour)
	write(seldom.Leaks)
	require.Len(t, s.lines(), 1, "the clock was set back")
}

// Lines without a mark, and those below WARN, are written as they come.
func TestOtherLinesAreWritten(t *testing.T) {
	s, ctx := newScene(), context.Background()
	for range 3 {
		s.log.ErrorContext(ctx, "a job failed", "seldom", "a word")
		s.log.DebugContext(ctx, "it failed", seldom.Line(seldom.Leaks))
	}
	require.Len(t, s.lines(), 6)
	require.Empty(t, s.leftOut())
}

// A mark of a logger is that of its lines, also through the standard library's log.
func TestMarkOfALogger(t *testing.T) {
	s := newScene()
	std := slog.NewLogLogger(s.log.Handler().WithAttrs([]slog.Attr{seldom.Line(seldom.Connections)}), slog.LevelWarn)
	grouped := s.log.With(seldom.Line(seldom.Leaks)).WithGroup("group")
	for range 3 {
		std.Print("http: something with the address of a stranger")
		grouped.Error("it failed")
	}
	require.Len(t, s.lines(), 2)
	require.Equal(t, map[string]int{seldom.Connections: 2, seldom.Leaks: 2}, s.leftOut())
}
