package maintenance_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// steps counts what was done of the ends of products.
type steps struct {
	mu sync.Mutex
	of map[catalog.EndingStep]int
}

func (s *steps) count(step catalog.EndingStep) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[catalog.EndingStep]int{}
	}
	s.of[step]++
}

func endProducts(t *testing.T, f *portaltest.Fixture) map[catalog.EndingStep]int {
	t.Helper()
	var s steps
	require.NoError(t, f.Portal.Maintenance.EndProducts(t.Context(), s.count))
	return s.of
}

// announced returns "product days", for each announcement of a retirement, in their order.
func announced(t *testing.T, f *portaltest.Fixture) (out []string) {
	t.Helper()
	all, err := f.Client.Event.Query().Where(event.Type(string(eventlog.ProductEndingAnnounced))).Order(event.ByAt(), event.BySubjectName()).All(portaltest.System(t))
	require.NoError(t, err)
	for _, e := range all {
		require.Len(t, e.Changes, 2)
		out = append(out, e.SubjectName+" "+*e.Changes[1].After)
	}
	return out
}

func mustEnd(t *testing.T, f *portaltest.Fixture, admin context.Context, x *db.Product, deprecates, retires time.Duration) {
	t.Helper()
	if deprecates > 0 {
		_, err := f.Portal.Catalog.DeprecateProduct(admin, catalog.DeprecateProductInput{ProductID: x.GlobalID(), At: new(f.Clock.Now().Add(deprecates))})
		require.NoError(t, err)
	}
	if retires > 0 {
		_, err := f.Portal.Catalog.RetireProduct(admin, catalog.RetireProductInput{ProductID: x.GlobalID(), At: new(f.Clock.Now().Add(retires))})
		require.NoError(t, err)
	}
}

// Products are announced, deprecated and retired when it is time, in every organization and
// each once; at the retirement the subscriptions end.
func TestEndProducts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one, two := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		long, plan := f.MustAutomaticProduct(t, one.Admin, "long")
		sub := f.MustRegister(t, one.Developer, f.MustApp(t, one.Developer, "Map").App, long, plan)
		short, _ := f.MustProduct(t, two.Admin, "short")
		moved, _ := f.MustProduct(t, two.Admin, "moved")
		mustEnd(t, f, one.Admin, long, 10*day, 100*day)
		mustEnd(t, f, two.Admin, short, 0, 20*day)
		mustEnd(t, f, two.Admin, moved, 0, 50*day)
		require.Empty(t, endProducts(t, f))
		total := map[catalog.EndingStep]int{}
		for i := range 2 * 101 {
			if i == 4 {
				mustEnd(t, f, two.Admin, moved, 0, 400*day) // nothing comes of the former time
			}
			for step, n := range endProducts(t, f) {
				total[step] += n
			}
			f.Clock.Advance(day / 2)
		}
		require.Equal(t, map[catalog.EndingStep]int{catalog.EndingDeprecated: 1, catalog.EndingRetired: 2, catalog.EndingAnnounced: 6}, total)
		require.Equal(t, []string{"long 100", "moved 50", "short 20", "moved 400", "long 90", "short 7", "short 1", "long 30", "long 7", "long 1"}, announced(t, f))
		for _, c := range []struct {
			of   *db.Product
			want domain.ProductStatus
		}{{long, domain.Retired}, {short, domain.Retired}, {moved, domain.Published}} {
			got, err := f.Client.Product.Get(portaltest.System(t), c.of.ID)
			require.NoError(t, err)
			require.Equal(t, c.want, got.Status, got.Name)
		}
		ended, err := f.Client.Subscription.Get(portaltest.System(t), sub.ID)
		require.NoError(t, err)
		require.Equal(t, "UNSUBSCRIBED", string(ended.Status))
		require.Equal(t, "The product was retired.", ended.Reason)
		last, err := f.Client.Event.Query().Where(event.SubjectID(long.ID)).Order(db.Desc(event.FieldPosition)).First(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, "SYSTEM", last.ActorRole)
		require.Equal(t, []domain.Change{{Field: "status", Before: new("DEPRECATED"), After: new("RETIRED")}}, last.Changes)
	})
}

