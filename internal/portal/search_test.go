package portal_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// found is a page of a list: what is searched of each of its rows, and how many there are.
type found struct {
	texts []string
	total int
}

// searches are the lists that can be searched, by their tables.
func searches(p *portal.Portal) map[string]func(context.Context, string) (found, error) {
	r := listing.Request{Args: paging.Args{First: new(100)}, Wanted: paging.Wanted{Total: true}}
	return map[string]func(context.Context, string) (found, error){
		"apps": func(ctx context.Context, s string) (found, error) {
			page, err := p.Apps.Apps(ctx, apps.AppFilter{Search: &s}, listing.Order{Desc: true}, r)
			return texts(page, err, func(a *db.App) string { return a.NameFolded + "\n" + a.ReferenceID.String() })
		},
		"accounts": func(ctx context.Context, s string) (found, error) {
			page, err := p.Identity.Accounts(ctx, identity.AccountFilter{Search: &s}, listing.Order{By: "NAME"}, r)
			return texts(page, err, func(a *db.Account) string { return a.NameFolded })
		},
		"products": func(ctx context.Context, s string) (found, error) {
			page, err := p.Catalog.Products(ctx, catalog.ProductFilter{Search: &s}, listing.Order{}, r)
			return texts(page, err, func(x *db.Product) string { return x.TitleFolded + "\n" + x.Name })
		},
		"users": func(ctx context.Context, s string) (found, error) {
			page, err := p.Identity.Users(ctx, identity.UserFilter{Search: &s}, r)
			return texts(page, err, func(u *db.User) string { return u.NameFolded + "\n" + u.EmailFolded.String() })
		},
		"credentials": func(ctx context.Context, s string) (found, error) {
			page, err := p.Apps.Credentials(ctx, apps.CredentialFilter{Search: &s}, listing.Order{Desc: true}, r)
			return texts(page, err, func(c *db.Credential) string { return domain.Fold(c.Name) + "\n" + c.Username.String() })
		},
	}
}

func texts[T any](page *paging.Page[T], err error, of func(T) string) (out found, _ error) {
	if err != nil {
		return out, err
	}
	for _, row := range page.Nodes {
		out.texts = append(out.texts, of(row))
	}
	slices.Sort(out.texts)
	out.total = page.TotalCount
	return out, nil
}

