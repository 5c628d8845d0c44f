package statements_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/statements"
	"portico/internal/usage/counts"
)

// in sets the organization's time zone.
func (s *scene) in(t *testing.T, zone string) *time.Location {
	t.Helper()
	_, err := s.Portal.Identity.UpdateOrganization(s.Admin, identity.UpdateOrganizationInput{TimeZone: input.SetTo(zone)})
	require.NoError(t, err)
	in, err := time.LoadLocation(zone)
	require.NoError(t, err)
	return in
}

// No call is lost, and none counted twice, where an organization changes its time zone: days
// of the former one reach over the midnights of the present one.
func TestTimeZone_Calls(t *testing.T) {
	for _, zones := range [][2]string{{"Asia/Tokyo", "America/New_York"}, {"America/New_York", "Asia/Tokyo"}} {
		t.Run(zones[0], func(t *testing.T) {
			each(t, func(t *testing.T, s *scene) {
				month := time.Date(2027, 1, 1, 0, 0, 0, 0, s.in(t, zones[0]))
				s.at(month)
				sub := s.register(t, s.metered)
				const days = 6
				for hour := range days * 24 {
					if hour == days*12 {
						s.in(t, zones[1])
					}
					s.called(t, s.Clock.Now(), 1)
					s.at(month.Add(time.Duration(hour+1) * time.Hour))
					if hour%6 == 5 {
						require.NoError(t, counts.NewStore(s.Database, s.Clock).RollUp(t.Context()))
						s.run(t)
					}
				}
				_, err := s.Portal.Apps.Unregister(s.Admin, sub.GlobalID(), nil)
				require.NoError(t, err)
				s.at(s.Clock.Now().Add(statements.Lag))
				require.Equal(t, 1, s.run(t).Settled)
				require.EqualValues(t, days*24, s.lines(t)[0].Calls)
			})
		})
	}
}

// Nobody gets included calls anew in the hours between the months of two time zones, which
// are of the first month; and the second month has its own.
func TestTimeZone_IncludedCalls(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.at(time.Date(2027, 1, 1, 0, 0, 0, 0, s.in(t, "Asia/Tokyo")))
		s.register(t, s.metered) // 10,000 calls are included
		s.called(t, s.Clock.Now().AddDate(0, 0, 2), 10_000)
		end := time.Date(2027, 2, 1, 0, 0, 0, 0, s.in(t, "Asia/Tokyo"))
		s.at(end.AddDate(0, 0, -10))
		next := time.Date(2027, 2, 1, 0, 0, 0, 0, s.in(t, "America/New_York"))
		s.called(t, end.Add(time.Hour), 2_000)
		s.called(t, next.Add(time.Hour), 3_000)
		s.at(end.Add(statements.Lag))
		require.Equal(t, 1, s.run(t).Closed)
		running, err := s.Portal.Statements.Running(s.Developer, nil)
		require.NoError(t, err)
		require.Len(t, running, 2)
		require.Equal(t, []any{"1.00", int64(10_000)}, []any{running[0].Amount, running[0].Lines[0].CallsBefore})
		require.Equal(t, []any{"0.00", int64(0)}, []any{running[1].Amount, running[1].Lines[0].CallsBefore})

		s.at(next.Add(statements.Lag))
		require.Equal(t, 1, s.run(t).Closed)
		all := s.statements(t)
		require.Equal(t, []string{"0.00", "1.00"}, []string{all[0].Amount, all[1].Amount})
		lines := s.lines(t)
		require.Len(t, lines, 3)
		require.True(t, lines[1].StartedAt.Equal(end) && lines[1].EndedAt.Equal(next))
		require.EqualValues(t, 10_000, lines[1].CallsBefore)
	})
}

// A month that begins earlier in the new time zone is the next one all the same: what the one
// before used up is not its.
func TestTimeZone_MonthsAreTwo(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.at(time.Date(2027, 1, 1, 0, 0, 0, 0, s.in(t, "America/New_York")))
		s.register(t, s.metered)
		s.called(t, s.Clock.Now().AddDate(0, 0, 2), 12_000)
		end := time.Date(2027, 2, 1, 0, 0, 0, 0, s.in(t, "America/New_York"))
		s.at(end.AddDate(0, 0, -10))
		next := time.Date(2027, 3, 1, 0, 0, 0, 0, s.in(t, "Asia/Tokyo"))
		s.called(t, end.Add(time.Hour), 10_000)
		s.at(next.Add(statements.Lag))
		require.Equal(t, 2, s.run(t).Closed)
		all := s.statements(t)
		require.Equal(t, []string{"1.00", "0.00"}, []string{all[0].Amount, all[1].Amount})
	})
}
