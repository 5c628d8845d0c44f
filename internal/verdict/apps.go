package verdict

import (
	"slices"

	"github.com/google/uuid"

	"portico/internal/lifecycle"
	"portico/internal/nodeid"
)

// standing is how far an app gets on the way to the product, in the order of
// the codes that tell of it. A key of a whole account has many apps; that of the
// best one counts, as if each check left out the apps that fail it.
type standing uint8

const (
	absent       standing = iota // no app is meant
	unregistered                 // it is not registered with the product
	waiting
	suspended
	approved // but not for this endpoint
	allowed
)

// findApps finds the apps that may be meant and how the best of them stands. If
// it is one alone, v tells of it.
func (d *evaluation) findApps(c *Facts, v *Verdict) {
	var best *App
	var subscription *Subscription
	named := appNamed(d.q.App)
	if d.withoutProduct() && d.credential.AppID == uuid.Nil && !named.any {
		d.standing = allowed // an account's key alone is asked about: no app is needed
	}
	for _, app := range c.Apps {
		if !d.covers(app) || !named.means(app) {
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
			break // it is ambiguous, whatever follows
		}
	}
	if d.apps == 1 {
		v.App, v.Subscription = best, subscription
		d.fill(c, v)
	}
}

// fill writes down what follows from the subscription that was found.
func (d *evaluation) fill(c *Facts, v *Verdict) {
	if v.Subscription == nil {
		return
	}
	v.Plan = c.Catalogue.Plan(v.Subscription.PlanID)
	if endpoint, ok := d.endpointFor(v.Subscription); ok {
		v.Endpoint = endpoint
	}
}

// withoutProduct reports whether the key is asked about, and no product.
func (d *evaluation) withoutProduct() bool {
	return d.q.Product == "" && !d.q.NeedsProduct && d.q.Products == nil
}

// covers reports whether the key speaks for an app.
func (d *evaluation) covers(app *App) bool {
	return app.AccountID == d.credential.AccountID && (d.credential.AppID == uuid.Nil || d.credential.AppID == app.ID)
}

// standingOf returns how an app stands, and by which subscription.
func (d *evaluation) standingOf(app *App) (best standing, by *Subscription) {
	if d.withoutProduct() {
		return allowed, nil
	}
	best = unregistered
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
	switch s.Status {
	case lifecycle.Waiting:
		return waiting
	case lifecycle.Suspended:
		return suspended
	case lifecycle.Approved:
		if _, ok := d.endpointFor(s); ok || !s.Narrowed && !d.product.Enforced {
			return allowed
		}
		return approved
	}
	return unregistered
}

// endpointFor returns the call's endpoint if the subscription reaches it. What is
// reached without an endpoint is not asked here.
func (d *evaluation) endpointFor(s *Subscription) (uuid.UUID, bool) {
	if !s.Narrowed || !d.matched || slices.Contains(s.Endpoints, d.endpoint) {
		return d.endpoint, d.matched
	}
	// It may reach an equal template under another name.
	return d.product.Endpoints.MatchAmong(d.q.Method, d.path, s.Endpoints)
}

// name is how a call names an app.
type name struct {
	any       bool // it names one
	id        uuid.UUID
	reference bool // id is the reference id
}

// referenceLength is that of a UUID as people write it.
const referenceLength = 36

// appNamed reads an app's id or its reference id. What is neither names an app
// that nobody has.
func appNamed(text string) name {
	if text == "" {
		return name{}
	}
	if len(text) == referenceLength {
		if id, err := uuid.Parse(text); err == nil {
			return name{any: true, id: id, reference: true}
		}
	}
	id, _ := nodeid.Decode(nodeid.App, text)
	return name{any: true, id: id}
}

func (n name) means(app *App) bool {
	switch {
	case !n.any:
		return true
	case n.id == uuid.Nil:
		return false
	case n.reference:
		return app.Reference == n.id
	}
	return app.ID == n.id
}