// Portico that stood still for months catches up with what is due now alone.
func TestEndProductsAfterAnOutage(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	late, _ := f.MustProduct(t, x.Admin, "late")
	gone, _ := f.MustProduct(t, x.Admin, "gone")
	mustEnd(t, f, x.Admin, late, 5*day, 100*day)
	mustEnd(t, f, x.Admin, gone, 5*day, 10*day)
	f.Clock.Advance(95 * day)
	require.Equal(t, map[catalog.EndingStep]int{catalog.EndingDeprecated: 1, catalog.EndingRetired: 1, catalog.EndingAnnounced: 1}, endProducts(t, f))
	require.Equal(t, []string{"gone 10", "late 100", "late 5"}, announced(t, f))
}

// Retirements, which may take long, come after everything else that is due.
func TestEndProductsRetiresLast(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		for i, ends := range [][2]time.Duration{{0, day / 2}, {day / 2, 0}, {0, 7*day + day/2}, {0, day / 2}} {
			p, _ := f.MustProduct(t, x.Admin, "p"+strconv.Itoa(i))
			mustEnd(t, f, x.Admin, p, ends[0], ends[1])
		}
		f.Clock.Advance(day)
		var done []catalog.EndingStep
		require.NoError(t, f.Portal.Maintenance.EndProducts(t.Context(), func(s catalog.EndingStep) { done = append(done, s) }))
		require.ElementsMatch(t, []catalog.EndingStep{catalog.EndingDeprecated, catalog.EndingAnnounced}, done[:2])
		require.Equal(t, []catalog.EndingStep{catalog.EndingRetired, catalog.EndingRetired}, done[2:])
	})
}

// What fails for one product keeps no other waiting, in its organization or another.
func TestEndProductsGoesOnAfterAFailure(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one, two := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		for _, tenant := range []portaltest.Tenant{one, two} {
			for _, name := range []string{"a", "b", "c"} {
				x, _ := f.MustProduct(t, tenant.Admin, name)
				mustEnd(t, f, tenant.Admin, x, 0, day/2)
			}
		}
		f.Clock.Advance(day)
		// One product of the first organization cannot be written.
		broken, err := f.Client.Product.Query().Order(db.Asc("id")).First(one.Admin)
		require.NoError(t, err)
		refuse := `CREATE TRIGGER broken BEFORE UPDATE ON products WHEN new.id = '` + broken.ID.String() + `' BEGIN SELECT RAISE(ABORT, 'broken'); END`
		if f.Database.Dialect() == dialect.Postgres {
			_, err := f.Database.ExecContext(t.Context(), `CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$`)
			require.NoError(t, err)
			refuse = `CREATE TRIGGER broken BEFORE UPDATE ON products FOR EACH ROW WHEN (new.id = '` + broken.ID.String() + `') EXECUTE FUNCTION broken()`
		}
		_, err = f.Database.ExecContext(t.Context(), refuse)
		require.NoError(t, err)
		var s steps
		require.Error(t, f.Portal.Maintenance.EndProducts(t.Context(), s.count))
		require.Equal(t, 5, s.of[catalog.EndingRetired])
	})
}

// Nodes that work at once take each step once.
func TestRace_EndProducts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		for i := range 10 {
			prod, _ := f.MustProduct(t, x.Admin, "p"+strconv.Itoa(i))
			mustEnd(t, f, x.Admin, prod, day/2, time.Duration(1+6*(i%2))*day) // half of them are retired, half announced
		}
		f.Clock.Advance(day)
		var all steps
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if err := f.Portal.Maintenance.EndProducts(t.Context(), all.count); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 5, all.of[catalog.EndingRetired])
		require.Equal(t, 5, all.of[catalog.EndingDeprecated])
		require.Zero(t, all.of[catalog.EndingAnnounced], "with seven days left the notice of seven days came with the time")
		require.Len(t, announced(t, f), 10)
		n, err := f.Client.Event.Query().Where(event.Type(string(eventlog.ProductUpdated)), event.ActorRole("SYSTEM")).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, 10, n)
	})
}
