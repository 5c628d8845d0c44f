package apps_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// What no key can meet is refused, wherever keys are listed.
func TestCredentials_ErrContradiction(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	now, yes, no := f.Clock.Now(), true, false
	for name, c := range map[string]struct {
		filter  apps.CredentialFilter
		refused bool
	}{
		"never used, and used before":  {apps.CredentialFilter{NeverUsed: &yes, LastUsedBefore: &now}, true},
		"used, and used before":        {apps.CredentialFilter{NeverUsed: &no, LastUsedBefore: &now}, false},
		"never expires, but before":    {apps.CredentialFilter{NeverExpires: &yes, ExpiresBefore: &now}, true},
		"expires, and before":          {apps.CredentialFilter{NeverExpires: &no, ExpiresBefore: &now}, false},
		"never used and never expires": {apps.CredentialFilter{NeverUsed: &yes, NeverExpires: &yes}, false},
	} {
		_, err := f.Portal.Apps.Credentials(x.Admin, c.filter, listing.Order{}, listing.Request{})
		_, ofApps := f.Portal.Apps.CredentialsOfApps(x.Admin, []uuid.UUID{uuid.New()}, c.filter, listing.Order{}, listing.Request{})
		_, ofAccounts := f.Portal.Apps.CredentialsOfAccounts(x.Admin, []uuid.UUID{uuid.New()}, c.filter, listing.Order{}, listing.Request{})
		for _, err := range []error{err, ofApps, ofAccounts} {
			if c.refused {
				require.Equal(t, fault.CodeBadUserInput, fault.From(err).Code, name)
			} else {
				require.NoError(t, err, name)
			}
		}
	}
}

// Keys are read in pages by times that some do not have, in both directions, and the
// total is that of the list.
func TestCredentials_Orders(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		app := f.MustApp(t, x.Developer, "App").App.GlobalID()
		for i := range 9 {
			c := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: &app}).Credential
			u := f.Client.Credential.UpdateOne(c)
			if i%3 > 0 {
				u.SetLastUsedAt(f.Clock.Now().Add(time.Duration(i/4) * time.Millisecond))
			}
			if i%4 > 0 {
				u.SetExpiresAt(f.Clock.Now().Add(time.Duration(i/2) * time.Hour))
			}
			require.NoError(t, u.Exec(portaltest.System(t)))
		}
		all, err := f.Client.Credential.Query().All(portaltest.System(t))
		require.NoError(t, err)
		keys := map[string]func(*db.Credential) time.Time{
			"CREATED_AT":   func(c *db.Credential) time.Time { return c.CreatedAt },
			"LAST_USED_AT": func(c *db.Credential) time.Time { return orTime(c.LastUsedAt, time.Time{}) },
			"EXPIRES_AT": func(c *db.Credential) time.Time {
				return orTime(c.ExpiresAt, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
			},
		}
		for by, key := range keys {
			for _, desc := range []bool{false, true} {
				want := slices.Clone(all)
				slices.SortFunc(want, func(a, b *db.Credential) int {
					n := key(a).Compare(key(b))
					if n == 0 {
						n = slices.Compare(a.ID[:], b.ID[:])
					}
					if desc {
						return -n
					}
					return n
				})
				for _, backward := range []bool{false, true} {
					require.Equal(t, idsOf(want), idsOf(walk(t, f, x.Developer, listing.Order{By: by, Desc: desc}, backward)), "%s %v %v", by, desc, backward)
				}
			}
		}
	})
}

func orTime(t *time.Time, other time.Time) time.Time {
	if t == nil {
		return other
	}
	return *t
}

func idsOf(all []*db.Credential) (out []uuid.UUID) {
	for _, c := range all {
		out = append(out, c.ID)
	}
	return out
}

