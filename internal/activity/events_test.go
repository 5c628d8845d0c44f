package activity_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/activity"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/portal/portaltest"
)

// types returns the types of events.
func types(events []*db.Event) string {
	var out []string
	for _, e := range events {
		out = append(out, string(e.Type))
	}
	return strings.Join(out, " ")
}

// mustEvents returns the events that a viewer sees, oldest first.
func (v viewers) mustEvents(t *testing.T, as context.Context, f activity.EventFilter) []*db.Event {
	t.Helper()
	hundred := 100
	p, err := v.Portal.Activity.Events(as, f, false, listing.Request{Args: paging.Args{First: &hundred}, Wanted: paging.Wanted{Total: true}})
	require.NoError(t, err)
	require.Equal(t, p.TotalCount, len(p.Nodes), "one page has them all")
	return p.Nodes
}

// What ends before it begins is no time.
func TestEvents_ContradictoryBounds(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		now, first := v.Clock.Now(), 1
		for name, f := range map[string]activity.EventFilter{"empty": {From: &now, To: &now}, "wrong": {From: &now, To: new(now.Add(-time.Second))}} {
			_, err := v.Portal.Activity.Events(v.Tenant.Admin, f, false, listing.Request{Args: paging.Args{First: &first}})
			if name == "empty" {
				require.NoError(t, err)
			} else {
				portaltest.RequireCode(t, err, fault.CodeBadUserInput)
			}
		}
	})
}

// Administrators see the log of their organization, developers that of their
// account.
func TestEvents(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		for name, as := range map[string]portaltest.Tenant{"OK, an administrator": v.Tenant, "OK, another organization's administrator": v.foreign} {
			t.Run(name, func(t *testing.T) {
				got := v.mustEvents(t, as.Admin, activity.EventFilter{})
				require.Len(t, got, portaltest.Count(t, v.Client.Event.Query().Where(event.OrganizationID(as.Organization.ID))))
				for i, e := range got {
					require.Equal(t, as.Organization.ID, e.OrganizationID)
					require.EqualValues(t, i+1, e.Position, "without gaps")
				}
			})
		}
		for name, c := range map[string]struct {
			as      context.Context
			account uuid.UUID
			want    string
		}{
			"OK, a developer":                      {v.Developer, v.Account.ID, "ACCOUNT_CREATED MEMBER_ADDED MEMBER_ADDED APP_CREATED CREDENTIAL_CREATED"},
			"OK, a colleague":                      {v.colleague, v.Account.ID, "ACCOUNT_CREATED MEMBER_ADDED MEMBER_ADDED APP_CREATED CREDENTIAL_CREATED"},
			"OK, another account's developer":      {v.rival, v.rivalAccount.ID, "ACCOUNT_CREATED MEMBER_ADDED APP_CREATED CREDENTIAL_CREATED"},
			"OK, another organization's developer": {v.foreign.Developer, v.foreign.Account.ID, "ACCOUNT_CREATED MEMBER_ADDED APP_CREATED CREDENTIAL_CREATED"},
		} {
			t.Run(name, func(t *testing.T) {
				got := v.mustEvents(t, c.as, activity.EventFilter{})
				require.Equal(t, c.want, types(got))
				for _, e := range got {
					require.Equal(t, c.account, *e.AccountID)
				}
			})
		}
		t.Run("ErrAccountSuspended", func(t *testing.T) {
			suspended := v.mustSuspend(t)
			_, err := v.Portal.Activity.Events(suspended, activity.EventFilter{}, true, listing.Request{})
			requireRefusal(t, err, fault.CodeForbidden, fault.ReasonAccountSuspended)
			_, err = v.Portal.Activity.Timelines(suspended, nodeid.App, []uuid.UUID{v.app.App.ID}, listing.Request{})
			requireRefusal(t, err, fault.CodeForbidden, fault.ReasonAccountSuspended)
		})
		t.Run("OK, a developer without an account sees nothing", func(t *testing.T) {
			require.Empty(t, v.mustEvents(t, v.mustDeleteAccount(t), activity.EventFilter{}))
		})
	})
}

// A filter finds the events that meet all of its conditions; an empty list of
// types and an id that cannot be decoded find none.
func TestEvents_Filter(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		v.Clock.Advance(time.Hour)
		later := v.Clock.Now()
		v.MustApp(t, v.Developer, "Later")
		last := v.mustEvents(t, v.Developer, activity.EventFilter{})[6]
		created := []eventlog.Type{eventlog.AppCreated}
		app, rivals := v.app.App.GlobalID(), v.rivalApp.App.GlobalID()
		for name, c := range map[string]struct {
			f    activity.EventFilter
			want string
		}{
			"a type":             {activity.EventFilter{Type: created}, "APP_CREATED APP_CREATED"},
			"types":              {activity.EventFilter{Type: append(created, eventlog.MemberAdded)}, "MEMBER_ADDED MEMBER_ADDED APP_CREATED APP_CREATED"},
			"no type":            {activity.EventFilter{Type: []eventlog.Type{}}, ""},
			"an app":             {activity.EventFilter{SubjectID: &app}, "APP_CREATED"},
			"an app and a type":  {activity.EventFilter{SubjectID: &app, Type: []eventlog.Type{eventlog.CredentialCreated}}, ""},
			"a rival's app":      {activity.EventFilter{SubjectID: &rivals}, ""},
			"another kind":       {activity.EventFilter{SubjectID: new(nodeid.Encode(nodeid.Credential, v.app.App.ID))}, ""},
			"an id that is none": {activity.EventFilter{SubjectID: new("app_\x00")}, ""},
			"from":               {activity.EventFilter{From: &later}, "APP_CREATED CREDENTIAL_CREATED"},
			"after the last":     {activity.EventFilter{From: new(later.Add(time.Microsecond))}, ""},
			"to":                 {activity.EventFilter{To: &later, Type: created}, "APP_CREATED"},
			"to the last":        {activity.EventFilter{To: new(later.Add(time.Microsecond)), Type: created}, "APP_CREATED APP_CREATED"},
			"after a position":   {activity.EventFilter{AfterPosition: new(int(last.Position) - 1)}, "CREDENTIAL_CREATED"},
			"after all":          {activity.EventFilter{AfterPosition: new(int(last.Position))}, ""},
		} {
			t.Run("OK, "+name, func(t *testing.T) {
				require.Equal(t, c.want, types(v.mustEvents(t, v.Developer, c.f)))
			})
		}
	})
}