// Whatever is searched for is refused, or finds what contains it letter by letter, once
// both are folded; in the viewer's organization and no other.
func TestSearch_FindsWhatContainsTheText(t *testing.T) {
	testdb.EachLocale(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, other := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		names := []string{
			"İSTANBUL Işıklı", "istanbul ışıklı", "Ödeme %50_indirim", `back\slash "quoted" 'n'`, "a-b-c --- +++", "Straße", "ΣΊΣΥΦΟΣ", "日本語のアプリ",
			"* OR NEAR(a b) ^c:d {x}", "emoji 🎉🎉🎉 party", "e\u0301tude", "%%%", "___",
		}
		rows := map[string][]string{}
		for _, tenant := range []portaltest.Tenant{x, other} {
			for i, name := range names {
				app := f.MustApp(t, tenant.Developer, name)
				key := f.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AppID: new(app.App.GlobalID()), Name: &name}).Credential
				account := f.MustAccount(t, tenant.Admin, name)
				product, _ := f.MustProduct(t, tenant.Admin, fmt.Sprintf("product-%d", i))
				require.NoError(t, f.Client.Product.UpdateOne(product).SetTitle(name).SetTitleFolded(domain.Fold(name)).Exec(portaltest.System(t)))
				u := f.MustUser(t, tenant.Admin, account, domain.Owner)
				require.NoError(t, f.Client.User.UpdateOne(u).SetName(name).SetNameFolded(domain.Fold(name)).Exec(portaltest.System(t)))
				if tenant.Organization.ID == x.Organization.ID {
					folded := domain.Fold(name)
					rows["apps"] = append(rows["apps"], folded+"\n"+app.App.ReferenceID.String())
					rows["credentials"] = append(rows["credentials"], folded+"\n"+key.Username.String(), "\n"+app.Credential.Username.String())
					rows["accounts"] = append(rows["accounts"], folded)
					rows["products"] = append(rows["products"], folded+"\n"+product.Name)
					rows["users"] = append(rows["users"], folded+"\n"+u.EmailFolded.String())
				}
			}
		}
		rows["accounts"] = append(rows["accounts"], domain.Fold(x.Account.Name))
		for _, u := range f.Client.User.Query().AllX(portaltest.System(t)) {
			if text := u.NameFolded + "\n" + u.EmailFolded.String(); u.OrganizationID == x.Organization.ID && !slices.Contains(rows["users"], text) {
				rows["users"] = append(rows["users"], text)
			}
		}
		random := rand.New(rand.NewPCG(1, 2))
		for table, search := range searches(f.Portal) {
			for _, s := range append(parts(random, rows[table]), "ISTANBUL", "ıstanbul", "İşı", "%50_", "___", "%%%", `\sl`, "---", "nothing such", "\u00c9TU", `"qu`) {
				want := slices.DeleteFunc(slices.Clone(rows[table]), func(text string) bool { return !strings.Contains(text, domain.Fold(s)) })
				slices.Sort(want)
				got, err := search(x.Admin, s)
				require.NoError(t, err, "%s: %q", table, s)
				require.Equal(t, want, append([]string{}, got.texts...), "%s: %q", table, s)
				require.Equal(t, len(want), got.total, "%s: %q", table, s)
			}
			for _, s := range []string{"", "a", "%", "_", "ab", "🎉", "e\u0301e\u0301", strings.Repeat("a", 101), strings.Repeat("x", 10<<10), "abc\ndef"} {
				_, err := search(x.Admin, s)
				require.Equal(t, fault.ReasonInvalidArgument, fault.From(err).Reason, "%s: %q", table, s)
			}
		}
	})
}

// parts returns random parts of some texts, of three characters or more, each in one line
// and some in capitals.
func parts(r *rand.Rand, of []string) (out []string) {
	for _, text := range of {
		for line := range strings.SplitSeq(text, "\n") {
			letters := []rune(line)
			if len(letters) < 3 {
				continue
			}
			from := r.IntN(len(letters) - 2)
			part := string(letters[from : from+3+r.IntN(len(letters)-from-2)])
			if len([]rune(part)) > 100 {
				continue
			}
			if out = append(out, part); r.IntN(2) == 0 {
				out = append(out, strings.ToUpper(part))
			}
		}
	}
	return out
}

// The index follows what is changed and deleted.
func TestSearch_FollowsChanges(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		search := searches(f.Portal)
		total := func(table, s string) int {
			t.Helper()
			out, err := search[table](x.Admin, s)
			require.NoError(t, err)
			return out.total
		}
		app := f.MustApp(t, x.Developer, "First name").App
		require.Equal(t, 1, total("apps", "first"))
		require.Equal(t, 1, total("apps", strings.ToUpper(app.ReferenceID.String())))
		require.NoError(t, f.Client.App.UpdateOne(app).SetName("Second name").SetNameFolded("second name").Exec(portaltest.System(t)))
		require.Zero(t, total("apps", "first"))
		require.Equal(t, 1, total("apps", "second"))
		_, err := f.Portal.Apps.DeleteApp(x.Developer, app.GlobalID(), nil)
		require.NoError(t, err)
		require.Zero(t, total("apps", "second"))
		_, err = f.Portal.Apps.RestoreApp(x.Admin, app.GlobalID(), nil)
		require.NoError(t, err)
		require.Equal(t, 1, total("apps", "second"))
		_, err = f.Portal.Apps.DeleteApp(x.Developer, app.GlobalID(), nil)
		require.NoError(t, err)
		f.Clock.Advance(31 * 24 * time.Hour)
		_, err = f.Portal.Maintenance.Purge(t.Context())
		require.NoError(t, err)
		if f.Database.Dialect() == dialect.SQLite {
			_, err = f.Database.ExecContext(t.Context(), "INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)")
			require.NoError(t, err, "the index has what the rows have")
			for table := range search {
				var rows, entries int
				require.NoError(t, f.Database.QueryRowContext(t.Context(), "SELECT count(*), (SELECT count(*) FROM search_entries WHERE noun = '"+table+"') FROM "+table).Scan(&rows, &entries))
				require.Equal(t, rows, entries, table)
			}
		}
	})
}