// walk reads the whole list in small pages, from the start or from the end.
func walk(t *testing.T, f *portaltest.Fixture, ctx context.Context, o listing.Order, backward bool) (out []*db.Credential) {
	t.Helper()
	two, cursor := 2, (*string)(nil)
	for range 20 {
		args := paging.Args{First: &two, After: cursor}
		if backward {
			args = paging.Args{Last: &two, Before: cursor}
		}
		page, err := f.Portal.Apps.Credentials(ctx, apps.CredentialFilter{}, o, listing.Request{Args: args, Wanted: paging.Wanted{Info: true, Edges: true, Total: true}})
		require.NoError(t, err)
		require.Equal(t, 10, page.TotalCount)
		if backward {
			if out = append(slices.Clone(page.Nodes), out...); !page.PageInfo.HasPreviousPage {
				return out
			}
			cursor = page.PageInfo.StartCursor
			continue
		}
		if out = append(out, page.Nodes...); !page.PageInfo.HasNextPage {
			return out
		}
		cursor = page.PageInfo.EndCursor
	}
	t.Fatal("the list has no end")
	return nil
}

// The filter finds the keys that say of themselves that they are out of policy, and no
// others; these stay valid.
func TestCredentials_OutOfPolicy(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		first := f.MustApp(t, x.Developer, "App")
		app := first.App.GlobalID()
		const day = 24 * time.Hour
		start := f.Clock.Now()
		for _, e := range []access.Environment{access.Development, access.Production} {
			for _, end := range []time.Duration{0, 10 * day, 30 * day, 30*day + time.Second, 300 * day} {
				in := apps.GenerateKeyInput{AppID: &app, Environment: new(e)}
				if end > 0 {
					in.ExpiresAt = new(start.Add(end))
				}
				f.MustKey(t, x.Developer, in)
			}
		}
		revoked := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: &app, Environment: new(access.Production)}).Credential
		_, err := f.Portal.Apps.RevokeKey(x.Developer, revoked.GlobalID(), nil, nil)
		require.NoError(t, err)
		v := viewer.Current(x.Admin)
		v.Policy.LongestKeyLife, v.Policy.RotateKeysEvery = domain.KeyLife{Production: new(30)}, domain.KeyLife{Development: new(5)}
		admin := portaltest.As(t, v)
		find := func(outside bool) []uuid.UUID {
			t.Helper()
			page, err := f.Portal.Apps.Credentials(admin, apps.CredentialFilter{OutOfPolicy: &outside}, listing.Order{}, listing.Request{Args: paging.Args{First: new(100)}})
			require.NoError(t, err)
			for _, c := range page.Nodes {
				require.Equal(t, outside, f.Portal.Apps.OutOfPolicy(admin, c), "%+v", c)
			}
			return idsOf(page.Nodes)
		}
		require.Len(t, find(true), 3, "of production: without an end, and those that end too late")
		require.Len(t, find(false), 9)
		f.Clock.Advance(time.Second)
		require.Len(t, find(true), 2, "one ends soon enough by now")
		f.Clock.Advance(5*day - time.Second - time.Millisecond)
		require.Len(t, find(true), 2)
		f.Clock.Advance(time.Millisecond)
		late := find(true)
		require.Len(t, late, 8, "those of development are due for rotation")
		for _, id := range late {
			c, err := f.Client.Credential.Get(portaltest.System(t), id)
			require.NoError(t, err)
			require.Equal(t, access.CredentialActive, c.Status)
			if due := f.Portal.Apps.RotationDueAt(admin, c); c.Environment == access.Development {
				require.Equal(t, start.Add(5*day), *due)
			} else {
				require.Nil(t, due)
			}
		}
		_, err = f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: first.Credential.GlobalID()})
		require.NoError(t, err)
		require.Len(t, find(true), 7, "what is being rotated is not due, and neither is its successor")
		f.Clock.Advance(6 * day)
		require.Len(t, find(true), 7, "those that have expired are nobody's task")
	})
}

