package apps

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/event"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/entity"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// DeletedAppFilter narrows a list of deleted apps.
type DeletedAppFilter struct {
	// Search is found in the name or in the reference id.
	Search     *string
	AccountIDs []string
}

// deletedSince narrows a list to the apps that were deleted after a time.
type deletedSince struct {
	DeletedAppFilter
	Since time.Time
}

// DeletedApps returns a page of the deleted apps that RestoreApp still restores, the
// latest deleted first. What cannot be searched for is fault.CodeBadUserInput.
func (svc *Service) DeletedApps(ctx context.Context, f DeletedAppFilter, r listing.Request) (*paging.Page[*db.App], error) {
	if err := input.CheckSearch(f.Search); err != nil {
		return nil, err
	}
	v := viewer.Current(ctx)
	if policy.ReachOf(v) != policy.OwnOrganization || !v.Reads() {
		return nil, fault.New(fault.CodeForbidden, fault.ReasonRole, "Deleted apps are for administrators.")
	}
	restorable, err := svc.RestorableFor(ctx)
	if err != nil {
		return nil, err
	}
	// The row policy hides deleted apps from everybody else.
	all := viewer.AsSystem(ctx, v.OrganizationID)
	of := deletedSince{f, svc.clock.Now().Add(-restorable)}
	return listing.ReadPage(all, svc.entities.Lists, deletedAppList(), listing.Filtered(of, svc.deletedAppQuery), listing.Order{Desc: true}, r)
}

// RestorableFor returns for how long after its deletion an app of the viewer's
// organization can be restored.
func (svc *Service) RestorableFor(ctx context.Context) (time.Duration, error) {
	o, err := svc.client.Organization.Get(ctx, viewer.Current(ctx).OrganizationID)
	if err != nil {
		return 0, change.PublicError(err)
	}
	return restorableFor(o), nil
}

func restorableFor(o *db.Organization) time.Duration {
	return time.Duration(o.DeletedRetentionDays) * 24 * time.Hour
}

// Deletions returns by app the event of its deletion, the latest of one that was restored
// meanwhile. Of an app that is not deleted, or whose event is not kept any more, it has none.
func (svc *Service) Deletions(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*db.Event, error) {
	all, err := svc.client.Event.Query().Where(database.AnyOf(event.FieldSubjectID, ids), event.TypeIn(string(eventlog.AppDeleted), string(eventlog.AppRestored))).
		Order(event.ByPosition()).All(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	out := map[uuid.UUID]*db.Event{}
	for _, e := range all {
		if out[e.SubjectID] = e; eventlog.Type(e.Type) == eventlog.AppRestored {
			delete(out, e.SubjectID)
		}
	}
	return out, nil
}

// deletedAppList is a list of apps in the order of their deletion.
func deletedAppList() listing.List[*db.App] {
	l := entity.AppList()
	l.Name = "deletedApps"
	l.Keys = []listing.Key[*db.App]{{Name: "DELETED_AT", Column: app.FieldDeletedAt, Type: listing.Time, Value: func(a *db.App) any { return *a.DeletedAt }}}
	return l
}

func (svc *Service) deletedAppQuery(f deletedSince) listing.Query[*db.App] {
	q := svc.client.App.Query().Where(app.DeletedAtGT(f.Since), app.PurgedAtIsNil(), ofLivingAccount)
	if f.Search != nil {
		q.Where(entity.SearchedApps().Contains(input.SearchText(*f.Search)))
	}
	if f.AccountIDs != nil {
		q.Where(database.AnyOf(app.FieldAccountID, input.DecodeIDs(nodeid.Account, f.AccountIDs)))
	}
	return q
}

// ofLivingAccount matches apps whose account was not deleted.
func ofLivingAccount(s *sql.Selector) {
	t := sql.Dialect(s.Dialect()).Table(account.Table)
	s.Where(sql.Exists(sql.Dialect(s.Dialect()).Select(t.C(account.FieldID)).From(t).
		Where(sql.And(sql.ColumnsEQ(t.C(account.FieldID), s.C(app.FieldAccountID)), sql.IsNull(t.C(account.FieldDeletedAt))))))
}
