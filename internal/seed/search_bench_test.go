package seed_test

import (
	"context"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/apps"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/portal/portaltest"
	"portico/internal/seed"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// BenchmarkSearch reads the first page of lists of the large set with 20,000 apps, with its
// total: of what one row has, of what every row has, and of what none has; and, to compare,
// the list without a search and a text that is too short for the index.
func BenchmarkSearch(b *testing.B) {
	for name, open := range map[string]func(testing.TB) (string, bool){
		"sqlite":   func(t testing.TB) (string, bool) { return testdb.SQLite(t), true },
		"postgres": testdb.Postgres,
	} {
		b.Run(name, func(b *testing.B) {
			url, ok := open(b)
			if !ok {
				b.Skip("there is no Postgres here")
			}
			f := portaltest.New(b, url)
			o := over(f.Database)
			if _, err := seed.Large(b.Context(), o, 20_000); err != nil {
				b.Fatal(err)
			}
			settle := "ANALYZE"
			if f.Database.Dialect() == dialect.Postgres {
				settle = "VACUUM ANALYZE" // what was added to the indexes of trigrams waits for it
			}
			if _, err := f.Database.ExecContext(b.Context(), settle); err != nil {
				b.Fatal(err)
			}
			admin := portaltest.As(b, viewer.Viewer{Role: viewer.Admin, UserID: uuid.New(), OrganizationID: uuid.MustParse(ask(b, f.Database, "SELECT id FROM organizations WHERE slug = 'demo'")[0])})
			rare := ask(b, f.Database, "SELECT reference_id FROM apps ORDER BY id DESC LIMIT 1")[0]
			for list, read := range lists(f, admin) {
				for what, filter := range map[string]apps.AppFilter{
					"no search": {}, "one row": {Search: &rare}, "every row": {Search: new("load")}, "none": {Search: new("no such name")}, "two letters": {NameContains: new("zq")},
				} {
					if list != "apps" && what == "two letters" {
						continue
					}
					b.Run(list+"/"+what, func(b *testing.B) {
						for b.Loop() {
							if err := read(filter); err != nil {
								b.Fatal(err)
							}
						}
					})
				}
			}
		})
	}
}

// lists are lists that can be searched.
func lists(f *portaltest.Fixture, ctx context.Context) map[string]func(apps.AppFilter) error {
	r := listing.Request{Args: paging.Args{First: new(20)}, Wanted: paging.Wanted{Edges: true, Info: true, Total: true}}
	return map[string]func(apps.AppFilter) error{
		"apps": func(filter apps.AppFilter) error {
			_, err := f.Portal.Apps.Apps(ctx, filter, listing.Order{Desc: true}, r)
			return err
		},
		"subscriptions": func(filter apps.AppFilter) error {
			_, err := f.Portal.Apps.Subscriptions(ctx, apps.SubscriptionFilter{Search: filter.Search}, listing.Order{}, r)
			return err
		},
	}
}
