package verdict

import (
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/objectid"
)

// standing is the state of an app's access to a product, in the order of the
// codes that report it. A credential of a whole account covers many apps; the
// best standing counts, as if each check left out the apps that fail it.
type standing uint8

const (
	noApp         standing = iota // no app matches
	notSubscribed                 // it has no subscription to the product
	waiting
	suspended
	approved // but not for this endpoint
	allowed
)

// findApps finds the apps that the call may be for and the best standing among
// them. If exactly one app has it, findApps stores the app in v.
func (d *evaluation) findApps(c *Facts, v *Verdict) {
	var best *App
	var subscription *Subscription
	named := parseAppName(d.q.App)
	if d.withoutProduct() && d.credential.AppID == uuid.Nil && !named.given {
		d.standing = allowed // only an account's credential is asked about: no app is needed
	}
	for _, app := range c.Apps {
		if !d.covers(app) || !named.matches(app) {
			continue
		}
		standing, s := d.standingOf(app)
		switch {
		case standing < d.standing:
		case standing > d.standing || d.apps == 0:
			d.standing, d.apps, best, subscription = standing, 1, app, s
		default:
			d.apps++
		}
		if d.product != nil && d.standing == allowed && d.apps > 1 {
			break // ambiguous, whatever the remaining apps are
		}
	}
	if d.apps == 1 {
		v.App, v.Subscription = best, subscription
		d.fill(c, v)
	}
}

// fill sets the plan and the endpoint that follow from v.Subscription.
func (d *evaluation) fill(c *Facts, v *Verdict) {
	if v.Subscription == nil {
		return
	}
	v.Plan = c.Catalogue.PlanOf(v.Subscription)
	if endpoint, ok := d.endpointFor(v.Subscription); ok {
		v.Endpoint = endpoint
	}
}

// withoutProduct reports whether only the credential is asked about, not a product.
func (d *evaluation) withoutProduct() bool {
	return d.q.Product == "" && !d.q.NeedsProduct && d.q.Products == nil
}

// covers reports whether the credential may be used for app.
func (d *evaluation) covers(app *App) bool {
	if d.credential.AppID != uuid.Nil {
		// Wherever the app belongs: while it goes to another account, the one may be
		// known to have gone before the other.
		return d.credential.AppID == app.ID
	}
	return app.AccountID == d.credential.AccountID
}

// standingOf returns an app's standing and the subscription that it follows
// from, nil if there is none.
func (d *evaluation) standingOf(app *App) (best standing, by *Subscription) {
	if d.withoutProduct() {
		return allowed, nil
	}
	best = notSubscribed
	for i := range app.Subscriptions {
		s := &app.Subscriptions[i]
		if d.product == nil || s.ProductID != d.product.ID {
			continue
		}
		if is := d.standingBy(s); is > best {
			best, by = is, s
		}
	}
	return best, by
}

func (d *evaluation) standingBy(s *Subscription) standing {
	if d.product.RetiredAt(d.q.Now) {
		return notSubscribed
	}
	switch s.Status {
	case access.SubscriptionWaiting:
		return waiting
	case access.SubscriptionSuspended:
		return suspended
	case access.SubscriptionApproved:
		if _, ok := d.endpointFor(s); ok || !s.Narrowed && !d.product.Enforced && !d.hidesLimit(s) {
			return allowed
		}
		return approved
	}
	return notSubscribed
}

// hidesLimit reports whether the plan limits endpoints and the call's path does not tell which
// endpoint it is for: a path that servers read in different ways must not evade the limit of the
// endpoint that it reaches.
func (d *evaluation) hidesLimit(s *Subscription) bool {
	if d.path != "" || d.product.Endpoints == nil {
		return false
	}
	return slices.ContainsFunc(d.product.Plans, func(p *Plan) bool { return p.ID == s.PlanID && len(p.termsOf(s).Endpoints) > 0 })
}

// endpointFor returns the call's endpoint and whether s includes it. It does not
// decide whether a call without an endpoint is allowed.
func (d *evaluation) endpointFor(s *Subscription) (uuid.UUID, bool) {
	if !s.Narrowed || !d.matched || slices.Contains(s.Endpoints, d.endpoint) {
		return d.endpoint, d.matched
	}
	// The subscription may include an equal template whose parameters have other names.
	return d.product.Endpoints.MatchAmong(d.q.Method, d.path, s.Endpoints)
}

// appName is the app that a call names.
type appName struct {
	given     bool // whether the call names an app
	id        uuid.UUID
	reference bool // id is the reference id
}

// referenceLength is the length of a UUID in its usual text form.
const referenceLength = 36

// parseAppName parses an app's id or its reference id. Text that is neither results
// in a name that matches no app.
func parseAppName(text string) appName {
	if text == "" {
		return appName{}
	}
	if len(text) == referenceLength {
		if id, err := uuid.Parse(text); err == nil {
			return appName{given: true, id: id, reference: true}
		}
	}
	id, _ := objectid.Decode(objectid.App, text)
	return appName{given: true, id: id}
}

func (n appName) matches(app *App) bool {
	switch {
	case !n.given:
		return true
	case n.id == uuid.Nil:
		return false
	case n.reference:
		return app.Reference == n.id
	}
	return app.ID == n.id
}
