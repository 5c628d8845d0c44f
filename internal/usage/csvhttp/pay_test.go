package csvhttp_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/activity"
	"portico/internal/fault"
	"portico/internal/usage"
	"portico/internal/usage/csvhttp"
)

// steps records the calls of an export's Options, and refuses one of them.
type steps struct {
	done  []string
	wrong string
}

func (s *steps) take(name string) error {
	s.done = append(s.done, name)
	if name == s.wrong {
		return fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "Sign in first.")
	}
	return nil
}

func (s *steps) handler() http.Handler {
	return csvhttp.Handler(csvhttp.Options{
		Running: csvhttp.NewRoom(),
		May:     func(context.Context) error { return s.take("may") },
		Pay: func(_ context.Context, _ http.Header, bytes int, rows bool) error {
			if rows {
				return s.take("pay for rows")
			}
			return s.take("pay")
		},
		Query: func(_ context.Context, _ activity.UsageFilter, by usage.Interval) (usage.Query, error) {
			return usage.Query{Interval: by}, s.take("ask")
		},
		Rows: func(context.Context, usage.Query, func(usage.Row) error) error { return s.take("read") },
		Log:  slog.New(slog.DiscardHandler),
	})
}

// A viewer that may not export learns no errors of the query, and only an export that
// reads rows is charged for rows.
func TestOrderOfRefusals(t *testing.T) {
	const typo = "?from=yesterday"
	for name, c := range map[string]struct {
		method, query, wrong string
		status               int
		done                 []string
	}{
		"an export":             {"GET", query, "", 200, []string{"may", "pay", "ask", "pay for rows", "read"}},
		"its head":              {"HEAD", query, "", 200, []string{"may", "pay", "ask"}},
		"a typo":                {"GET", typo, "", 400, []string{"may", "pay"}},
		"half an escape":        {"GET", "?from=%2", "", 400, []string{"may", "pay"}},
		"anonymous":             {"GET", query, "may", 401, []string{"may"}},
		"anonymous with a typo": {"GET", typo, "may", 401, []string{"may"}},
		"an unknown id":         {"GET", query, "ask", 401, []string{"may", "pay", "ask"}},
		"nothing left":          {"GET", query, "pay", 401, []string{"may", "pay"}},
		"not enough for rows":   {"GET", query, "pay for rows", 401, []string{"may", "pay", "ask", "pay for rows"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &steps{wrong: c.wrong}
			w := httptest.NewRecorder()
			s.handler().ServeHTTP(w, httptest.NewRequest(c.method, "/usage.csv"+c.query, nil))
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.done, s.done)
		})
	}
}

// An export refused for lack of room is not charged for rows.
func TestExportWithoutRoomIsNotCharged(t *testing.T) {
	begun, end, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var paid []bool
	h := csvhttp.Handler(csvhttp.Options{
		Running: csvhttp.NewRoom(),
		May:     func(context.Context) error { return nil },
		Pay: func(_ context.Context, _ http.Header, _ int, rows bool) error {
			paid = append(paid, rows)
			return nil
		},
		Query: func(context.Context, activity.UsageFilter, usage.Interval) (usage.Query, error) {
			return usage.Query{}, nil
		},
		Rows: func(context.Context, usage.Query, func(usage.Row) error) error {
			begun <- struct{}{}
			<-end
			return nil
		},
		Log: slog.New(slog.DiscardHandler),
	})
	ask := func() int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/usage.csv"+query, nil))
		return w.Code
	}
	for range 2 {
		go func() { ask(); done <- struct{}{} }()
		select {
		case <-begun:
		case <-time.After(time.Minute):
			t.Fatal("no export begins")
		}
	}
	require.Equal(t, http.StatusServiceUnavailable, ask())
	require.Equal(t, []bool{false, true, false, true, false}, paid)
	close(end)
	<-done
	<-done
}
