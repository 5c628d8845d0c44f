package identity

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/clock"
)

// someFailures returns failures without a log, and a clock.
func someFailures() (*failures, *clock.Fake) {
	c := clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	return newFailures(Options{Clock: c, Log: slog.New(slog.DiscardHandler)}), c
}

// someUser returns a user with an address, the only one.
func someUser(o *db.Organization) candidates {
	return candidates{all: []candidate{{user: &db.User{ID: uuid.New()}, organization: o}}}
}

// The failures of so many users alone are kept in memory; those of the others are
// only in the program's log.
func TestFailures_BoundsUsers(t *testing.T) {
	f, _ := someFailures()
	first := someUser(&db.Organization{})
	f.add(t.Context(), SignInWrongPassword, SignInInput{}, first)
	for range maxFailureUsers + 1 {
		f.add(t.Context(), SignInWrongPassword, SignInInput{}, someUser(&db.Organization{}))
	}
	require.Len(t, f.byUser, maxFailureUsers)
	require.Equal(t, maxFailureUsers, f.pending())
	f.add(t.Context(), SignInWrongPassword, SignInInput{}, first)
	require.Equal(t, maxFailureUsers+1, f.pending(), "those who are kept go on")
}

// Users with the most failures are recorded first, and forgotten a window after their
// last event.
func TestFailures_OrderAndEnd(t *testing.T) {
	f, c := someFailures()
	o := &db.Organization{ID: uuid.New()}
	for n := range maxFailureEvents {
		one := someUser(o)
		for range n + 1 {
			f.add(t.Context(), SignInWrongPassword, SignInInput{}, one)
		}
	}
	due := f.takeDue(false)[o.ID]
	require.Len(t, due, maxFailureEvents)
	for i, n := range due {
		require.Equal(t, maxFailureEvents-i, n.count)
	}
	require.Zero(t, f.pending())
	c.Advance(failureWindow - time.Second)
	require.Empty(t, f.takeDue(false))
	require.Len(t, f.byUser, maxFailureEvents)
	c.Advance(time.Second)
	require.Empty(t, f.takeDue(false))
	require.Empty(t, f.byUser)
}

// Without a log in its options a Service uses the program's.
func TestFailures_DefaultLog(t *testing.T) {
	require.Equal(t, slog.Default(), newFailures(Options{}).log)
}
