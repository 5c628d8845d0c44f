package activity_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
)

// mustTimelines returns the timelines of objects. It reads each together with
// the others and alone, which must agree.
func (v viewers) mustTimelines(t *testing.T, as context.Context, of nodeid.Kind, ids ...uuid.UUID) map[uuid.UUID][]*db.Event {
	t.Helper()
	r := listing.Request{Columns: []string{event.FieldType, event.FieldReason}, Wanted: paging.Wanted{Total: true}}
	pages, err := v.Portal.Activity.Timelines(as, of, ids, r)
	require.NoError(t, err)
	require.Len(t, pages, len(ids))
	out := map[uuid.UUID][]*db.Event{}
	for id, p := range pages {
		alone, err := v.Portal.Activity.Timelines(as, of, []uuid.UUID{id}, r)
		require.NoError(t, err)
		require.Equal(t, positions(alone[id].Nodes), positions(p.Nodes))
		require.Equal(t, []int{len(p.Nodes), len(p.Nodes)}, []int{p.TotalCount, alone[id].TotalCount})
		out[id] = p.Nodes
	}
	return out
}

// The timeline of an app or account has the events of what belongs to it, others
// have only the object's own; the newest come first.
func TestTimelines(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		product, plan := v.MustProduct(t, v.Admin, "orders")
		sub := v.MustRegister(t, v.Developer, v.app.App, product, plan)
		_, err := v.Portal.Apps.Approve(v.Admin, sub.GlobalID(), nil)
		require.NoError(t, err)
		const ofApp = "SUBSCRIPTION_APPROVED SUBSCRIPTION_REGISTERED CREDENTIAL_CREATED APP_CREATED"
		for name, as := range map[string]context.Context{"an administrator": v.Admin, "a developer": v.Developer, "a colleague": v.colleague} {
			for kind, c := range map[nodeid.Kind]struct {
				id   uuid.UUID
				want string
			}{
				nodeid.App:                 {v.app.App.ID, ofApp},
				nodeid.Account:             {v.Account.ID, ofApp + " MEMBER_ADDED MEMBER_ADDED ACCOUNT_CREATED"},
				nodeid.Credential:          {v.app.Credential.ID, "CREDENTIAL_CREATED"},
				nodeid.ProductSubscription: {sub.ID, "SUBSCRIPTION_APPROVED SUBSCRIPTION_REGISTERED"},
			} {
				t.Run("OK, "+string(kind)+" for "+name, func(t *testing.T) {
					require.Equal(t, c.want, types(v.mustTimelines(t, as, kind, c.id)[c.id]))
				})
			}
		}
	})
}

// Of the timelines that are asked for together, each viewer sees those of the
// own organization or account; the others are empty, like those of ids that
// nothing has.
func TestTimelines_OfOthers(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		mine, rivals, foreign, unknown := v.app.App.ID, v.rivalApp.App.ID, v.foreignApp.App.ID, uuid.New()
		for name, c := range map[string]struct {
			as   context.Context
			seen []uuid.UUID
		}{
			"an administrator":                     {v.Admin, []uuid.UUID{mine, rivals}},
			"a developer":                          {v.Developer, []uuid.UUID{mine}},
			"a colleague":                          {v.colleague, []uuid.UUID{mine}},
			"another account's developer":          {v.rival, []uuid.UUID{rivals}},
			"another organization's administrator": {v.foreign.Admin, []uuid.UUID{foreign}},
			"another organization's developer":     {v.foreign.Developer, []uuid.UUID{foreign}},
		} {
			t.Run("OK, "+name, func(t *testing.T) {
				var seen []uuid.UUID
				all := v.mustTimelines(t, c.as, nodeid.App, mine, rivals, foreign, unknown)
				for _, id := range []uuid.UUID{mine, rivals, foreign, unknown} {
					if len(all[id]) > 0 {
						require.Equal(t, "CREDENTIAL_CREATED APP_CREATED", types(all[id]))
						seen = append(seen, id)
					}
				}
				require.Equal(t, c.seen, seen)
			})
		}
	})
}

// The same page is read of each timeline, and a cursor of one continues it.
func TestTimelines_Pages(t *testing.T) {
	eachViewers(t, func(t *testing.T, v viewers) {
		three := 3
		read := func(a paging.Args, ids ...uuid.UUID) listing.Pages[*db.Event] {
			pages, err := v.Portal.Activity.Timelines(v.Admin, nodeid.Account, ids, listing.Request{Args: a, Wanted: paging.Wanted{Total: true, Info: true}})
			require.NoError(t, err)
			return pages
		}
		mine, rivals := v.Account.ID, v.rivalAccount.ID
		first := read(paging.Args{First: &three}, mine, rivals)
		require.Equal(t, "CREDENTIAL_CREATED APP_CREATED MEMBER_ADDED", types(first[mine].Nodes))
		require.Equal(t, "CREDENTIAL_CREATED APP_CREATED MEMBER_ADDED", types(first[rivals].Nodes))
		require.Equal(t, []int{5, 4}, []int{first[mine].TotalCount, first[rivals].TotalCount})
		for id, rest := range map[uuid.UUID]string{mine: "MEMBER_ADDED ACCOUNT_CREATED", rivals: "ACCOUNT_CREATED"} {
			require.True(t, first[id].PageInfo.HasNextPage)
			next := read(paging.Args{First: &three, After: first[id].PageInfo.EndCursor}, mine, rivals)[id]
			require.Equal(t, rest, types(next.Nodes))
			require.False(t, next.PageInfo.HasNextPage)
			require.Equal(t, "ACCOUNT_CREATED", types(read(paging.Args{Last: new(1)}, mine, rivals)[id].Nodes))
		}
	})
}
