package graph

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
)

// Refusals because of an overload, which anybody can cause, leave one line each
// interval; a request that fails for another reason leaves its own.
func TestAnOverloadLeavesFewLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		present := presenter(slog.New(slog.NewTextHandler(&out, nil)), func(context.Context) string { return "r1" })
		busy := fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, time.Second, "The server is busy.")
		lines := func() []string {
			defer out.Reset()
			return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		}
		for range 100 {
			require.Equal(t, fault.CodeUnavailable, present(t.Context(), busy).Extensions["code"])
		}
		first := lines()
		require.Len(t, first, 1)
		require.Contains(t, first[0], "level=WARN")
		require.Contains(t, first[0], "refusedSinceLastLine=0")
		time.Sleep(overloadInterval - 1)
		present(t.Context(), busy)
		require.Equal(t, []string{""}, lines())
		time.Sleep(time.Nanosecond)
		present(t.Context(), busy)
		again := lines()
		require.Len(t, again, 1)
		require.Contains(t, again[0], "refusedSinceLastLine=100")
		for range 2 {
			present(t.Context(), fault.New(fault.CodeUnavailable, fault.ReasonDatabase, "The database does not answer."))
		}
		require.Equal(t, 2, strings.Count(out.String(), "level=ERROR"), out.String())
	})
}
