package verdict

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/lifecycle"
	"portico/internal/limits"
)

// Account is the owner of a key.
type Account struct {
	ID        uuid.UUID
	Suspended bool
}

// App is an app with its subscriptions. It is immutable.
type App struct {
	ID        uuid.UUID
	Reference uuid.UUID
	AccountID uuid.UUID
	// Subscriptions are the live ones; others do no harm.
	Subscriptions []Subscription
}

// Subscription is an app's subscription with a product.
type Subscription struct {
	ID        uuid.UUID
	ProductID uuid.UUID
	PlanID    uuid.UUID
	// Counter is what the plan's rate limit and quota are counted by, Account what
	// limits.InPeriod makes the counter of a quota of the whole account of.
	Counter uuid.UUID
	Account uuid.UUID
	Status  lifecycle.SubscriptionStatus
	// Narrowed: only calls of Endpoints pass, none if there are none.
	Narrowed  bool
	Endpoints []uuid.UUID
}

// Credential is a credential as the gate knows it. It is immutable.
type Credential struct {
	ID          uuid.UUID
	Username    uuid.UUID
	AppID       uuid.UUID // zero: a key of the whole account
	AccountID   uuid.UUID
	Hash        [32]byte
	Pepper      string // the id of the pepper that made Hash
	Status      lifecycle.CredentialStatus
	Environment domain.Environment
	// Listed: only the products of AccessList, none if there are none.
	Listed     bool
	AccessList []uuid.UUID
	Addresses  []netip.Prefix // where calls may come from; none: anywhere
	Rate       limits.Rate    // the key's own, beside its subscription's
	ExpiresAt  int64          // microseconds since 1970; 0: never
}

// Facts is all that is known about a key at one moment.
type Facts struct {
	Catalogue  *Catalogue
	Credential *Credential
	Account    *Account
	Apps       []*App // the key's app, or all of its account
}

// Question is one call.
type Question struct {
	Product   string // by name; "": the key is asked about, not a product, unless NeedsProduct
	App       string // the app's id or its reference id; "": none is named
	Method    string
	Path      string          // the request target as it came
	Address   netip.Addr      // of the caller; the zero Addr is inside no network
	Presented domain.AuthType // how the key was shown; "": not known, any way that the product takes
	Now       time.Time
	// NeedsProduct makes a call that names no product NOT_SUBSCRIBED. A token that
	// is bound to products always does.
	NeedsProduct bool

	// What the gateway's token is bound to.
	Environment domain.Environment // "": any
	Products    []uuid.UUID        // nil: all; empty: none
}

// Verdict is the answer and what was found out on the way; its pointers are
// into the Case. Code Valid from Decide means that only the limits are left to
// be asked. App, Subscription and Plan are set when it is one app that is meant,
// also in a refusal; Endpoint is zero when the call is for none.
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
