package seed_test

import (
	"fmt"
	"strconv"
	"testing"

	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/seed"
	"portico/internal/testdb"
)

// loads counts the apps of the large set, and what belongs to them.
func loads(t testing.TB, d *database.DB) (accounts, apps, keys, subscriptions int) {
	t.Helper()
	const of = " x JOIN accounts a ON a.id = x.account_id WHERE a.name LIKE 'Load %'"
	line := ask(t, d, "SELECT (SELECT count(*) FROM accounts WHERE name LIKE 'Load %'), (SELECT count(*) FROM apps"+of+
		"), (SELECT count(*) FROM credentials"+of+"), (SELECT count(*) FROM subscriptions"+of+")")[0]
	if _, err := fmt.Sscan(line, &accounts, &apps, &keys, &subscriptions); err != nil {
		t.Fatal(err)
	}
	return accounts, apps, keys, subscriptions
}

func TestLarge(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o := options(t, url)
		sum, err := seed.Large(t.Context(), o, 130)
		if err != nil {
			t.Fatal(err)
		}
		if sum.Created["organizations"] != 2 || sum.Created["users"] != 7 {
			t.Errorf("the demo data was not made first: %+v", sum)
		}
		small := sum.Created["events"]
		if sum, err = seed.Large(t.Context(), o, 500); err != nil {
			t.Fatal(err)
		}
		accounts, apps, keys, subscriptions := loads(t, o.Database)
		if accounts != 5 || apps != 500 || keys != 999 || subscriptions != 997 {
			t.Errorf("%d accounts, %d apps, %d keys, %d subscriptions", accounts, apps, keys, subscriptions)
		}
		if sum.Created["organizations"] != 0 || sum.Created["accounts"] != 3 || sum.Created["apps"] != 370 {
			t.Errorf("the second time made %+v", sum)
		}
		if all := ask(t, o.Database, "SELECT count(*) FROM events")[0]; all != strconv.Itoa(small+sum.Created["events"]) {
			t.Errorf("%s events, told of %d", all, small+sum.Created["events"])
		}
		if waiting := ask(t, o.Database, "SELECT count(*) FROM subscriptions WHERE status = 'WAITING'")[0]; len(waiting) > 1 {
			t.Errorf("%s subscriptions wait", waiting)
		}
		inOrder(t, o.Database, ask(t, o.Database, "SELECT id FROM organizations WHERE slug = 'demo'")[0])
		if missing := ask(t, o.Database, `SELECT x.id FROM (SELECT id FROM apps UNION ALL SELECT id FROM credentials UNION ALL
			SELECT id FROM subscriptions UNION ALL SELECT id FROM accounts) x WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject_id = x.id)`); len(missing) > 0 {
			t.Errorf("rows without an event: %v", missing)
		}
		before := counted(t, o.Database)
		if _, err := seed.Large(t.Context(), o, 500); err != nil {
			t.Fatal(err)
		}
		if after := counted(t, o.Database); after != before {
			t.Errorf("before %s\nafter  %s", before, after)
		}
	})
}

func TestLargeRefuses(t *testing.T) {
	o := options(t, testdb.SQLite(t))
	for _, n := range []int{-1, 0, seed.MostApps + 1} {
		if _, err := seed.Large(t.Context(), o, n); err == nil {
			t.Errorf("%d apps were not refused", n)
		}
	}
	if empty, err := seed.Empty(t.Context(), o.Client); err != nil || !empty {
		t.Errorf("something was made (%v)", err)
	}
}

func BenchmarkLarge10000(b *testing.B) {
	urls := map[string]func() string{"sqlite": func() string { return testdb.SQLite(b) }}
	if _, ok := testdb.Postgres(b); ok {
		urls["postgres"] = func() string { url, _ := testdb.Postgres(b); return url }
	}
	for name, fresh := range urls {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				o := options(b, fresh())
				o.Clock = clock.System{}
				b.StartTimer()
				if _, err := seed.Large(b.Context(), o, 10_000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