// The lists of an organization with many keys read no more than they have to: by an
// index that begins with the organization, and without sorting.
func TestCredentials_UseIndexes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		product, plan := f.MustProduct(t, x.Admin, "weather")
		app := f.MustApp(t, x.Developer, "App").App
		f.MustRegister(t, x.Developer, app, product, plan)
		other := f.MustTenant(t, "two")
		f.MustApp(t, other.Developer, "App")
		manyKeys(t, f, 20_000)
		p, spy := f.Spied()
		planOf := func(filter apps.CredentialFilter, o listing.Order, cursor bool) string {
			return explain(t, spy, cursor, func(r listing.Request) (*paging.Page[*db.Credential], error) {
				return p.Apps.Credentials(x.Admin, filter, o, r)
			})
		}
		for by, index := range map[string]string{"CREATED_AT": "credential_organization_id_created_at_id", "LAST_USED_AT": "credential_organization_id_last_used", "EXPIRES_AT": "credential_organization_id_expiry"} {
			for _, cursor := range []bool{false, true} {
				plan := planOf(apps.CredentialFilter{}, listing.Order{By: by, Desc: true}, cursor)
				require.Contains(t, plan, index, plan)
				require.NotContains(t, plan, "Sort", plan)
				require.NotContains(t, plan, "TEMP B-TREE", plan)
				requireNoScan(t, plan)
			}
		}
		for name, filter := range map[string]apps.CredentialFilter{
			"the product": {ProductIDs: []string{product.GlobalID()}}, "the app": {AppIDs: []string{app.GlobalID()}},
			"the account": {AccountIDs: []string{x.Account.GlobalID()}}, "time": {CreatedBefore: new(f.Clock.Now())}, "never used": {NeverUsed: new(true)},
			"last use": {LastUsedBefore: new(f.Clock.Now())}, "expiry": {ExpiresBefore: new(f.Clock.Now())}, "endless": {NeverExpires: new(true)},
			"the label": {Label: &apps.LabelFilter{Key: "team"}}, "the policy": {OutOfPolicy: new(true)}, "the import": {Imported: new(true)},
		} {
			t.Log(name)
			plan := planOf(filter, listing.Order{Desc: true}, false)
			requireNoScan(t, plan)
			requireLabels(t, f, plan, "credentials_labels", filter.Label)
		}
	})
}

// manyKeys multiplies the keys that there are.
func manyKeys(t *testing.T, f *portaltest.Fixture, n int) {
	t.Helper()
	some, err := f.Client.Credential.Query().Where(credential.AppIDNotNil()).All(portaltest.System(t))
	require.NoError(t, err)
	for range n / 1000 {
		var all []*db.CredentialCreate
		for i := range 1000 {
			c := some[i%len(some)]
			all = append(all, f.Client.Credential.Create().SetOrganizationID(c.OrganizationID).SetAccountID(c.AccountID).SetAppID(*c.AppID).
				SetUsername(uuid.New()).SetSecretHash(*c.SecretHash).SetCreatedAt(c.CreatedAt.Add(time.Duration(i)*time.Second)).SetUpdatedAt(c.CreatedAt))
		}
		require.NoError(t, f.Client.Credential.CreateBulk(all...).Exec(portaltest.System(t)))
	}
	_, err = f.Database.ExecContext(t.Context(), "ANALYZE")
	require.NoError(t, err)
}

// explain returns the plan of the last statement for a page of a list, the first one or,
// with a cursor, the second.
func explain[T any](t *testing.T, spy *portaltest.Spy, cursor bool, list func(listing.Request) (*paging.Page[T], error)) string {
	t.Helper()
	r := listing.Request{Args: paging.Args{First: new(10)}, Wanted: paging.Wanted{Edges: true, Info: true}}
	page, err := list(r)
	require.NoError(t, err)
	if cursor {
		r.Args.After = page.PageInfo.EndCursor
		_, err = list(r)
		require.NoError(t, err)
	}
	return spy.Plan(t)
}

// requireNoScan requires that a plan reads no large table as a whole.
func requireNoScan(t *testing.T, plan string) {
	t.Helper()
	for line := range strings.Lines(plan) {
		for _, table := range []string{"credentials", "apps"} {
			require.NotContains(t, line, "Seq Scan on "+table, plan)
			require.NotContains(t, line, "SCAN "+table, plan)
		}
	}
}
