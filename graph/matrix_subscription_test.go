package graph_test

import (
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/usage"
)

// ProductSubscription is what the matrix knows of subscriptions.
func (nouns) ProductSubscription() noun {
	return noun{
		prefix: "sub", list: sorted{list: "subscriptions"}, fields: subscriptionFields(),
		values: map[string]any{"ProductSubscriptionPermissions": apps.SubscriptionPermissions{}, "QuotaUse": apps.QuotaUse{}, "EndpointQuotaUse": apps.EndpointQuotaUse{}, "SpendingUse": apps.SpendingUse{}, "PendingPlanChange": apps.PendingChange{}},
		questions: map[string]question{
			"ProductSubscription":            of("ProductSubscription", "waiting", ""),
			"ProductSubscription: approved":  of("ProductSubscription", "approved", ""),
			"PendingPlanChange":              of("ProductSubscription", "approved", "pendingChange"),
			"ProductSubscriptionPermissions": of("ProductSubscription", "waiting", "viewerCan"),
			"ProductSubscriptionConnection":  of("App", "app", "productSubscriptions"),
			"ProductSubscriptionEdge":        of("App", "app", "productSubscriptions.edges"),

			"Query.productSubscription":            root("productSubscription", "waiting"),
			"Query.productSubscriptions":           rootList("productSubscriptions(first: 100)", "waiting"),
			"ProductSubscriptionFilter.accountIds": narrowed("productSubscriptions", "accountIds", "waiting"),
		},
		plays: subscriptionPlays(),
		tables: map[string]table{"subscriptions": {
			client: func(c *db.Client) any { return c.Subscription }, column: "id", value: specimen("approved"),
			adds: func(c *db.Client) adding {
				return added(c.Subscription.Create, c.Subscription.CreateBulk, func(x *db.SubscriptionCreate, o owner) {
					x.SetOrganizationID(o.organization).SetAccountID(o.account).SetAppID(o.app).SetProductID(o.product).SetPlanID(o.plan).
						SetStatus(access.SubscriptionRejected).SetNewest(false)
				})
			},
			policy: &subscription.Policy, types: []string{"ProductSubscription"},
		}},
		targets: map[string]string{
			"register": "appId", "withdraw": "subscriptionId", "unregister": "subscriptionId", "approveSubscription": "subscriptionId",
			"rejectSubscription": "subscriptionId", "suspendSubscription": "subscriptionId", "resumeSubscription": "subscriptionId",
			"updateSubscriptionEndpoints": "subscriptionId",
			"changePlan":                  "subscriptionId", "approvePlanChange": "subscriptionId", "rejectPlanChange": "subscriptionId", "cancelPlanChange": "subscriptionId",
		},
		samples: map[string]string{"subscriptionId": "waiting"},
		nothing: map[string]string{
			"the only one": "RegisterInput.planId",
			"not narrowed": "RegisterInput.endpointIds UpdateSubscriptionEndpointsInput.endpointIds",
			"none":         "RegisterInput.idempotencyKey",
			"none said": `WithdrawInput.reason UnregisterInput.reason ApproveSubscriptionInput.reason SuspendSubscriptionInput.reason
				ResumeSubscriptionInput.reason ChangePlanInput.reason ApprovePlanChangeInput.reason CancelPlanChangeInput.reason`,
		},
	}
}