// Pages from both ends and in both orders are parts of the same list, also when
// events are added between them.
func TestEvents_Pages(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		for name, as := range map[string]context.Context{"an administrator": v.Admin, "a developer": v.Developer} {
			for _, desc := range []bool{false, true} {
				for _, backward := range []bool{false, true} {
					whole := positions(v.mustEvents(t, as, activity.EventFilter{}))
					if desc {
						slices.Reverse(whole)
					}
					between := func() {}
					if desc != backward { // towards the oldest, which are before what is added
						between = func() { v.MustApp(t, v.Developer, "Meanwhile") }
					}
					require.Equal(t, whole, v.mustWalk(t, as, desc, backward, between), "%s: newest first %t, from the end %t", name, desc, backward)
				}
			}
		}
		t.Run("ErrInvalidCursor", func(t *testing.T) {
			p, err := v.Portal.Activity.Events(v.Admin, activity.EventFilter{}, true, listing.Request{Wanted: paging.Wanted{Info: true}})
			require.NoError(t, err)
			_, err = v.Portal.Activity.Events(v.Admin, activity.EventFilter{}, false, listing.Request{Args: paging.Args{After: p.PageInfo.EndCursor}})
			requireRefusal(t, err, fault.CodeBadUserInput, fault.ReasonInvalidCursor)
		})
	})
}

// mustWalk reads the events in pages of two, from one end to the other, and
// returns their positions. It calls between after the first page.
func (v viewers) mustWalk(t *testing.T, as context.Context, desc, backward bool, between func()) (got []int64) {
	t.Helper()
	args := paging.Args{First: new(2)}
	if backward {
		args = paging.Args{Last: new(2)}
	}
	for more, n := true, 0; more; n++ {
		require.Less(t, n, paging.Max, "the pages do not end")
		p, err := v.Portal.Activity.Events(as, activity.EventFilter{}, desc, listing.Request{Args: args, Columns: []string{event.FieldType}, Wanted: paging.Wanted{Info: true}})
		require.NoError(t, err)
		if backward {
			got, args.Before, more = append(positions(p.Nodes), got...), p.PageInfo.StartCursor, p.PageInfo.HasPreviousPage
		} else {
			got, args.After, more = append(got, positions(p.Nodes)...), p.PageInfo.EndCursor, p.PageInfo.HasNextPage
		}
		if n == 0 {
			between()
		}
	}
	return got
}

// positions returns the positions of events.
func positions(events []*db.Event) (out []int64) {
	for _, e := range events {
		out = append(out, e.Position)
	}
	return out
}

// The events of an app remain when it is deleted, and when it is purged.
func TestStory_EventsOfADeletedApp(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		app, credential := v.app.App, v.app.Credential
		_, err := v.Portal.Apps.DeleteApp(v.Developer, app.GlobalID(), new("Too old."))
		require.NoError(t, err)
		requireAll := func(t *testing.T) {
			t.Helper()
			for _, as := range []context.Context{v.Admin, v.Developer, v.colleague} {
				got := v.mustEvents(t, as, activity.EventFilter{SubjectID: new(app.GlobalID())})
				require.Equal(t, "APP_CREATED APP_DELETED", types(got))
				require.Equal(t, []string{"App", "Too old."}, []string{got[1].SubjectName, got[1].Reason})
				require.Equal(t, "CREDENTIAL_CREATED CREDENTIAL_REVOKED", types(v.mustEvents(t, as, activity.EventFilter{SubjectID: new(credential.GlobalID())})))
				require.Equal(t, "APP_DELETED CREDENTIAL_REVOKED CREDENTIAL_CREATED APP_CREATED", types(v.mustTimelines(t, as, nodeid.App, app.ID)[app.ID]))
			}
			require.Empty(t, v.mustEvents(t, v.rival, activity.EventFilter{SubjectID: new(app.GlobalID())}))
		}
		requireAll(t)
		v.Clock.Advance(31 * 24 * time.Hour)
		purged, err := v.Portal.Maintenance.Purge(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, purged.Apps)
		requireAll(t)

		require.Empty(t, v.mustEvents(t, v.mustDeleteAccount(t), activity.EventFilter{}))
		require.Len(t, v.mustEvents(t, v.Admin, activity.EventFilter{SubjectID: new(app.GlobalID())}), 2)
		require.Equal(t, "ACCOUNT_CREATED ACCOUNT_DELETED", types(v.mustEvents(t, v.Admin, activity.EventFilter{SubjectID: new(v.Account.GlobalID())})))
	})
}
