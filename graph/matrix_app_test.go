package graph_test

import (
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/app"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/usage"
)

// App is what the matrix knows of apps.
func (nouns) App() noun {
	return noun{
		prefix: "app", list: sorted{list: "apps"}, fields: appFields(), values: map[string]any{"AppPermissions": apps.AppPermissions{}, "KeyCounts": apps.KeyCounts{}},
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
			"none said":                "DeleteAppInput.reason RestoreAppInput.reason",
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
	_, err := w.Portal.Apps.DeleteApp(w.as("developer"), id, new("Not needed any more."))
	require.NoError(w.t, err)
	return id
}

// appFields are how the reference resolves fields of apps.
func appFields() map[string]resolver {
	id := func(q fieldRequest) uuid.UUID { return q.parent.(*db.App).ID }
	of := func(q fieldRequest, c *db.Credential) bool { return c.AppID != nil && *c.AppID == id(q) }
	return map[string]resolver{
		"Query.app":  objectBy(nodeid.App),
		"Query.apps": appsOf(func(q fieldRequest, a *db.App) bool { return q.appMatches(a) }),
		"Query.appByReferenceId": func(q fieldRequest) (any, error) {
			reference, _ := q.text("referenceId")
			return q.only(nodeid.App, func(row any) bool {
				return strings.EqualFold(row.(*db.App).ReferenceID.String(), reference)
			})
		},
		"App.account":     objectIn(nodeid.Account, "AccountID"),
		"App.credentials": credentialsOf(func(q fieldRequest, c *db.Credential) bool { return of(q, c) && q.credentialMatches(c) }),
		"App.keyCounts": func(q fieldRequest) (any, error) {
			all, err := q.rows.all(nodeid.Credential)
			all, err = rowsWhere(all, err, func(c *db.Credential) bool { return of(q, c) })
			out, by := &apps.KeyCounts{Total: len(all)}, map[access.CredentialStatus]int{}
			for _, c := range all {
				by[q.statusOf(c.(*db.Credential))]++
			}
			out.Active, out.Uncollected, out.Disabled = by[access.CredentialActive], by[access.CredentialUncollected], by[access.CredentialDisabled]
			out.Expired, out.Revoked = by[access.CredentialExpired], by[access.CredentialRevoked]
			return out, err
		},
		"App.callsLast24h": callsLast24h(usage.ByApp),
		"App.productSubscriptions": listOf(nodeid.ProductSubscription, func(q fieldRequest, s *db.Subscription) bool {
			return s.AppID == id(q) && q.subscriptionMatches(s)
		}),
		"App.connectedEndpoints": listOf(nodeid.Endpoint, func(q fieldRequest, e *db.Endpoint) bool {
			all, err := q.rows.all(nodeid.ProductSubscription)
			return err == nil && slices.ContainsFunc(all, func(row any) bool {
				s := row.(*db.Subscription)
				return s.AppID == id(q) && s.Status == access.SubscriptionApproved && s.DeletedAt == nil && reaches(s, e)
			})
		}),
		"App.timeline":  timelineOf(func(q fieldRequest, e *db.Event) bool { return e.AppID != nil && *e.AppID == id(q) }),
		"App.viewerCan": decidedFor(func(q fieldRequest, a *db.App) any { return q.w.Portal.Apps.AppPermissions(q.ctx, a) }),
	}
}

// appsOf lists those of the apps that match. Conditions that nothing can meet are wrong.
func appsOf(matches func(fieldRequest, *db.App) bool) resolver {
	list := listOf(nodeid.App, matches)
	return func(q fieldRequest) (any, error) {
		where := q.object("where")
		least, below := where.number("keysAtLeast")
		most, above := where.number("keysAtMost")
		if _, bounded := where.text("lastUsedBefore"); bounded && where["neverUsed"] == true || below && above && least > most || below && least < 0 || above && most < 0 {
			return nil, invalidArgument()
		}
		return list(q)
	}
}

func (q fieldRequest) appMatches(a *db.App) bool {
	where := q.object("where")
	return where.searched(a.NameFolded, a.ReferenceID.String()) && q.appHas(where, a) && where.labelled(a.Labels) && where.contained("nameContains", a.NameFolded) && where.amongIDs("accountIds", nodeid.Account, a.AccountID)
}

// appHas reports whether an app has the keys and subscriptions that a filter asks for.
func (q fieldRequest) appHas(where parameters, a *db.App) bool {
	keys, err := q.rows.all(nodeid.Credential)
	has := func(matches func(*db.Credential) bool) bool {
		return slices.ContainsFunc(keys, func(row any) bool {
			c := row.(*db.Credential)
			return c.AppID != nil && *c.AppID == a.ID && matches(c)
		})
	}
	living := 0
	for _, row := range keys {
		if c := row.(*db.Credential); c.AppID != nil && *c.AppID == a.ID && c.Status != access.CredentialRevoked {
			living++
		}
	}
	least, below := where.number("keysAtLeast")
	most, above := where.number("keysAtMost")
	_, environments := where.texts("environment")
	return err == nil &&
		q.subscribed(where, func(s *db.Subscription) bool { return s.AppID == a.ID }) &&
		(!environments || has(func(c *db.Credential) bool {
			return c.Status != access.CredentialRevoked && where.among("environment", string(c.Environment))
		})) &&
		(!below || living >= least) && (!above || living <= most) && where.before("lastUsedBefore", a.LastUsedAt) &&
		where.is("neverUsed", !has(func(c *db.Credential) bool { return c.LastUsedAt != nil }))
}

// subscribed reports whether one of the live subscriptions that are meant is to a product
// that a filter names, if it does.
func (q fieldRequest) subscribed(where parameters, meant func(*db.Subscription) bool) bool {
	all, err := q.rows.all(nodeid.ProductSubscription)
	_, named := where.texts("productIds")
	return !named || err == nil && slices.ContainsFunc(all, func(row any) bool {
		s := row.(*db.Subscription)
		live := s.Status == access.SubscriptionWaiting || s.Status == access.SubscriptionApproved || s.Status == access.SubscriptionSuspended
		return meant(s) && live && s.DeletedAt == nil && where.amongIDs("productIds", nodeid.Product, s.ProductID)
	})
}

// labelled reports whether labels have the one that a filter names.
func (where parameters) labelled(labels []domain.Label) bool {
	label := where.object("label")
	return label == nil || slices.ContainsFunc(labels, func(l domain.Label) bool {
		value, ok := label.text("value")
		return l.Key == label["key"] && (!ok || l.Value == value)
	})
}

// foundApps are those that a search finds: what their list finds by the same text.
func foundApps(q fieldRequest, a *db.App) bool { return q.appMatches(a) }