func subscriptionPlays() map[string]play {
	out := map[string]play{
		"Mutation.register": {target: "appId", event: "SUBSCRIPTION_REGISTERED", input: func(w *world, _ string) arguments {
			return registering(w, w.freshApp(), "product")
		}},
		"Mutation.withdraw":             on("subscriptionId", "SUBSCRIPTION_WITHDRAWN", (*world).waiting),
		"Mutation.unregister":           on("subscriptionId", "SUBSCRIPTION_UNREGISTERED", (*world).waiting),
		"Mutation: approved.unregister": on("subscriptionId", "SUBSCRIPTION_UNREGISTERED", (*world).approved),
		"Mutation.approveSubscription":  on("subscriptionId", "SUBSCRIPTION_APPROVED", (*world).waiting),
		"Mutation.rejectSubscription":   on("subscriptionId", "SUBSCRIPTION_REJECTED", (*world).waiting).with(arguments{"reason": "No."}),
		"Mutation.suspendSubscription":  on("subscriptionId", "SUBSCRIPTION_SUSPENDED", (*world).approved),
		"Mutation.resumeSubscription":   on("subscriptionId", "SUBSCRIPTION_RESUMED", (*world).suspended),

		"Mutation.changePlan": {target: "subscriptionId", event: "SUBSCRIPTION_PLAN_CHANGED", input: func(w *world, _ string) arguments {
			subscription, product := w.changeable()
			return arguments{"subscriptionId": subscription, "planId": w.planOf(product, "AUTO")}
		}},
		"Mutation.approvePlanChange": on("subscriptionId", "SUBSCRIPTION_PLAN_CHANGED", (*world).planRequested),
		"Mutation.rejectPlanChange":  on("subscriptionId", "SUBSCRIPTION_PLAN_CHANGE_REJECTED", (*world).planRequested).with(arguments{"reason": "No."}),
		"Mutation.cancelPlanChange":  on("subscriptionId", "SUBSCRIPTION_PLAN_CHANGE_CANCELLED", (*world).planRequested),

		"Mutation.updateSubscriptionEndpoints":           narrowing((*world).waiting, "endpoint of the product"),
		"Mutation: approved.updateSubscriptionEndpoints": narrowing((*world).approved, "endpoint of the product"),

		"Mutation: another product's endpoint.register": {target: "endpointIds", event: "SUBSCRIPTION_REGISTERED", input: func(w *world, who string) arguments {
			in := registering(w, w.ownApp(who), "product")
			if who == "foreign" {
				in["productId"], in["planId"] = w.ids["foreign product"], nil
			}
			in["endpointIds"] = []string{w.ids["endpoint of the private product"]}
			return in
		}},
	}
	// On one's own app, with a product that only the developer, or only staff, may
	// see.
	for _, product := range []string{"private product", "draft product"} {
		out["Mutation: a "+product+".register"] = play{target: "productId", event: "SUBSCRIPTION_REGISTERED", input: func(w *world, who string) arguments {
			return registering(w, w.ownApp(who), product)
		}}
	}
	return out
}

// narrowing is a play on a subscription with the public product.
func narrowing(fresh func(*world) string, to string) play {
	return play{target: "subscriptionId", event: "SUBSCRIPTION_NARROWED", input: func(w *world, _ string) arguments {
		return arguments{"subscriptionId": fresh(w), "endpointIds": []string{w.ids[to]}}
	}}
}

func registering(w *world, app, product string) arguments {
	return arguments{"appId": app, "productId": w.ids[product], "planId": w.ids["plan of the "+product]}
}

func (w *world) waiting() string {
	return w.make("developer", "register", arguments{"appId": w.freshApp(), "productId": w.ids["product"]}, "productSubscription")
}

func (w *world) approved() string {
	return w.make("admin", "approveSubscription", arguments{"subscriptionId": w.waiting()}, "productSubscription")
}

// changeable returns an approved subscription of the developer to a new product, which the
// approver decides about, and the product.
func (w *world) changeable() (subscription, product string) {
	product = w.approvedProduct()
	plan := w.planOf(product, "MANUAL")
	w.make("admin", "updateProduct", arguments{"productId": product, "status": "PUBLISHED"}, "product")
	waiting := w.make("developer", "register", arguments{"appId": w.freshApp(), "productId": product, "planId": plan}, "productSubscription")
	return w.make("admin", "approveSubscription", arguments{"subscriptionId": waiting}, "productSubscription"), product
}

func (w *world) planOf(product, approval string) string {
	return w.make("admin", "createPlan", arguments{"productId": product, "name": w.name("plan"), "approval": approval}, "plan")
}

// planRequested returns a subscription whose change of plan waits for a decision.
func (w *world) planRequested() string {
	subscription, product := w.changeable()
	return w.make("developer", "changePlan", arguments{"subscriptionId": subscription, "planId": w.planOf(product, "MANUAL"), "when": "NOW"}, "productSubscription")
}

func (w *world) suspended() string {
	return w.make("admin", "suspendSubscription", arguments{"subscriptionId": w.approved()}, "productSubscription")
}

