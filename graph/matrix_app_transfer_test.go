package graph_test

import (
	"context"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/apptransfer"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/usage"
	"portico/internal/viewer"
)

// AppTransfer is what the matrix knows of offers of apps.
func (nouns) AppTransfer() noun {
	return noun{
		prefix: "xfer", list: sorted{list: "appTransfers"}, fields: appTransferFields(), values: map[string]any{"AppTransferPermissions": apps.AppTransferPermissions{}},
		questions: map[string]question{
			"AppTransfer":                  of("AppTransfer", "offer", ""),
			"AppTransfer: incoming":        of("AppTransfer", "incoming offer", ""),
			"AppTransfer: declined":        of("AppTransfer", "declined offer", ""),
			"AppTransferPermissions":       of("AppTransfer", "offer", "viewerCan"),
			"AppTransferConnection":        plain("{ appTransfers { %s } }", "appTransfers"),
			"AppTransferEdge":              plain("{ appTransfers { edges { %s } } }", "appTransfers.edges"),
			"Query.appTransfers":           rootList("appTransfers(last: 100)", "offer"),
			"AppTransferFilter.accountIds": narrowed("appTransfers", "accountIds", "offer"),
		},
		plays: map[string]play{
			"Mutation.transferApp": {target: "appId", event: "APP_TRANSFER_OFFERED", input: func(w *world, _ string) arguments {
				return arguments{"appId": w.freshApp(), "toAccountId": w.freshAccount()}
			}},
			"Mutation.acceptAppTransfer":  on("appTransferId", "APP_TRANSFER_ACCEPTED", (*world).incomingOffer),
			"Mutation.declineAppTransfer": on("appTransferId", "APP_TRANSFER_DECLINED", (*world).incomingOffer),
			"Mutation.cancelAppTransfer":  on("appTransferId", "APP_TRANSFER_CANCELLED", (*world).outgoingOffer),
		},
		targets: map[string]string{"transferApp": "appId", "acceptAppTransfer": "appTransferId", "declineAppTransfer": "appTransferId", "cancelAppTransfer": "appTransferId"},
		samples: map[string]string{"appTransferId": "offer", "toAccountId": "account"},
		nothing: map[string]string{
			"none":      "TransferAppInput.idempotencyKey",
			"none said": "TransferAppInput.reason DeclineAppTransferInput.reason CancelAppTransferInput.reason",
		},
		tables: map[string]table{"app_transfers": {
			client: func(c *db.Client) any { return c.AppTransfer }, column: "id", value: specimen("offer"),
			adds: func(c *db.Client) adding {
				return added(c.AppTransfer.Create, c.AppTransfer.CreateBulk, func(x *db.AppTransferCreate, o owner) {
					to := c.Account.Query().Where(account.OrganizationID(o.organization), account.IDNEQ(o.account)).FirstIDX(viewer.AsSystem(context.Background(), uuid.Nil))
					x.SetOrganizationID(o.organization).SetAppID(o.app).SetFromAccountID(o.account).SetToAccountID(to).
						SetAppName("App").SetFromAccountName("From").SetToAccountName("To").SetProductTitles([]string{}).SetKeyCount(0).
						SetExpiresAt(portaltest.Start().AddDate(50, 0, 0)).
						SetStatus(domain.TransferDeclined).SetDecidedAt(portaltest.Start()) // one app is offered once at a time
				})
			},
			policy: &apptransfer.Policy, types: []string{"AppTransfer"},
		}},
		shown: func(w *world, who string, o object) bool {
			t, err := w.Client.AppTransfer.Get(portaltest.System(w.t), idOf(o.id))
			require.NoError(w.t, err)
			of := w.people[who].AccountID
			return t.FromAccountID == of || t.ToAccountID == of
		},
		produce: (*world).produceTransfers,
		furnish: func(w *world) {
			app := w.freshApp()
			w.make("developer", "register", arguments{"appId": app, "productId": w.ids["product"]}, "productSubscription")
			w.ids["offer"] = w.make("developer", "transferApp", arguments{"appId": app, "toAccountId": w.freshAccount(), "reason": "You run it."}, "appTransfer")
			w.ids["incoming offer"], w.ids["declined offer"] = w.incomingOffer(), w.incomingOffer()
			w.make("developer", "declineAppTransfer", arguments{"appTransferId": w.ids["declined offer"], "reason": "No, thank you."}, "appTransfer")
			app = w.make("other", "createApp", arguments{"name": "The other's to give"}, "app")
			w.make("other", "transferApp", arguments{"appId": app, "toAccountId": w.freshAccount()}, "appTransfer")
			to := w.make("foreign", "createAccount", arguments{"name": "Theirs"}, "account")
			app = w.make("foreign", "createApp", arguments{"name": "Theirs", "accountId": w.ids["foreign account"]}, "app")
			w.make("foreign", "transferApp", arguments{"appId": app, "toAccountId": to}, "appTransfer")
		},
	}
}

// outgoingOffer offers a new app of the developer to a new account.
func (w *world) outgoingOffer() string {
	return w.make("developer", "transferApp", arguments{"appId": w.freshApp(), "toAccountId": w.freshAccount(), "reason": "You run it."}, "appTransfer")
}

