package graph_test

import (
	"slices"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/keyrequest"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/requests"
)

// KeyRequest is what the matrix knows of requests for keys.
func (nouns) KeyRequest() noun {
	return noun{
		prefix: "kreq", list: sorted{list: "keyRequests"}, fields: keyRequestFields(),
		values: map[string]any{"KeyRequestPermissions": requests.Permissions{}, "KeyRequestCounts": requests.Counts{}},
		questions: map[string]question{
			"KeyRequest":                        of("KeyRequest", "key request", ""),
			"KeyRequest: collected":             of("KeyRequest", "collected key request", ""),
			"KeyRequest: changes a key":         of("KeyRequest", "request for an old key", ""),
			"KeyRequestPermissions":             of("KeyRequest", "key request", "viewerCan"),
			"KeyRequestConnection":              plain("{ keyRequests { %s } }", "keyRequests"),
			"KeyRequestEdge":                    plain("{ keyRequests { edges { %s } } }", "keyRequests.edges"),
			"KeyRequestCounts":                  plain("{ keyRequestCounts { %s } }", "keyRequestCounts"),
			"ProductSubscription: of a request": of("KeyRequest", "key request", "productSubscriptions.nodes"),
			"Query.keyRequest":                  root("keyRequest", "key request"),
			"Query.keyRequests":                 rootList("keyRequests(last: 100)", "key request"),
			"Query.keyRequestCounts":            {document: "{ keyRequestCounts { total } }"},
			"KeyRequestFilter.accountIds":       narrowed("keyRequests", "accountIds", "key request"),
		},
		plays:  keyRequestPlays(),
		tables: map[string]table{"key_requests": keyRequestTable()},
		targets: map[string]string{
			"requestKey": "appId", "updateKeyRequest": "keyRequestId", "withdrawKeyRequest": "keyRequestId", "approveKeyRequest": "keyRequestId",
			"rejectKeyRequest": "keyRequestId", "deleteKeyRequest": "keyRequestId", "collectKey": "keyRequestId",
		},
		samples: map[string]string{"keyRequestId": "key request", "existingCredentialId": "key", "removeProductIds": "product"},
		nothing: map[string]string{
			"none":            "RequestKeyInput.idempotencyKey RequestKeyInput.existingCredentialId RequestKeyInput.removeProductIds",
			"the only one":    "KeyRequestPlanInput.planId",
			"nothing is said": "KeyRequestPlanInput.answers",
			"none said":       "WithdrawKeyRequestInput.reason ApproveKeyRequestInput.reason",
			"cleared":         "RequestKeyInput.name UpdateKeyRequestInput.name UpdateKeyRequestInput.removeProductIds",
		},
		produce: (*world).produceKeyRequests,
		furnish: (*world).furnishKeyRequests,
	}
}

func keyRequestPlays() map[string]play {
	return map[string]play{
		"Mutation.requestKey": {target: "appId", event: "KEY_REQUEST_CREATED", input: func(w *world, _ string) arguments {
			return w.asking(w.freshApp(), "product")
		}},
		"Mutation.updateKeyRequest":   on("keyRequestId", "KEY_REQUEST_UPDATED", (*world).keyRequested).with(arguments{"name": "another name"}),
		"Mutation.withdrawKeyRequest": on("keyRequestId", "KEY_REQUEST_WITHDRAWN", (*world).keyRequested),
		"Mutation.approveKeyRequest":  on("keyRequestId", "KEY_REQUEST_APPROVED", (*world).keyRequested),
		"Mutation.rejectKeyRequest":   on("keyRequestId", "KEY_REQUEST_REJECTED", (*world).keyRequested).with(arguments{"reason": "No."}),
		"Mutation.deleteKeyRequest":   on("keyRequestId", "KEY_REQUEST_DELETED", (*world).keyRefused),
		"Mutation.collectKey":         on("keyRequestId", "CREDENTIAL_COLLECTED", (*world).keyApproved),
	}
}

// keyRequestTable is what the matrix knows of the table. The row at stake asks for a product
// that another approver decides about, too.
func keyRequestTable() table {
	return table{
		client: func(c *db.Client) any { return c.KeyRequest }, column: "id", value: specimen("mixed key request"),
		adds: func(c *db.Client) adding {
			return added(c.KeyRequest.Create, c.KeyRequest.CreateBulk, func(x *db.KeyRequestCreate, o owner) {
				x.SetOrganizationID(o.organization).SetAccountID(o.account).SetAppID(o.app).SetStatus(domain.KeyRequestPending).SetProductIds([]uuid.UUID{o.product})
			})
		},
		policy: &keyrequest.Policy, types: []string{"KeyRequest"},
	}
}