// subscriptionFields are how the reference resolves fields of subscriptions.
func subscriptionFields() map[string]resolver {
	return map[string]resolver{
		"Query.productSubscription":   objectBy(nodeid.ProductSubscription),
		"Query.productSubscriptions":  listOf(nodeid.ProductSubscription, fieldRequest.subscriptionListed),
		"ProductSubscription.app":     objectIn(nodeid.App, "AppID"),
		"ProductSubscription.account": objectIn(nodeid.Account, "AccountID"),
		"ProductSubscription.product": objectIn(nodeid.Product, "ProductID"),
		"ProductSubscription.plan":    objectIn(nodeid.Plan, "PlanID"),
		"ProductSubscription.planRevision": func(q fieldRequest) (any, error) {
			return q.rows.byID(nodeid.PlanRevision, *q.parent.(*db.Subscription).PlanRevisionID)
		},
		"PendingPlanChange.planRevision": func(q fieldRequest) (any, error) {
			return q.rows.byID(nodeid.PlanRevision, *q.parent.(*apps.PendingChange).PlanRevisionID)
		},
		"ProductSubscription.narrowed": valueOf(func(s *db.Subscription) any { return s.EndpointIds != nil }),
		"ProductSubscription.badgeColor": valueOf(func(s *db.Subscription) any {
			return map[access.SubscriptionStatus]string{
				access.SubscriptionWaiting: "YELLOW", access.SubscriptionApproved: "GREEN", access.SubscriptionRejected: "RED",
				access.SubscriptionSuspended: "ORANGE", access.SubscriptionEnded: "GRAY",
			}[s.Status]
		}),
		"ProductSubscription.requestedBy": func(q fieldRequest) (any, error) { return q.person(q.parent.(*db.Subscription).RequestedBy) },
		"ProductSubscription.decidedBy":   func(q fieldRequest) (any, error) { return q.person(q.parent.(*db.Subscription).DecidedBy) },
		"ProductSubscription.pendingChange": func(q fieldRequest) (any, error) {
			if s := q.parent.(*db.Subscription); s.PendingPlanID != nil && s.Status == access.SubscriptionApproved {
				return &apps.PendingChange{
					PlanID: *s.PendingPlanID, PlanRevisionID: s.PendingPlanRevisionID, Status: *s.PendingStatus, When: *s.PendingWhen, EffectiveAt: s.PendingEffectiveAt,
					RequestedAt: *s.PendingRequestedAt, RequestedBy: s.PendingRequestedBy, Reason: s.PendingReason,
				}, nil
			}
			return nil, nil
		},
		"PendingPlanChange.plan":             objectIn(nodeid.Plan, "PlanID"),
		"PendingPlanChange.requestedBy":      func(q fieldRequest) (any, error) { return q.person(q.parent.(*apps.PendingChange).RequestedBy) },
		"ProductSubscription.quota":          func(q fieldRequest) (any, error) { return q.quotaUse(q.parent.(*db.Subscription)) },
		"ProductSubscription.endpointQuotas": func(q fieldRequest) (any, error) { return q.endpointQuotas(q.parent.(*db.Subscription)) },
		"ProductSubscription.spending":       func(q fieldRequest) (any, error) { return q.spending(q.parent.(*db.Subscription)) },
		"EndpointQuotaUse.endpoint":          objectIn(nodeid.Endpoint, "EndpointID"),
		"ProductSubscription.handOffUrl": func(q fieldRequest) (any, error) {
			s := q.parent.(*db.Subscription)
			p, err := q.rows.byID(nodeid.Product, s.ProductID)
			if err != nil || s.Status != access.SubscriptionWaiting || p.(*db.Product).HandOffURL == "" {
				return nil, err
			}
			return p.(*db.Product).HandOffURL + "?subscription=" + s.GlobalID(), nil
		},
		"ProductSubscription.callsLast24h": callsLast24h(usage.BySubscription),
		"ProductSubscription.allowedTransitions": decidedFor(func(q fieldRequest, s *db.Subscription) any {
			return q.w.Portal.Apps.Transitions(q.ctx, s)
		}),
		"ProductSubscription.viewerCan": decidedFor(func(q fieldRequest, s *db.Subscription) any {
			return q.w.Portal.Apps.SubscriptionPermissions(q.ctx, s)
		}),
		"ProductSubscription.timeline": ownTimeline(),
	}
}

func (q fieldRequest) subscriptionMatches(s *db.Subscription) bool {
	where := q.object("where")
	return (s.Newest || where["history"] == true) && where.among("status", string(s.Status))
}

