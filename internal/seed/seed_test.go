package seed_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/ent/db"
	_ "portico/ent/db/runtime" // the rules of the tables
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/portal"
	"portico/internal/seed"
	"portico/internal/testdb"
)

// today is the present time of the tests.
func today() time.Time { return time.Date(2026, time.March, 4, 12, 34, 56, 789_000, time.UTC) }

// options returns options for a fresh database, with a cheap hash.
func options(t testing.TB, url string) seed.Options {
	t.Helper()
	return over(testdb.Open(t, url))
}

func over(d *database.DB) seed.Options {
	return seed.Options{
		Client: db.NewClient(db.Driver(d.Driver())), Database: d, Clock: clock.NewFake(today()),
		Hash:        func(_ context.Context, password string) (string, error) { return "hash of " + password, nil },
		Secrets:     secrets{},
		Development: true,
	}
}

// secrets is a pepper that never changes.
type secrets struct{ portal.Secrets }

func (secrets) Pepper() (string, []byte) { return "pepper-1", []byte("salt and pepper") }

func (secrets) PepperIDs() []string { return []string{"pepper-1"} }

func (secrets) PepperByID(string) ([]byte, bool) { return []byte("salt and pepper"), true }

// seeded fills a database with the demo data.
func seeded(t testing.TB, url string) (seed.Options, *seed.Summary) {
	t.Helper()
	o := options(t, url)
	sum, err := seed.Demo(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return o, sum
}

// ask returns the rows of a query as lines, their columns separated by blanks.
func ask(t testing.TB, d *database.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := d.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		values, into := make([]string, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		out = append(out, strings.Join(values, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// counted returns the number of rows of the tables that seeding fills.
func counted(t testing.TB, d *database.DB) string {
	t.Helper()
	var out []string
	for _, table := range []string{"organizations", "accounts", "users", "memberships", "products", "endpoints", "plans", "apps",
		"credentials", "access_entries", "subscriptions", "events"} {
		out = append(out, table+" "+ask(t, d, "SELECT count(*) FROM "+table)[0])
	}
	return strings.Join(out, ", ")
}

func TestEmpty(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o := options(t, url)
		if empty, err := seed.Empty(t.Context(), o.Client); err != nil || !empty {
			t.Fatalf("a new database: %v %v", empty, err)
		}
		if _, err := seed.Demo(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if empty, err := seed.Empty(t.Context(), o.Client); err != nil || empty {
			t.Fatalf("a seeded database: %v %v", empty, err)
		}
	})
}

func TestDemoTwice(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o, _ := seeded(t, url)
		before := counted(t, o.Database)
		_, err := seed.Demo(t.Context(), o)
		if !errors.Is(err, seed.ErrExists) || !strings.Contains(err.Error(), "demo and second") {
			t.Errorf("got %v", err)
		}
		if after := counted(t, o.Database); after != before {
			t.Errorf("before %s\nafter  %s", before, after)
		}
	})
}

// An organization with an unknown id is real data, whatever its name: nothing is
// created beside it or inside it, in development or outside.
func TestNothingIsSeededBesideRealData(t *testing.T) {
	for _, slug := range []string{"acme", "demo", "second"} {
		testdb.Each(t, func(t *testing.T, url string) {
			o := options(t, url)
			o.Password = "correct horse battery"
			if _, err := o.Database.ExecContext(t.Context(), `INSERT INTO organizations (id, created_at, updated_at, slug, name, longest_key_life)
				VALUES ('019dcd5c-c800-7000-8000-000000000001', $1, $2, $3, 'Mine', '{}')`, today(), today(), slug); err != nil {
				t.Fatal(err)
			}
			before := counted(t, o.Database)
			for _, o.Development = range []bool{true, false} {
				if _, err := seed.Demo(t.Context(), o); !errors.Is(err, seed.ErrNotEmpty) || !strings.Contains(err.Error(), slug) {
					t.Errorf("got %v", err)
				}
				if _, err := seed.Large(t.Context(), o, 300); !errors.Is(err, seed.ErrNotEmpty) {
					t.Errorf("large: got %v", err)
				}
			}
			if after := counted(t, o.Database); after != before {
				t.Errorf("before %s\nafter  %s", before, after)
			}
		})
	}
}

// Real data that comes while the passwords are hashed is seen too.
func TestNothingIsSeededBesideRealDataThatComesMeanwhile(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o := options(t, url)
		hash, come := o.Hash, sync.OnceValue(func() error {
			_, err := o.Database.ExecContext(t.Context(), `INSERT INTO organizations (id, created_at, updated_at, slug, name, longest_key_life)
				VALUES ('019dcd5c-c800-7000-8000-000000000001', $1, $2, 'acme', 'Acme', '{}')`, today(), today())
			return err
		})
		o.Hash = func(ctx context.Context, password string) (string, error) {
			if err := come(); err != nil {
				return "", err
			}
			return hash(ctx, password)
		}
		if _, err := seed.Demo(t.Context(), o); !errors.Is(err, seed.ErrNotEmpty) {
			t.Errorf("got %v", err)
		}
		if got := ask(t, o.Database, "SELECT slug FROM organizations"); len(got) != 1 || got[0] != "acme" {
			t.Errorf("there are %v", got)
		}
	})
}

