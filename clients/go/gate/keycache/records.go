// Package keycache keeps the facts about one organization that verdicts depend on:
// its catalogue, accounts, apps and credentials. It does not use a database;
// package gateway fills it and applies changes to it, and gateways that decide on
// their own do the same with the feed.
package keycache

import (
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/zone"
)

// Organization is the organization of a copy.
type Organization struct {
	ID   uuid.UUID `json:"id"`
	Slug string    `json:"slug"`
	// TimeZone is the time zone of quota periods.
	TimeZone zone.Zone `json:"timeZone"`
	// ImportedKeys: API keys that were made elsewhere are accepted.
	ImportedKeys bool `json:"importedKeys,omitempty"`
}

// Product is an API product with its plans and endpoints.
type Product struct {
	ID        uuid.UUID         `json:"id"`
	Name      string            `json:"name"`
	AuthTypes []access.AuthType `json:"authTypes"`
	// Keyless products need no API key. EnforceEndpoints: only listed endpoints pass.
	Keyless          bool `json:"keyless"`
	EnforceEndpoints bool `json:"enforceEndpoints"`
	// DeprecatesAt and RetiresAt are when it was or will be deprecated and retired; nil:
	// neither.
	DeprecatesAt *time.Time `json:"deprecatesAt,omitempty"`
	RetiresAt    *time.Time `json:"retiresAt,omitempty"`
	Plans        []Plan     `json:"plans"`
	Endpoints    []Endpoint `json:"endpoints"`
}

// Plan is what a subscription may use of a product; nil means no limit.
type Plan struct {
	ID        uuid.UUID         `json:"id"`
	Name      string            `json:"name"`
	RateLimit *access.RateLimit `json:"rateLimit"`
	Quota     *access.Quota     `json:"quota"`
	// QuotaPer says whether the quota counts the calls of an app or of an account; ""
	// means APP.
	QuotaPer access.QuotaPer `json:"quotaPer,omitempty"`
	// Overage says what becomes of calls beyond the quota; "" means REFUSE.
	Overage access.Overage `json:"overage,omitempty"`
	// EndpointLimits are those of single endpoints, for each app, besides.
	EndpointLimits []access.EndpointLimit `json:"endpointLimits,omitempty"`
	// CallsWithinCap is how many calls of an app the spending cap allows in a calendar month;
	// nil: any number. Each call counts as one, whatever its cost.
	CallsWithinCap *int64 `json:"callsWithinCap,omitempty"`
	// Revision is the number of the terms that these are, the newest.
	Revision int32 `json:"revision,omitempty"`
	// Revisions are the older terms by which some subscription goes, or is to go.
	Revisions []PlanRevision `json:"revisions,omitempty"`
}

// PlanRevision is the terms of a plan as they were with a revision; nil means no limit.
type PlanRevision struct {
	Revision  int32             `json:"revision"`
	RateLimit *access.RateLimit `json:"rateLimit"`
	Quota     *access.Quota     `json:"quota"`
	// QuotaPer is as that of a Plan.
	QuotaPer access.QuotaPer `json:"quotaPer,omitempty"`
	// Overage, EndpointLimits and CallsWithinCap are as those of a Plan.
	Overage        access.Overage         `json:"overage,omitempty"`
	EndpointLimits []access.EndpointLimit `json:"endpointLimits,omitempty"`
	CallsWithinCap *int64                 `json:"callsWithinCap,omitempty"`
}

// Newest returns the plan's own terms in the form of a revision.
func (p *Plan) Newest() PlanRevision {
	return PlanRevision{
		Revision: p.Revision, RateLimit: p.RateLimit, Quota: p.Quota, QuotaPer: p.QuotaPer,
		Overage: p.Overage, EndpointLimits: p.EndpointLimits, CallsWithinCap: p.CallsWithinCap,
	}
}

// Endpoint is a method and a path template.
type Endpoint struct {
	ID     uuid.UUID     `json:"id"`
	Method access.Method `json:"method"`
	Path   string        `json:"path"`
}

// Catalogue is what all credentials of an organization share. It is always sent
// whole.
type Catalogue struct {
	Organization Organization `json:"organization"`
	Products     []Product    `json:"products"`
}

// Account is an account's state; it owns apps and credentials.
type Account struct {
	ID     uuid.UUID            `json:"id"`
	Status access.AccountStatus `json:"status"`
}

// App is an app with its subscriptions, the newest for each product.
type App struct {
	ID            uuid.UUID      `json:"id"`
	AccountID     uuid.UUID      `json:"accountId"`
	ReferenceID   uuid.UUID      `json:"referenceId"`
	Subscriptions []Subscription `json:"subscriptions"`
}

// Subscription is an app's subscription to a product.
type Subscription struct {
	ID        uuid.UUID `json:"id"`
	ProductID uuid.UUID `json:"productId"`
	PlanID    uuid.UUID `json:"planId"`
	// PlanRevision is the revision by which it goes. 0, and one that the plan does not list:
	// by the plan's own terms.
	PlanRevision int32                     `json:"planRevision,omitempty"`
	Status       access.SubscriptionStatus `json:"status"`
	// EndpointIDs are the only endpoints it permits; nil if it is not narrowed.
	EndpointIDs *[]uuid.UUID `json:"endpointIds"`
	// QuotaUsed is what was used of the quota since QuotaStart, by all apps of the
	// account where the plan says so. Only the feed sets it; a Cache does not keep it.
	QuotaUsed  *int64     `json:"quotaUsed,omitempty"`
	QuotaStart *time.Time `json:"quotaStart,omitempty"`
	// Uses is what was used of the plan's further quotas, in the same way.
	Uses []Use `json:"uses,omitempty"`
}

// Use is what was used since Start of the quota that a plan has for an endpoint, or, if that
// is nil, of the calls that its spending cap allows.
type Use struct {
	EndpointID *uuid.UUID `json:"endpointId,omitempty"`
	Used       int64      `json:"used"`
	Start      time.Time  `json:"start"`
}

// Credential is a credential's state. Its hash and its pepper's id never leave the
// program.
type Credential struct {
	ID        uuid.UUID `json:"id"`
	Username  uuid.UUID `json:"username"`
	AccountID uuid.UUID `json:"accountId"`
	// AppID is nil for a credential of the whole account.
	AppID            *uuid.UUID              `json:"appId"`
	Status           access.CredentialStatus `json:"status"`
	Environment      access.Environment      `json:"environment"`
	Access           access.ProductAccess    `json:"access"`
	AccessList       []uuid.UUID             `json:"accessList"`
	AllowedAddresses []string                `json:"allowedAddresses"`
	RateLimit        *access.RateLimit       `json:"rateLimit"`
	ExpiresAt        *time.Time              `json:"expiresAt"`
	Hash             []byte                  `json:"-"`
	PepperID         string                  `json:"-"`
}

// Change is the present state of some objects of an organization, read after
// everything up to Position was committed. What is gone is listed by id.
type Change struct {
	Position        int64        `json:"position"`
	Catalogue       *Catalogue   `json:"catalogue,omitempty"`
	Accounts        []Account    `json:"accounts,omitempty"`
	Apps            []App        `json:"apps,omitempty"`
	Credentials     []Credential `json:"credentials,omitempty"`
	GoneAccounts    []uuid.UUID  `json:"goneAccounts,omitempty"`
	GoneApps        []uuid.UUID  `json:"goneApps,omitempty"`
	GoneCredentials []uuid.UUID  `json:"goneCredentials,omitempty"`
}
