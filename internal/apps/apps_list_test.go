package apps_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/apps"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// Apps are found by what they subscribe to, by their keys and by the use of these; the
// last use of each is that of the key that was used last, a revoked one too.
func TestApps_ByKeysAndSubscriptions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		product, plan := f.MustProduct(t, x.Admin, "weather")
		other, _ := f.MustProduct(t, x.Admin, "maps")
		used := f.MustApp(t, x.Developer, "Used")
		f.MustApp(t, x.Developer, "Fresh")
		later := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: new(used.App.GlobalID()), Environment: new(access.Staging)}).Credential
		for id, at := range map[uuid.UUID]time.Time{used.Credential.ID: f.Clock.Now().Add(-time.Hour), later.ID: f.Clock.Now()} {
			require.NoError(t, f.Client.Credential.UpdateOneID(id).SetLastUsedAt(at).Exec(portaltest.System(t)))
		}
		require.NoError(t, f.Client.App.UpdateOneID(used.App.ID).SetLastUsedAt(f.Clock.Now()).Exec(portaltest.System(t)))
		sub := f.MustRegister(t, x.Developer, used.App, product, plan)
		find := func(filter apps.AppFilter) (names []string) {
			t.Helper()
			page, err := f.Portal.Apps.Apps(x.Developer, filter, listing.Order{By: "NAME"}, listing.Request{Args: paging.Args{First: new(10)}, Wanted: paging.Wanted{Total: true}})
			require.NoError(t, err)
			require.Equal(t, len(page.Nodes), page.TotalCount)
			for _, a := range page.Nodes {
				names = append(names, a.Name)
			}
			return names
		}
		products := apps.AppFilter{ProductIDs: []string{product.GlobalID(), other.GlobalID()}}
		require.Equal(t, []string{"Used"}, find(products))
		require.Empty(t, find(apps.AppFilter{ProductIDs: []string{other.GlobalID(), "nonsense"}}))
		require.Empty(t, find(apps.AppFilter{ProductIDs: []string{}}))
		require.Equal(t, []string{"Fresh", "Used"}, find(apps.AppFilter{Environment: []access.Environment{access.Development}}))
		require.Equal(t, []string{"Used"}, find(apps.AppFilter{Environment: []access.Environment{access.Staging, access.Production}}))
		require.Empty(t, find(apps.AppFilter{Environment: []access.Environment{}}))
		require.Equal(t, []string{"Fresh"}, find(apps.AppFilter{NeverUsed: new(true)}))
		require.Equal(t, []string{"Used"}, find(apps.AppFilter{NeverUsed: new(false)}))
		require.Empty(t, find(apps.AppFilter{LastUsedBefore: new(f.Clock.Now())}), "the bound is no part of the range")
		require.Equal(t, []string{"Used"}, find(apps.AppFilter{LastUsedBefore: new(f.Clock.Now().Add(time.Minute))}))
		require.Equal(t, []string{"Used"}, find(apps.AppFilter{KeysAtLeast: new(2)}))
		require.Equal(t, []string{"Fresh"}, find(apps.AppFilter{KeysAtLeast: new(1), KeysAtMost: new(1)}))
		for _, wrong := range []apps.AppFilter{
			{NeverUsed: new(true), LastUsedBefore: new(f.Clock.Now())}, {KeysAtLeast: new(2), KeysAtMost: new(1)}, {KeysAtMost: new(-1)}, {KeysAtLeast: new(-1)}, {Search: new("ab")},
		} {
			_, err := f.Portal.Apps.Apps(x.Developer, wrong, listing.Order{}, listing.Request{Args: paging.Args{First: new(10)}})
			portaltest.RequireCode(t, err, fault.CodeBadUserInput)
		}

		_, err := f.Portal.Apps.RevokeKey(x.Developer, later.GlobalID(), nil, nil)
		require.NoError(t, err)
		_, err = f.Portal.Apps.Withdraw(x.Developer, sub.GlobalID(), nil)
		require.NoError(t, err)
		require.Empty(t, find(products), "what has ended does not count")
		require.Empty(t, find(apps.AppFilter{Environment: []access.Environment{access.Staging}}))
		require.Equal(t, []string{"Fresh", "Used"}, find(apps.AppFilter{KeysAtMost: new(1)}))
	})
}

// Apps know how many keys they have that are not revoked, whatever makes or ends keys.
func TestApps_CountTheirKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		a := f.MustApp(t, x.Developer, "App")
		other := f.MustApp(t, x.Developer, "Other")
		count := func(what string, want int) {
			t.Helper()
			for id, want := range map[uuid.UUID]int{a.App.ID: want, other.App.ID: 1} {
				row, err := f.Client.App.Get(portaltest.System(t), id)
				require.NoError(t, err)
				require.Equal(t, want, row.KeyCount, what)
			}
		}
		must := func(err error) { t.Helper(); require.NoError(t, err) }
		count("its first key", 1)
		of := apps.GenerateKeyInput{AppID: new(a.App.GlobalID())}
		second, third := f.MustKey(t, x.Developer, of).Credential, f.MustKey(t, x.Developer, of).Credential
		f.MustKey(t, x.Admin, apps.GenerateKeyInput{AccountID: new(x.Account.GlobalID())})
		count("more keys, and one of the account", 3)
		_, err := f.Portal.Apps.DisableKey(x.Developer, second.GlobalID(), nil)
		must(err)
		count("a key is disabled", 3)
		_, err = f.Portal.Apps.RevokeKey(x.Developer, second.GlobalID(), nil, nil)
		must(err)
		_, err = f.Portal.Apps.RevokeKey(x.Developer, second.GlobalID(), nil, nil)
		must(err)
		count("a key is revoked, twice", 2)
		_, err = f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: third.GlobalID()})
		must(err)
		count("a key is rotated", 3)
		_, err = f.Portal.Apps.RevokeKeys(x.Developer, apps.RevokeKeysInput{CredentialIDs: []string{third.GlobalID(), second.GlobalID()}})
		must(err)
		count("several are revoked", 2)
		_, err = f.Portal.Apps.DeleteApp(x.Developer, a.App.GlobalID(), nil)
		must(err)
		count("the app is deleted", 0)
		_, err = f.Portal.Apps.RestoreApp(x.Admin, a.App.GlobalID(), nil)
		must(err)
		count("the app is restored, with a key", 1)
		_, err = f.Database.ExecContext(t.Context(), "DELETE FROM credentials WHERE app_id = $1", a.App.ID)
		must(err)
		count("its keys are purged", 0)
	})
}

