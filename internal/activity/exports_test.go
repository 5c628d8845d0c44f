package activity_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db/event"
	"portico/internal/activity"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// An export is recorded for whose rows it had: a developer's for the account, staff's for
// the organization alone; also when the account is gone meanwhile.
func TestRecordExport(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := portaltest.New(t, url)
		one := s.MustTenant(t, "one")
		e := activity.Export{List: "apps", Format: "csv", Filter: `{"a":1,"search":"somebody@example.com"}`, OrderBy: `{"field":"NAME"}`, Rows: 7}
		require.NoError(t, s.Portal.Activity.RecordExport(one.Developer, e))
		e = activity.Export{List: "users", Format: "jsonl", Complete: true}
		require.NoError(t, s.Portal.Activity.RecordExport(one.Admin, e))

		all := s.Client.Event.Query().Where(event.Type(string(eventlog.ListExported))).Order(event.ByPosition()).AllX(portaltest.System(t))
		require.Len(t, all, 2)
		require.Equal(t, string(nodeid.Account), all[0].SubjectType)
		require.Equal(t, one.Account.ID, all[0].SubjectID)
		require.Equal(t, one.Account.Name, all[0].SubjectName)
		require.Equal(t, one.Account.ID, *all[0].AccountID)
		require.Equal(t, "list=apps format=csv filter={\"a\":1,\"search\":\"…\"} orderBy={\"field\":\"NAME\"} rows=7 complete=false ", words(all[0].Changes))
		require.Equal(t, string(nodeid.Organization), all[1].SubjectType)
		require.Equal(t, one.Organization.ID, all[1].SubjectID)
		require.Equal(t, one.Organization.Name, all[1].SubjectName)
		require.Nil(t, all[1].AccountID)
		require.Equal(t, "list=users format=jsonl rows=0 complete=true ", words(all[1].Changes))

		gone := viewer.Current(one.Developer)
		gone.AccountID = uuid.New()
		require.NoError(t, s.Portal.Activity.RecordExport(viewer.NewContext(one.Developer, gone), e))
		last := s.Client.Event.Query().Where(event.SubjectID(gone.AccountID)).OnlyX(portaltest.System(t))
		require.Empty(t, last.SubjectName)

		e.Filter = `{ "appIds": ["` + strings.Repeat("a", 2000) + `"],  "search": "someone" }`
		require.NoError(t, s.Portal.Activity.RecordExport(viewer.NewContext(one.Developer, gone), e))
		long := *s.Client.Event.Query().Where(event.SubjectID(gone.AccountID), event.IDNEQ(last.ID)).OnlyX(portaltest.System(t)).Changes[2].After
		require.Equal(t, `{"appIds":["`+strings.Repeat("a", 988)+"…", long)
	})
}

func words(changes []domain.Change) (out string) {
	for _, c := range changes {
		out += c.Field + "=" + *c.After + " "
	}
	return out
}
