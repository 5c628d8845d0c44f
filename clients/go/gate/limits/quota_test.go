package limits_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		name, zone, now, start, end string
		per                         access.QuotaPeriod
	}{
		{"a day in UTC", "UTC", "2026-06-17T12:00:00Z", "2026-06-17T00:00:00Z", "2026-06-18T00:00:00Z", access.PerDay},
		{"a day begins at its first moment", "UTC", "2026-06-17T00:00:00Z", "2026-06-17T00:00:00Z", "2026-06-18T00:00:00Z", access.PerDay},
		{"half an hour off", "Asia/Kolkata", "2026-06-17T18:29:59Z", "2026-06-16T18:30:00Z", "2026-06-17T18:30:00Z", access.PerDay},
		{"half an hour off, the next", "Asia/Kolkata", "2026-06-17T18:30:00Z", "2026-06-17T18:30:00Z", "2026-06-18T18:30:00Z", access.PerDay},
		{"23 hours", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", access.PerDay},
		{"25 hours", "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", access.PerDay},
		{"half an hour of summer", "Australia/Lord_Howe", "2026-10-04T00:00:00Z", "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z", access.PerDay},
		{"no midnight", "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z", access.PerDay},
		{"the day before no midnight", "America/Sao_Paulo", "2018-11-04T02:59:59Z", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z", access.PerDay},
		{"no midnight, in the east", "Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z", access.PerDay},
		{"the day before, in the east", "Africa/Cairo", "2026-04-23T21:59:59Z", "2026-04-22T22:00:00Z", "2026-04-23T22:00:00Z", access.PerDay},
		{"no first half hour", "Australia/Lord_Howe", "1981-03-01T00:00:00Z", "1981-02-28T14:00:00Z", "1981-03-01T13:30:00Z", access.PerDay},
		{"midnight twice", "America/Havana", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", access.PerDay},
		{"midnight twice, in the east", "Asia/Amman", "2021-10-29T12:00:00Z", "2021-10-28T21:00:00Z", "2021-10-29T22:00:00Z", access.PerDay},
		{"the second midnight", "Asia/Amman", "2021-10-28T22:00:00Z", "2021-10-28T21:00:00Z", "2021-10-29T22:00:00Z", access.PerDay},
		{"back over midnight", "America/St_Johns", "2010-11-07T03:15:00Z", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z", access.PerDay},
		{"a day that never was", "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", access.PerDay},
		{"after a day that never was", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z", access.PerDay},
		{"Sunday ends the week", "UTC", "2026-06-21T23:59:59Z", "2026-06-15T00:00:00Z", "2026-06-22T00:00:00Z", access.PerWeek},
		{"Monday begins it", "UTC", "2026-06-22T00:00:00Z", "2026-06-22T00:00:00Z", "2026-06-29T00:00:00Z", access.PerWeek},
		{"a week of summer's end", "Europe/Berlin", "2026-10-25T22:59:59Z", "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z", access.PerWeek},
		{"a week over the year", "UTC", "2026-01-01T00:00:00Z", "2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z", access.PerWeek},
		{"a month", "America/New_York", "2026-03-31T12:00:00Z", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z", access.PerMonth},
		{"February of a leap year", "UTC", "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z", access.PerMonth},
		{"December", "Asia/Kathmandu", "2026-12-31T18:14:59Z", "2026-11-30T18:15:00Z", "2026-12-31T18:15:00Z", access.PerMonth},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			start, end := limits.Quota{Limit: 1, Per: c.per}.Period(now, zone(t, c.zone))
			want(t, "start", start.Format(time.RFC3339), c.start)
			want(t, "end", end.Format(time.RFC3339), c.end)
		})
	}
}

func TestNoZoneIsUTC(t *testing.T) {
	start, end := limits.Quota{Limit: 1, Per: access.PerDay}.Period(noon(), nil)
	want(t, "start", start, noon().Truncate(24*time.Hour))
	want(t, "end", end, start.Add(24*time.Hour))
}

// Across all changes of clocks, each moment is in one period, and periods follow one
// another without gap or overlap.
func TestPeriodsFollowOneAnother(t *testing.T) {
	zones := []string{
		"UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "America/Havana",
		"America/St_Johns", "Pacific/Apia", "Pacific/Kwajalein", "Africa/Cairo", "Asia/Beirut", "Asia/Tehran", "Asia/Gaza",
		"America/Asuncion", "Atlantic/Azores", "Antarctica/Troll", "Asia/Pyongyang", "Africa/Casablanca",
	}
	rapid.Check(t, func(t *rapid.T) {
		loc := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		q := limits.Quota{Limit: 1, Per: rapid.SampledFrom([]access.QuotaPeriod{access.PerDay, access.PerWeek, access.PerMonth}).Draw(t, "per")}
		now := time.Unix(rapid.Int64Range(0, 2_200_000_000).Draw(t, "now"), 0)
		for range 40 {
			start, end := q.Period(now, loc)
			if now.Before(start) || !now.Before(end) {
				t.Fatalf("%v is not in %v – %v", now.In(loc), start, end)
			}
			for _, inside := range []time.Time{start, end.Add(-time.Nanosecond)} {
				if s, e := q.Period(inside, loc); !s.Equal(start) || !e.Equal(end) {
					t.Fatalf("%v – %v, but %v is in %v – %v", start, end, inside, s, e)
				}
			}
			if length := end.Sub(start); length < 22*time.Hour || length > 32*24*time.Hour {
				t.Fatalf("%v – %v is %v long", start.In(loc), end.In(loc), length)
			}
			if s, _ := q.Period(end, loc); !s.Equal(end) {
				t.Fatalf("%v – %v is followed by one from %v", start, end, s)
			}
			now = end
		}
	})
}

func TestQuotaOf(t *testing.T) {
	want(t, "nil is none", limits.QuotaOf(nil).None(), true)
	want(t, "a quota", limits.QuotaOf(&access.Quota{Limit: 7, Per: access.PerWeek}), limits.Quota{Limit: 7, Per: access.PerWeek})
}