// Administrators find the deleted apps that can be restored, and nobody else does.
func TestDeletedApps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, stranger := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		gone := f.MustAccount(t, x.Admin, "Gone")
		f.MustApp(t, x.Developer, "Living")
		remove := func(ctx context.Context, name string) string {
			id := f.MustApp(t, ctx, name).App.GlobalID()
			_, err := f.Portal.Apps.DeleteApp(ctx, id, nil)
			require.NoError(t, err)
			f.Clock.Advance(time.Hour)
			return id
		}
		first, second := remove(x.Developer, "First"), remove(x.Developer, "Second")
		remove(f.MustDeveloper(t, x.Admin, gone), "Of an account that is deleted")
		remove(stranger.Developer, "First")
		_, err := f.Portal.Identity.DeleteAccount(x.Admin, gone.GlobalID(), nil)
		require.NoError(t, err)
		find := func(filter apps.DeletedAppFilter) (ids []string) {
			t.Helper()
			page, err := f.Portal.Apps.DeletedApps(x.Admin, filter, listing.Request{Args: paging.Args{First: new(10)}, Wanted: paging.Wanted{Total: true}})
			require.NoError(t, err)
			require.Equal(t, len(page.Nodes), page.TotalCount)
			for _, a := range page.Nodes {
				ids = append(ids, a.GlobalID())
			}
			return ids
		}
		require.Equal(t, []string{second, first}, find(apps.DeletedAppFilter{}))
		require.Equal(t, []string{first}, find(apps.DeletedAppFilter{Search: new("firs")}))
		require.Equal(t, []string{second, first}, find(apps.DeletedAppFilter{AccountIDs: []string{x.Account.GlobalID()}}))
		require.Empty(t, find(apps.DeletedAppFilter{AccountIDs: []string{stranger.Account.GlobalID(), "nonsense"}}))
		_, err = f.Portal.Apps.RestoreApp(x.Admin, second, nil)
		require.NoError(t, err)
		require.Equal(t, []string{first}, find(apps.DeletedAppFilter{}))
		for _, who := range []context.Context{x.Developer, t.Context()} {
			_, err = f.Portal.Apps.DeletedApps(who, apps.DeletedAppFilter{}, listing.Request{Args: paging.Args{First: new(10)}})
			portaltest.RequireCode(t, err, fault.CodeForbidden)
		}
		_, err = f.Portal.Apps.DeletedApps(x.Admin, apps.DeletedAppFilter{Search: new("f")}, listing.Request{Args: paging.Args{First: new(10)}})
		portaltest.RequireCode(t, err, fault.CodeBadUserInput)
		f.Clock.Advance(30*24*time.Hour - 3*time.Hour)
		require.Empty(t, find(apps.DeletedAppFilter{}), "what can no longer be restored is not shown, whether it is purged or not")
		_, err = f.Portal.Apps.RestoreApp(x.Admin, first, nil)
		portaltest.RequireCode(t, err, fault.CodeNotFound)
	})
}

// Why an app was restored stands in its timeline; who deleted it and why is known as long as
// it is deleted, and of a foreign organization's app to nobody.
func TestRestoreApp_Reason(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, stranger := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		a := f.MustApp(t, x.Developer, "App").App
		deletion := func(as context.Context) *db.Event {
			t.Helper()
			found, err := f.Portal.Apps.Deletions(as, []uuid.UUID{a.ID})
			require.NoError(t, err)
			return found[a.ID]
		}
		require.Nil(t, deletion(x.Admin))
		for _, why := range []string{"A mistake.", "The project has ended."} {
			by := map[string]context.Context{"A mistake.": x.Admin, "The project has ended.": x.Developer}[why]
			_, err := f.Portal.Apps.DeleteApp(by, a.GlobalID(), &why)
			require.NoError(t, err)
			e := deletion(x.Admin)
			require.Equal(t, why, e.Reason, "of the latest deletion")
			require.Equal(t, viewer.Current(by).UserID, *e.ActorID)
			require.Nil(t, deletion(stranger.Admin))
			_, err = f.Portal.Apps.RestoreApp(x.Admin, a.GlobalID(), new(strings.Repeat("x", 1001)))
			portaltest.RequireProblems(t, err, "TOO_LONG reason")
			_, err = f.Portal.Apps.RestoreApp(x.Admin, a.GlobalID(), new("It is needed after: "+why))
			require.NoError(t, err)
			require.Nil(t, deletion(x.Admin))
		}
		var reasons []string
		require.NoError(t, f.Client.Event.Query().Where(event.SubjectID(a.ID), event.Type(string(eventlog.AppRestored))).Order(event.ByPosition()).
			Select(event.FieldReason).Scan(x.Developer, &reasons))
		require.Equal(t, []string{"It is needed after: A mistake.", "It is needed after: The project has ended."}, reasons)
	})
}
