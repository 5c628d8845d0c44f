package seed

import (
	"time"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/lifecycle"
)

// The types of this file describe the data in the tables of the organizations.
// Products and plans are identified by their names; zero values mean the
// defaults noted beside the fields.

type organization struct {
	slug, name       string
	website, support string
	zone, currency   string
	staff            person
	products         []product
	accounts         []account
}

func organizations() []organization { return []organization{demo(), second()} }

type person struct{ name, email string }

type account struct {
	name    string
	profile domain.Profile
	// developer owns the account; nil means that nobody signs in for it.
	developer *person
	// credentials are those of the whole account.
	credentials []credential
	apps        []app
	// suspended is why the account was finally suspended; empty if it was not.
	suspended string
}

type product struct {
	name, title, description, version string
	approval                          domain.Approval // Manual
	// draft means that it was never published, finally is the status that a
	// published one was brought to at last; empty if it remains PUBLISHED.
	draft   bool
	finally domain.ProductStatus
	// keyless means that calls need no credential, enforced that only calls of
	// the endpoints pass.
	keyless, enforced bool
	endpoints         []endpoint
	plans             []plan
}

// endpoint is one of a product's operations.
type endpoint struct {
	method            access.Method
	path, description string
}

func get(path, description string) endpoint {
	return endpoint{access.MethodGet, path, description}
}

func post(path, description string) endpoint {
	return endpoint{access.MethodPost, path, description}
}

// listed reports whether the product is in every developer's catalogue.
func (p product) listed() bool {
	return !p.draft && p.finally != domain.Retired
}

type plan struct {
	name     string
	kind     domain.PlanKind
	rate     *access.RateLimit
	quota    *access.Quota
	quotaPer access.QuotaPer // APP
	price    *domain.Price
	approval domain.Approval // the product's
}

type app struct {
	name, description string
	labels            []domain.Label
	credentials       []credential
	subscriptions     []subscription
	// calls is the approximate number of calls on a busy day.
	calls int
}

type credential struct {
	name        string
	environment access.Environment // Development
	// only are the products that the credential reaches; nil means all.
	only []string
	// addresses are the networks that it may be used from, and rate is its own
	// limit; its owner sets them a step after it was created.
	addresses []string
	rate      *access.RateLimit
	// life is the lifetime of the credential; 0 means unlimited.
	life time.Duration
	// expired means that it expired soon after it was created.
	expired bool
	// actions are what happened to it, in this order; reason and note say why it
	// was revoked.
	actions []lifecycle.CredentialAction
	reason  domain.RevocationReason
	note    string
}

type subscription struct {
	product, plan string
	// endpoints are those it is narrowed to, such as "GET /orders/{id}"; nil
	// means all of the product.
	endpoints []string
	// actions are what happened to it, in this order, and reason is why it was
	// refused, suspended or ended.
	actions []lifecycle.SubscriptionAction
	reason  string
}

// actions lists what happened to a subscription.
func actions(all ...lifecycle.SubscriptionAction) []lifecycle.SubscriptionAction { return all }

func perSecond(n int) *access.RateLimit {
	return &access.RateLimit{Limit: n, Per: access.PerSecond, Burst: 2 * n}
}

func perMinute(n int) *access.RateLimit {
	return &access.RateLimit{Limit: n, Per: access.PerMinute, Burst: n}
}

func aDay(n int) *access.Quota   { return &access.Quota{Limit: n, Per: access.PerDay} }
func aWeek(n int) *access.Quota  { return &access.Quota{Limit: n, Per: access.PerWeek} }
func aMonth(n int) *access.Quota { return &access.Quota{Limit: n, Per: access.PerMonth} }

// monthly returns a price per month in the organization's currency.
func monthly(amount string) *domain.Price { return &domain.Price{Amount: amount} }

// perThousand returns a price per thousand calls.
func perThousand(amount string) *domain.Price { return &domain.Price{Amount: amount, Unit: 1000} }