// asking is the input of a request for a key of an app that reaches some products.
func (w *world) asking(app string, products ...string) arguments {
	var plans []arguments
	for _, p := range products {
		plans = append(plans, arguments{"productId": w.ids[p], "planId": w.ids["plan of the "+p]})
	}
	return arguments{"appId": app, "plans": plans}
}

// aboutOldKey is the input of a mutation about a request that changes a key which an app has.
func (w *world) aboutOldKey(mutation string) arguments {
	if mutation != "requestKey" {
		return arguments{"keyRequestId": w.ids["request for an old key"]}
	}
	app := w.freshApp()
	in := w.asking(app, "product")
	in["existingCredentialId"] = w.make("developer", "generateKey", arguments{"appId": app, "access": "LISTED", "accessControlList": []string{w.ids["private product"]}}, "credential")
	return in
}

// keyRequested returns a request of the developer that waits.
func (w *world) keyRequested() string {
	return w.make("developer", "requestKey", w.asking(w.freshApp(), "product"), "keyRequest")
}

func (w *world) keyRefused() string {
	return w.make("admin", "rejectKeyRequest", arguments{"keyRequestId": w.keyRequested(), "reason": "No."}, "keyRequest")
}

// keyApproved returns a request of the developer whose key waits to be collected.
func (w *world) keyApproved() string {
	return w.make("admin", "approveKeyRequest", arguments{"keyRequestId": w.keyRequested(), "reason": "Yes."}, "keyRequest")
}

// furnishKeyRequests makes requests of everybody: of the developer one that the approver
// decides about, one that the approver may not decide about, one whose key is collected, and
// one that changes a key.
func (w *world) furnishKeyRequests() {
	in := w.asking(w.freshApp(), "product")
	in["name"], in["environment"] = "asked for", "STAGING"
	w.ids["key request"] = w.make("developer", "requestKey", in, "keyRequest")
	private := arguments{"productId": w.ids["private product"], "accountId": w.ids["account"]}
	w.make("admin", "grantProduct", private, "product")
	w.ids["mixed key request"] = w.make("developer", "requestKey", w.asking(w.freshApp(), "product", "private product"), "keyRequest")
	w.make("admin", "withdrawProduct", private, "product")
	w.ids["collected key request"] = w.keyApproved()
	w.make("developer", "collectKey", arguments{"keyRequestId": w.ids["collected key request"]}, "keyRequest")
	in = w.aboutOldKey("requestKey")
	in["removeProductIds"] = []string{w.ids["private product"]}
	w.ids["request for an old key"] = w.make("developer", "requestKey", in, "keyRequest")
	app := w.make("other", "createApp", arguments{"name": "The other's that asks"}, "app")
	w.make("other", "requestKey", w.asking(app, "product"), "keyRequest")
	w.make("foreign", "requestKey", arguments{
		"appId": w.make("foreign", "createApp", arguments{"name": "Theirs", "accountId": w.ids["foreign account"]}, "app"), "plans": []arguments{{"productId": w.ids["foreign product"]}},
	}, "keyRequest")
}

// produceKeyRequests brings requests into each status, and lists them by it.
func (w *world) produceKeyRequests() {
	const about = `query($id: ID!) { node(id: $id) { ... on KeyRequest { status credential { status } } } }`
	w.make("admin", "updateOrganization", arguments{"requestsExpireAfterDays": 30}, "organization")
	undecided, uncollected := w.keyRequested(), w.keyApproved()
	now := w.Clock.Now()
	for id, statement := range map[string]string{
		undecided:   `UPDATE key_requests SET created_at = $2 WHERE id = $1`,
		uncollected: `UPDATE key_requests SET collect_until = $2 WHERE id = $1`,
	} {
		_, err := w.Database.ExecContext(w.t.Context(), statement, idOf(id), now.AddDate(0, 0, -31))
		require.NoError(w.t, err)
	}
	n, err := w.Portal.Maintenance.ExpireRequests(w.t.Context())
	require.NoError(w.t, err)
	require.Equal(w.t, 1, n)
	n, err = w.Portal.Maintenance.ExpireUncollected(w.t.Context())
	require.NoError(w.t, err)
	require.Equal(w.t, 1, n)
	withdrawn := w.make("developer", "withdrawKeyRequest", arguments{"keyRequestId": w.keyRequested()}, "keyRequest")
	for _, id := range []string{w.keyRequested(), w.keyApproved(), w.keyRefused(), withdrawn, undecided, uncollected} {
		w.mustAsk("developer", about, id)
	}
	for _, status := range w.values("KeyRequestStatus") {
		w.mustAsk("admin", `{ keyRequests(where: {status: [`+status+`]}, orderBy: {field: CREATED_AT}) { totalCount } }`, "")
	}
}

