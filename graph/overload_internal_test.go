package graph

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
	"portico/internal/seldom"
)

// What anybody can cause leaves one line each interval: refusals because of an overload,
// and requests while the database does not answer. A defect leaves a line each time.
func TestAnOverloadLeavesFewLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		present := presenter(slog.New(seldom.NewHandler(slog.NewTextHandler(&out, nil), time.Now)), func(context.Context) string { return "r1" })
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
		time.Sleep(seldom.Interval - 1)
		present(t.Context(), busy)
		require.Equal(t, []string{""}, lines())
		time.Sleep(time.Nanosecond)
		present(t.Context(), busy)
		again := lines()
		require.Len(t, again, 1)
		require.Contains(t, again[0], "leftOutSinceLastLine=100")
		for range 2 {
			present(t.Context(), fault.New(fault.CodeUnavailable, fault.ReasonDatabase, "The database does not answer."))
		}
		require.Equal(t, 1, strings.Count(out.String(), "level=ERROR"), out.String())
		for range 2 {
			present(t.Context(), errors.New("a defect"))
		}
		require.Equal(t, 3, strings.Count(out.String(), "level=ERROR"), out.String())
	})
}