// Nor is anything added to the demo data once there is real data beside it.
func TestNothingIsAddedBesideRealData(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o, _ := seeded(t, url)
		if _, err := o.Database.ExecContext(t.Context(), `INSERT INTO organizations (id, created_at, updated_at, slug, name, longest_key_life)
			VALUES ('019dcd5c-c800-7000-8000-000000000001', $1, $2, 'acme', 'Acme', '{}')`, today(), today()); err != nil {
			t.Fatal(err)
		}
		before := counted(t, o.Database)
		if _, err := seed.Large(t.Context(), o, 300); !errors.Is(err, seed.ErrNotEmpty) {
			t.Errorf("got %v", err)
		}
		if after := counted(t, o.Database); after != before {
			t.Errorf("before %s\nafter  %s", before, after)
		}
	})
}

// A failure in the middle, here while the log is written, leaves nothing behind.
func TestDemoAllOrNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o := options(t, url)
		if _, err := o.Database.ExecContext(t.Context(), "ALTER TABLE events RENAME COLUMN reason TO because"); err != nil {
			t.Fatal(err)
		}
		before := counted(t, o.Database)
		if _, err := seed.Demo(t.Context(), o); err == nil {
			t.Fatal("seeded without a log")
		}
		if after := counted(t, o.Database); after != before {
			t.Errorf("before %s\nafter  %s", before, after)
		}
	})
}

// Several processes that have all seen an empty database seed it. Their
// hashing waits until all have begun, so that none begins too late.
func TestDemoAtOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		const processes = 4
		var met, wg sync.WaitGroup
		met.Add(processes)
		created := make([]*seed.Summary, processes)
		for n := range processes {
			// The program retries when a lock takes too long; here it waits,
			// because the race detector makes the seed slow.
			o := over(testdb.OpenWith(t, url, database.Options{IOTimeout: 2 * time.Minute, StatementTimeout: -1}))
			hash, arrive := o.Hash, sync.OnceFunc(met.Done)
			o.Hash = func(ctx context.Context, password string) (string, error) {
				arrive()
				met.Wait()
				return hash(ctx, password)
			}
			wg.Go(func() {
				var err error
				if created[n], err = seed.Demo(t.Context(), o); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		winners := 0
		for _, sum := range created {
			if len(sum.SignIns) != 7 {
				t.Errorf("%d sign-ins", len(sum.SignIns))
			}
			if len(sum.Created) > 0 {
				winners++
			}
		}
		if winners != 1 {
			t.Errorf("%d processes made the data", winners)
		}
		if got := ask(t, testdb.Open(t, url), "SELECT slug FROM organizations ORDER BY slug"); strings.Join(got, " ") != "demo second" {
			t.Errorf("organizations %v", got)
		}
	})
}

func TestPassword(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o := options(t, url)
		o.Development = false
		for _, password := range []string{"", seed.DefaultPassword, "portico－demo", "Portico-DEMO"} {
			o.Password = password
			if _, err := seed.Demo(t.Context(), o); err == nil || !strings.Contains(err.Error(), "PORTICO_DEMO_PASSWORD") {
				t.Errorf("%q outside development: %v", password, err)
			}
			if _, err := seed.Large(t.Context(), o, 1); err == nil || !strings.Contains(err.Error(), "PORTICO_DEMO_PASSWORD") {
				t.Errorf("%q outside development, large: %v", password, err)
			}
		}
		if empty, err := seed.Empty(t.Context(), o.Client); err != nil || !empty {
			t.Fatalf("something was made: %v", err)
		}
		o.Password = "a better one"
		if _, err := seed.Demo(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if got := ask(t, o.Database, "SELECT DISTINCT password_hash FROM users"); len(got) != 1 || got[0] != "hash of a better one" {
			t.Errorf("stored %v", got)
		}
	})
}

// Who has signed up and waits would become a real user when approved, also outside
// development: nobody knows the password.
func TestNobodyKnowsThePasswordsOfSignUps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o, _ := seeded(t, url)
		waiting := ask(t, o.Database, "SELECT password_hash FROM sign_ups WHERE state = 'WAITING'")
		if len(waiting) < 2 || len(slices.Compact(slices.Sorted(slices.Values(waiting)))) != len(waiting) {
			t.Fatalf("the hashes of who waits: %v", waiting)
		}
		for _, hash := range waiting {
			password := strings.TrimPrefix(hash, "hash of ")
			if len(password) < 26 || password == seed.DefaultPassword {
				t.Errorf("stored %q", hash)
			}
		}
	})
}