// incomingOffer offers the developer's account a new app of a new account.
func (w *world) incomingOffer() string {
	app := w.make("admin", "createApp", arguments{"name": "The app of others", "accountId": w.freshAccount()}, "app")
	return w.make("admin", "transferApp", arguments{"appId": app, "toAccountId": w.ids["account"], "reason": "You run it."}, "appTransfer")
}

// produceTransfers brings offers into each status, and lists them by it.
func (w *world) produceTransfers() {
	w.mustSucceed("developer", "acceptAppTransfer", arguments{"appTransferId": w.incomingOffer()}, "appTransfer { status }")
	w.mustSucceed("developer", "declineAppTransfer", arguments{"appTransferId": w.incomingOffer()}, "appTransfer { status }")
	w.mustSucceed("developer", "cancelAppTransfer", arguments{"appTransferId": w.outgoingOffer()}, "appTransfer { status }")
	expired := w.outgoingOffer()
	now := w.Clock.Now()
	_, err := w.Database.ExecContext(w.t.Context(), `UPDATE app_transfers SET created_at = $2, expires_at = $3 WHERE id = $1`, idOf(expired), now.AddDate(0, 0, -8), now.AddDate(0, 0, -1))
	require.NoError(w.t, err)
	n, err := w.Portal.Maintenance.ExpireTransfers(w.t.Context())
	require.NoError(w.t, err)
	require.Equal(w.t, 1, n)
	for _, id := range []string{expired, w.outgoingOffer()} {
		w.mustAsk("developer", `query($id: ID!) { node(id: $id) { ... on AppTransfer { status } } }`, id)
	}
	for _, status := range w.values("AppTransferStatus") {
		w.mustAsk("admin", `{ appTransfers(where: {status: [`+status+`]}) { totalCount } }`, "")
	}
	for _, direction := range w.values("AppTransferDirection") {
		w.mustAsk("developer", `{ appTransfers(where: {direction: `+direction+`}, orderBy: {field: CREATED_AT}) { totalCount } }`, "")
	}
}

// appTransferFields are how the reference resolves fields of offers.
func appTransferFields() map[string]resolver {
	status := func(q fieldRequest, t *db.AppTransfer) domain.AppTransferStatus {
		if t.Status == domain.TransferPending && !t.ExpiresAt.After(q.w.Clock.Now()) {
			return domain.TransferExpired
		}
		return t.Status
	}
	// by returns who did something, if the viewer is of the account that did, or staff.
	by := func(q fieldRequest, who *uuid.UUID, of uuid.UUID) (any, error) {
		if q.who.Role == viewer.Portal && q.who.AccountID != of {
			return nil, nil
		}
		return q.person(who)
	}
	return map[string]resolver{
		"Query.appTransfers": listOf(nodeid.AppTransfer, func(q fieldRequest, t *db.AppTransfer) bool {
			where := q.object("where")
			side := map[string]uuid.UUID{"INCOMING": t.ToAccountID, "OUTGOING": t.FromAccountID}
			direction, given := where.text("direction")
			if _, byApp := where.texts("appIds"); byApp && q.who.Role == viewer.Portal {
				app, err := q.rows.byID(nodeid.App, t.AppID)
				if mustRead(err); app == nil || app == (*db.App)(nil) {
					return false // not even whether there is one
				}
			}
			return where.among("status", string(status(q, t))) && where.amongIDs("appIds", nodeid.App, t.AppID) &&
				(!given || side[direction] == q.who.AccountID) &&
				(where.amongIDs("accountIds", nodeid.Account, t.FromAccountID) || where.amongIDs("accountIds", nodeid.Account, t.ToAccountID))
		}),
		"AppTransfer.status":      decidedFor(func(q fieldRequest, t *db.AppTransfer) any { return status(q, t) }),
		"AppTransfer.app":         objectIn(nodeid.App, "AppID"),
		"AppTransfer.fromAccount": objectIn(nodeid.Account, "FromAccountID"),
		"AppTransfer.toAccount":   objectIn(nodeid.Account, "ToAccountID"),
		"AppTransfer.callsLast24h": func(q fieldRequest) (any, error) {
			t := q.parent.(*db.AppTransfer)
			if status(q, t) != domain.TransferPending {
				return nil, nil
			}
			zone, err := q.w.Portal.Activity.Zone(q.ctx)
			if err != nil {
				return nil, err
			}
			n, err := q.w.calls.reports.CallsLast24h(q.ctx, q.who.OrganizationID, zone, usage.ByApp, []uuid.UUID{t.AppID})
			return n[t.AppID], err
		},
		"AppTransfer.offeredBy": func(q fieldRequest) (any, error) {
			t := q.parent.(*db.AppTransfer)
			return by(q, t.OfferedBy, t.FromAccountID)
		},
		"AppTransfer.decidedBy": func(q fieldRequest) (any, error) {
			t := q.parent.(*db.AppTransfer)
			if t.Status == domain.TransferCancelled {
				// Taken back; but where the other account was deleted, nobody has done that.
				if q.w.Client.Account.GetX(portaltest.System(q.w.t), t.ToAccountID).DeletedAt != nil {
					return nil, nil
				}
				return by(q, t.DecidedBy, t.FromAccountID)
			}
			return by(q, t.DecidedBy, t.ToAccountID)
		},
		"AppTransfer.viewerCan": decidedFor(func(q fieldRequest, t *db.AppTransfer) any { return q.w.Portal.Apps.AppTransferPermissions(q.ctx, t) }),
	}
}