// A search in an organization with many rows beside another is answered by the index,
// also by a plan that Postgres makes for whatever will be searched.
func TestSearch_UsesIndexes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		// A busy machine inserts slowly, which is not what this is about.
		f := portaltest.NewWith(t, url, database.Options{IOTimeout: 2 * time.Minute, StatementTimeout: 100 * time.Second})
		x, other := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		for _, tenant := range []portaltest.Tenant{x, other} {
			manyRows(t, f, tenant)
		}
		statistics := "ANALYZE"
		if f.Database.Dialect() == dialect.Postgres {
			statistics = "VACUUM ANALYZE" // which sorts what was just inserted into the indexes
		}
		_, err := f.Database.ExecContext(t.Context(), statistics)
		require.NoError(t, err)
		p, spy := f.Spied()
		for table, search := range searches(p) {
			got, err := search(x.Admin, fmt.Sprintf("%x", 711*2654435761%4294967296))
			require.NoError(t, err)
			require.Equal(t, 1, got.total, table)
			plans := []string{spy.Plan(t)}
			if f.Database.Dialect() == dialect.Postgres {
				t.Log(plans[0])
				plans = append(plans, spy.GenericPlan(t))
			}
			for _, plan := range plans {
				if f.Database.Dialect() == dialect.Postgres {
					require.Contains(t, plan, table+"_search", plan)
					require.NotContains(t, plan, "Seq Scan", plan)
				} else {
					require.Regexp(t, `SEARCH `+table+` USING INDEX \S+ \((organization_id=\? AND )?id=\?\)`, plan)
					require.Contains(t, plan, "SCAN f VIRTUAL TABLE INDEX", plan)
					require.NotContains(t, plan, "SCAN "+table, plan)
				}
			}
		}
	})
}

// manyRows creates rows of each kind in an organization, whose names are like one another
// but for a number: as many as it takes before an index is worth it.
func manyRows(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant) {
	t.Helper()
	last, rows, id, number := 10_000, "generate_series($1::int, $2::int) AS n(i)", "gen_random_uuid()", "to_hex(i * 2654435761 % 4294967296)"
	if f.Database.Dialect() == dialect.SQLite {
		last, rows = 1000, "(WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) SELECT i FROM n)"
		id = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
		number = "printf('%x', i * 2654435761 % 4294967296)"
	}
	name, at := "'service ' || "+number, "'2026-03-01 09:00:00+00:00'"
	owner := "'" + x.Account.ID.String() + "'"
	for table, columns := range map[string][2]string{
		"apps":        {"account_id, reference_id, name, name_folded, labels", owner + ", " + id + ", " + name + ", " + name + ", '[]'"},
		"accounts":    {"name, name_folded, profile", name + ", " + name + ", '{}'"},
		"products":    {"name, title, title_folded, auth_types", "'p-' || i, " + name + ", " + name + ", '[]'"},
		"users":       {"name, name_folded, email, email_folded, role, password_hash", name + ", " + name + ", i || '@example.com', i || '@example.com', 'PORTAL', ''"},
		"credentials": {"account_id, username, name, name_folded, secret_hash", owner + ", " + id + ", " + name + ", " + name + ", 'x'"},
	} {
		for i := 1; i < last; i += 1000 {
			_, err := f.Database.ExecContext(t.Context(), "INSERT INTO "+table+" (id, organization_id, created_at, updated_at, "+columns[0]+") SELECT "+
				id+", '"+x.Organization.ID.String()+"', "+at+", "+at+", "+columns[1]+" FROM "+rows, i, i+999)
			require.NoError(t, err, table)
		}
	}
}