// keyRequestFields are how the reference resolves fields of requests for keys.
func keyRequestFields() map[string]resolver {
	products := func(ids func(*db.KeyRequest) []uuid.UUID) resolver {
		return listOf(nodeid.Product, func(q fieldRequest, p *db.Product) bool { return slices.Contains(ids(q.parent.(*db.KeyRequest)), p.ID) })
	}
	return map[string]resolver{
		"Query.keyRequest":               objectBy(nodeid.KeyRequest),
		"Query.keyRequests":              listOf(nodeid.KeyRequest, fieldRequest.keyRequestListed),
		"Query.keyRequestCounts":         keyRequestCounts,
		"ProductSubscription.keyRequest": objectIn(nodeid.KeyRequest, "KeyRequestID"),
		"KeyRequest.app":                 objectIn(nodeid.App, "AppID"),
		"KeyRequest.account":             objectIn(nodeid.Account, "AccountID"),
		"KeyRequest.credential":          objectIn(nodeid.Credential, "CredentialID"),
		"KeyRequest.productSubscriptions": listOf(nodeid.ProductSubscription, func(q fieldRequest, s *db.Subscription) bool {
			return s.KeyRequestID != nil && *s.KeyRequestID == q.parent.(*db.KeyRequest).ID
		}),
		"KeyRequest.products":       products(func(k *db.KeyRequest) []uuid.UUID { return k.ProductIds }),
		"KeyRequest.removeProducts": products(func(k *db.KeyRequest) []uuid.UUID { return k.RemoveProductIds }),
		"KeyRequest.requestedBy":    func(q fieldRequest) (any, error) { return q.person(q.parent.(*db.KeyRequest).RequestedBy) },
		"KeyRequest.decidedBy":      func(q fieldRequest) (any, error) { return q.person(q.parent.(*db.KeyRequest).DecidedBy) },
		"KeyRequest.deleted":        valueOf(func(k *db.KeyRequest) any { return k.HiddenAt != nil }),
		"KeyRequest.viewerCan": func(q fieldRequest) (any, error) {
			k := q.parent.(*db.KeyRequest)
			found, err := q.rows.byID(nodeid.Credential, or(k.CredentialID))
			key, _ := found.(*db.Credential)
			return q.w.Portal.Requests.Permissions(q.ctx, k, key), err
		},
		"KeyRequest.timeline": ownTimeline(),
	}
}

// keyRequestListed applies the filter of lists of requests for keys.
func (q fieldRequest) keyRequestListed(k *db.KeyRequest) bool {
	where := q.object("where")
	return (k.HiddenAt == nil || where["deleted"] == true) && where.among("status", string(k.Status)) &&
		where.amongIDs("appIds", nodeid.App, k.AppID) && where.amongIDs("accountIds", nodeid.Account, k.AccountID) &&
		where.before("createdBefore", &k.CreatedAt) && where.since("createdAfter", k.CreatedAt) &&
		q.asksFor(k, where, "productIds", nodeid.Product, func(s *db.Subscription) uuid.UUID { return s.ProductID }) &&
		q.asksFor(k, where, "planIds", nodeid.Plan, func(s *db.Subscription) uuid.UUID { return s.PlanID })
}

// asksFor reports whether a request has made a subscription that a filter names.
func (q fieldRequest) asksFor(k *db.KeyRequest, where parameters, name string, kind nodeid.Kind, id func(*db.Subscription) uuid.UUID) bool {
	if where[name] == nil {
		return true
	}
	all, err := q.system.all(nodeid.ProductSubscription)
	return err == nil && slices.ContainsFunc(all, func(row any) bool {
		s := row.(*db.Subscription)
		return s.KeyRequestID != nil && *s.KeyRequestID == k.ID && where.amongIDs(name, kind, id(s))
	})
}

// keyRequestCounts counts what the reference lists by the same filter.
func keyRequestCounts(q fieldRequest) (any, error) {
	all, err := q.rows.all(nodeid.KeyRequest)
	all, err = rowsWhere(all, err, func(k *db.KeyRequest) bool { return q.keyRequestListed(k) })
	out := &requests.Counts{Total: len(all)}
	for _, row := range all {
		switch row.(*db.KeyRequest).Status {
		case domain.KeyRequestPending:
			out.Pending++
		case domain.KeyRequestApproved:
			out.Approved++
		case domain.KeyRequestRejected:
			out.Rejected++
		case domain.KeyRequestWithdrawn:
			out.Withdrawn++
		case domain.KeyRequestExpired:
			out.Expired++
		}
	}
	return out, err
}
