package policy

import (
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/lifecycle"
	"portico/internal/viewer"
)

// Name returns the name of r's action.
func (r Request) Name() string { return string(r.action) }

// DecideGranted is Decide for a role to which the action is granted.
func DecideGranted(v viewer.Viewer, r Request) Decision { return decideGranted(v, r) }

// Variations returns copies of r in each of which one fact that r's constructor
// left zero has a value. The owner is no such fact: a zero account is a value,
// and means that the organization owns the object.
func (r Request) Variations() []Request {
	var out []Request
	vary := func(zero bool, set func(*Request)) {
		if zero {
			c := r
			set(&c)
			out = append(out, c)
		}
	}
	for _, e := range []access.Environment{access.Development, access.Staging, access.Production} {
		vary(r.environment == "", func(c *Request) { c.environment = e })
	}
	for _, s := range lifecycle.CredentialStatuses() {
		vary(r.credential == "", func(c *Request) { c.credential = s })
	}
	for _, s := range lifecycle.SubscriptionStatuses() {
		vary(r.subscription == "", func(c *Request) { c.subscription = s })
	}
	for _, s := range []access.AccountStatus{access.AccountActive, access.AccountSuspended} {
		vary(r.account == "", func(c *Request) { c.account = s })
	}
	for _, s := range []domain.ProductStatus{domain.Draft, domain.Published, domain.Deprecated, domain.Retired} {
		vary(r.product == "", func(c *Request) { c.product = s })
	}
	for _, id := range []uuid.UUID{uuid.Max, uuid.MustParse("33333333-3333-4333-8333-333333333333")} {
		vary(r.userID == uuid.Nil, func(c *Request) { c.userID = id })
	}
	for _, id := range []uuid.UUID{uuid.Max, uuid.MustParse("33333333-3333-4333-8333-333333333333")} {
		vary(r.otherSideID == uuid.Nil && r.accountID != uuid.Nil, func(c *Request) { c.otherSideID = id })
	}
	// Only constructors that take a credential's status take who has disabled it.
	vary(r.credentialAction == "", func(c *Request) { c.disabledByOwner = true })
	vary(r.action != credentialRotate, func(c *Request) { c.beingRotated = true })
	vary(r.action != memberChangeRole && r.action != memberRemove, func(c *Request) { c.lastOwner = true })
	return out
}