// foundBy applies the filters by the app and the product.
func (q fieldRequest) foundBy(where parameters, s *db.Subscription) bool {
	a, err := q.rows.byID(nodeid.App, s.AppID)
	p, err2 := q.rows.byID(nodeid.Product, s.ProductID)
	var ofApp, ofProduct []string
	var labels []domain.Label
	if a, _ := a.(*db.App); a != nil {
		ofApp, labels = []string{a.NameFolded, a.ReferenceID.String()}, a.Labels
	}
	if p, _ := p.(*db.Product); p != nil {
		ofProduct = []string{p.TitleFolded, p.Name}
	}
	return err == nil && err2 == nil && where.searched(append(ofApp, ofProduct...)...) && where.labelled(labels) &&
		where.before("createdBefore", &s.CreatedAt) && where.since("createdAfter", s.CreatedAt) && where.amongIDs("planIds", nodeid.Plan, s.PlanID)
}

// planChangeMatches applies the filter by the state of a change of plan.
func planChangeMatches(where parameters, s *db.Subscription) bool {
	status := "" // which is none
	if s.Status == access.SubscriptionApproved && s.PendingStatus != nil {
		status = string(*s.PendingStatus)
	}
	return where.among("planChange", status)
}

// quotaUse returns how much of a subscription's quota is used; nil if its plan has
// none.
func (r *reference) quotaUse(s *db.Subscription) (any, error) {
	row, err := r.rows.byID(nodeid.Plan, s.PlanID)
	if err != nil {
		return nil, err
	}
	p, _ := row.(*db.Plan)
	if p == nil || p.Quota == nil {
		return nil, nil
	}
	location, err := time.LoadLocation(r.who.TimeZone)
	if err != nil {
		return nil, err
	}
	counter := limits.ByApp(s.AppID, s.ProductID)
	if p.QuotaPer == access.QuotaPerAccount {
		counter = limits.ByAccount(s.AccountID, s.ProductID, p.Quota.Per)
	}
	return r.useOf(counter, p.Quota, location)
}

// useOf returns what is used of a quota by a counter.
func (r *reference) useOf(counter uuid.UUID, quota *access.Quota, in *time.Location) (*apps.QuotaUse, error) {
	used, err := r.w.calls.intake.QuotasUsed(r.ctx, []uuid.UUID{counter}, r.w.Clock.Now())
	start, end := limits.QuotaOf(quota).Period(r.w.Clock.Now(), in)
	out := &apps.QuotaUse{Limit: int64(quota.Limit), ResetsAt: end}
	for _, u := range used[counter] {
		if u.PeriodStart.Equal(start) {
			out.Used = u.N
		}
	}
	out.Remaining = max(0, out.Limit-out.Used)
	return out, err
}

// endpointQuotas returns what is used of the quotas of single endpoints.
func (r *reference) endpointQuotas(s *db.Subscription) (any, error) {
	out := []*apps.EndpointQuotaUse{}
	row, err := r.rows.byID(nodeid.Plan, s.PlanID)
	p, _ := row.(*db.Plan)
	if err != nil || p == nil {
		return out, err
	}
	location, err := time.LoadLocation(r.who.TimeZone)
	if err != nil {
		return nil, err
	}
	for _, l := range p.EndpointLimits {
		use, err := r.useOf(limits.ByEndpoint(limits.ByApp(s.AppID, s.ProductID), l.EndpointID), l.Quota, location)
		if err != nil {
			return nil, err
		}
		out = append(out, &apps.EndpointQuotaUse{EndpointID: l.EndpointID, QuotaUse: *use})
	}
	return out, nil
}

// spending returns what is used of a spending cap. Nothing is, in this world.
func (r *reference) spending(s *db.Subscription) (any, error) {
	row, err := r.rows.byID(nodeid.Plan, s.PlanID)
	p, _ := row.(*db.Plan)
	if err != nil || p == nil || p.CallsWithinCap == nil {
		return nil, err
	}
	location, err := time.LoadLocation(r.who.TimeZone)
	if err != nil {
		return nil, err
	}
	use, err := r.useOf(limits.BySpending(limits.ByApp(s.AppID, s.ProductID)), &access.Quota{Limit: int(*p.CallsWithinCap), Per: access.PerMonth}, location)
	return &apps.SpendingUse{SpendingCap: *p.SpendingCap, Currency: p.Price.Currency, Amount: "0.00", QuotaUse: *use}, err
}
