package graph_test

import (
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/app"
)

// App is what the matrix knows of apps.
func (nouns) App() noun {
	return noun{
		questions: map[string]question{
			"App":            of("App", "app", ""),
			"AppPermissions": of("App", "app", "viewerCan"),
			"KeyCounts":      of("App", "app", "keyCounts"),
			"AppConnection":  of("Account", "account", "apps"),
			"AppEdge":        of("Account", "account", "apps.edges"),
			"Label":          of("App", "app", "labels"),

			"Query.app":              root("app", "app"),
			"Query.appByReferenceId": {document: "query($id: UUID!) { appByReferenceId(referenceId: $id) { id } }", specimen: "reference"},
			"Query.apps":             rootList("apps(last: 100)", "app"),
			"AppFilter.accountIds":   narrowed("apps", "accountIds", "app"),
		},
		plays: map[string]play{
			"Mutation.createApp":            on("accountId", "APP_CREATED", developersAccount).with(arguments{"name": "one more"}),
			"Mutation: one's own.createApp": {event: "APP_CREATED", input: ownAppInput},
			"Mutation.updateApp":            on("appId", "APP_UPDATED", (*world).freshApp).with(arguments{"name": "another name"}),
			"Mutation.deleteApp":            on("appId", "APP_DELETED", (*world).freshApp),
			"Mutation.restoreApp":           on("appId", "APP_RESTORED", (*world).deletedApp),
		},
		tables: map[string]table{"apps": {
			client: func(c *db.Client) any { return c.App }, column: "id", value: specimen("app"),
			adds: func(c *db.Client) adding {
				return added(c.App.Create, c.App.CreateBulk, func(x *db.AppCreate, o owner) {
					x.SetOrganizationID(o.organization).SetAccountID(o.account).SetName("App").SetNameFolded("app")
				})
			},
			policy: &app.Policy, types: []string{"App", "KeyCounts"},
		}},
		targets: map[string]string{"createApp": "", "updateApp": "appId", "deleteApp": "appId", "restoreApp": "appId"},
		samples: map[string]string{"appId": "app"},
		nothing: map[string]string{
			"made up":                  "CreateAppInput.referenceId",
			"a developer's active one": "CreateAppInput.accountId",
			"nothing is said of it":    "CreateAppInput.firstKey",
			"none":                     "CreateAppInput.idempotencyKey",
			"none said":                "DeleteAppInput.reason",
			"cleared":                  "CreateAppInput.description CreateAppInput.labels UpdateAppInput.description UpdateAppInput.labels",
		},
	}
}

// ownAppInput is the input for an app of the viewer's own: a developer's account
// is the active one, an administrator has to name it.
func ownAppInput(w *world, who string) arguments {
	in := arguments{"name": "one's own"}
	switch who {
	case "admin":
		in["accountId"] = w.ids["account"]
	case "foreign":
		in["accountId"] = w.ids["foreign account"]
	}
	return in
}

// ownApp creates an app that the viewer may do everything with; viewers without
// an account get the developer's.
func (w *world) ownApp(who string) string {
	if _, ok := w.people[who]; !ok {
		who = "developer"
	}
	return w.make(who, "createApp", ownAppInput(w, who), "app")
}

func (w *world) freshApp() string { return w.ownApp("developer") }

func (w *world) deletedApp() string {
	id := w.freshApp()
	_, err := w.Portal.Apps.DeleteApp(w.as("developer"), id, nil)
	require.NoError(w.t, err)
	return id
}
