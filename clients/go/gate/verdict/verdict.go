package verdict

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

// Account is the owner of a credential.
type Account struct {
	ID        uuid.UUID
	Suspended bool
}

// App is an app with its subscriptions. It is immutable.
type App struct {
	ID        uuid.UUID
	Reference uuid.UUID
	AccountID uuid.UUID
	// Subscriptions contains the live ones; others are ignored.
	Subscriptions []Subscription
}

// Subscription is an app's use of a product by a plan.
type Subscription struct {
	ID        uuid.UUID
	ProductID uuid.UUID
	PlanID    uuid.UUID
	// AppCounter is the counter of the plan's rate limit and quota. AccountCounter
	// is the argument of limits.InPeriod for the counter of a quota of the whole
	// account.
	AppCounter     uuid.UUID
	AccountCounter uuid.UUID
	Status         access.SubscriptionStatus
	// Revision is that of the plan by which it goes; see Catalogue.PlanOf.
	Revision int32
	// Narrowed limits the subscription to calls of Endpoints; with no Endpoints
	// no call passes.
	Narrowed  bool
	Endpoints []uuid.UUID
}

// Credential is what a verdict needs to know of a credential. It is immutable.
type Credential struct {
	ID          uuid.UUID
	Username    uuid.UUID
	AppID       uuid.UUID // zero: a credential of the whole account
	AccountID   uuid.UUID
	Hash        [32]byte
	Pepper      string // the id of the pepper that Hash was computed with
	Status      access.CredentialStatus
	Environment access.Environment
	// Listed limits the credential to the products of AccessList; with an empty
	// AccessList it reaches none.
	Listed     bool
	AccessList []uuid.UUID
	Addresses  []netip.Prefix // the networks that calls may come from; empty: any
	Rate       limits.Rate    // the credential's own, besides its subscription's
	ExpiresAt  int64          // microseconds since 1970; 0: never
}

// Facts is everything that a verdict follows from, at one moment.
type Facts struct {
	Catalogue  *Catalogue
	Credential *Credential
	Account    *Account
	Apps       []*App // the credential's app, or all apps of its account
}

// Question is one call to decide about.
type Question struct {
	Product   string // by name; "": only the credential is asked about, unless NeedsProduct
	App       string // the app's id or its reference id; "": none is named
	Method    string
	Path      string          // the request target as received
	Address   netip.Addr      // of the caller; the zero Addr is in no network
	Presented access.AuthType // how the API key was presented; "": unknown, any way that the product accepts
	Now       time.Time
	// NeedsProduct refuses a call that names no product with NOT_SUBSCRIBED. With
	// a token that is restricted to products that is always so.
	NeedsProduct bool

	// The restrictions of the gateway's token.
	Environment access.Environment // "": every environment
	Products    access.ProductScope
}

// Verdict is the answer about a call and the objects that it concerns; its
// pointers are those of the Facts. Code Valid from Decide means that only the
// limits remain to be checked. App, Subscription and Plan are set if the call is
// for exactly one app, also in a refusal; Endpoint is zero if the call matches none.
type Verdict struct {
	Code         Code
	Credential   *Credential
	Account      *Account
	App          *App
	Product      *Product
	Plan         *Plan
	Subscription *Subscription
	Endpoint     uuid.UUID
	Limits       limits.Answer
}
