package graph_test

import (
	"time"

	"entgo.io/ent/dialect/sql"

	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/event"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
)

// DeletedApps is what the matrix knows of deleted apps, which are rows of apps.
func (nouns) DeletedApps() noun {
	return noun{
		questions: map[string]question{
			"DeletedApp":           plain("{ deletedApps { nodes { %s } } }", "deletedApps.nodes"),
			"DeletedAppConnection": plain("{ deletedApps { %s } }", "deletedApps"),
			"DeletedAppEdge":       plain("{ deletedApps { edges { %s } } }", "deletedApps.edges"),
			"Query.deletedApps":    {document: "{ deletedApps { totalCount nodes { id } edges { node { id } } } }", among: "deleted app"},
		},
		furnish: func(w *world) { w.ids["deleted app"] = w.deletedApp() },
		fields: map[string]resolver{
			"Query.deletedApps":          deletedAppsOf,
			"DeletedApp.id":              valueOf(func(a *db.App) any { return a.GlobalID() }),
			"DeletedApp.referenceId":     valueOf(func(a *db.App) any { return a.ReferenceID }),
			"DeletedApp.name":            valueOf(func(a *db.App) any { return a.Name }),
			"DeletedApp.deletedAt":       valueOf(func(a *db.App) any { return a.DeletedAt }),
			"DeletedApp.deletedBy":       deletionOf(func(q fieldRequest, e *db.Event) (any, error) { return q.actorOf(e) }),
			"DeletedApp.reason":          deletionOf(func(_ fieldRequest, e *db.Event) (any, error) { return e.Reason, nil }),
			"DeletedApp.account":         objectIn(nodeid.Account, "AccountID"),
			"DeletedApp.restorableUntil": valueOf(func(a *db.App) any { return a.DeletedAt.AddDate(0, 0, 30) }), // what organizations begin with
		},
	}
}

// deletionOf resolves a field by the last event of an app's deletion.
func deletionOf(field func(fieldRequest, *db.Event) (any, error)) resolver {
	return func(q fieldRequest) (any, error) {
		e, err := q.w.Client.Event.Query().Where(event.AppID(q.parent.(*db.App).ID), event.Type("APP_DELETED")).Order(event.ByPosition(sql.OrderDesc())).First(portaltest.System(q.w.t))
		if err != nil {
			return nil, err
		}
		return field(q, e)
	}
}

// deletionOrder is the order of deleted apps.
func deletionOrder() sorted {
	return sorted{list: "deletedApps", field: "DeletedAt", column: "deleted_at", desc: true}
}

// deletedAppsOf lists the apps of the viewer's organization that were deleted in the last
// 30 days and whose accounts were not.
func deletedAppsOf(q fieldRequest) (any, error) {
	where := q.object("where")
	if text, ok := where.text("search"); ok {
		if err := checkSearch(text); err != nil {
			return nil, err
		}
	}
	accounts, err := q.rows.all(nodeid.Account)
	if err != nil {
		return nil, err
	}
	rows, err := q.w.Client.App.Query().Where(app.OrganizationID(q.who.OrganizationID), app.DeletedAtGT(q.w.Clock.Now().Add(-30*24*time.Hour)), app.PurgedAtIsNil()).All(portaltest.System(q.w.t))
	var all []any
	for _, a := range rows {
		living, _ := rowsWhere(accounts, nil, func(x *db.Account) bool { return x.ID == a.AccountID })
		if len(living) > 0 && where.searched(a.NameFolded, a.ReferenceID.String()) && where.amongIDs("accountIds", nodeid.Account, a.AccountID) {
			all = append(all, a)
		}
	}
	if err != nil {
		return nil, err
	}
	return nonNil(q.page(all, deletionOrder(), q.parameters))
}
