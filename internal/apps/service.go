// Package apps owns apps, their credentials and their subscriptions: their whole
// life, and what ends with them. It does not own the products that apps
// subscribe to (package catalog) nor the accounts that apps belong to (package
// identity); it is told when one of these ends, by EndProduct and EndAccount.
package apps

import (
	"context"

	"portico/ent/db"
	"portico/internal/apikey"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/entity"
	"portico/internal/fault"
	"portico/internal/input"
)

// Options configures a Service. All fields but Mint are required, and Leaks where nobody
// reports keys.
type Options struct {
	Client   *db.Client
	Changes  *change.Runner
	Entities entity.Reader
	Clock    clock.Clock
	Peppers  Peppers
	Leaks    LeakLimiter
	// LeakCounted is called for each report of a leaked key, for metrics; nil for nothing.
	LeakCounted func(LeakSource, LeakOutcome)
	// Mint creates API keys; nil for apikey.Mint.
	Mint func(prefix string) (apikey.Secret, error)
}

// Service implements the operations on apps, credentials and subscriptions. It is
// safe for concurrent use.
type Service struct {
	client   *db.Client
	changes  *change.Runner
	entities entity.Reader
	clock    clock.Clock
	peppers  Peppers
	leaks    leaks
	mint     func(prefix string) (apikey.Secret, error)
}

// New returns a Service.
func New(o Options) *Service {
	if o.Mint == nil {
		o.Mint = apikey.Mint
	}
	return &Service{client: o.Client, changes: o.Changes, entities: o.Entities, clock: o.Clock, peppers: o.Peppers, leaks: leaks{o.Leaks, make(chan struct{}, 1), o.LeakCounted}, mint: o.Mint}
}

// Peppers provides the secrets with which API keys are hashed; they are stored
// outside the database.
type Peppers interface {
	// Pepper returns the pepper for new credentials, and its id.
	Pepper() (id string, secret []byte)
	// PepperIDs returns the ids of all peppers, the newest first.
	PepperIDs() []string
	// PepperByID returns a pepper that existing credentials may use.
	PepperByID(id string) (secret []byte, ok bool)
}

// newRequest checks the idempotency key, which may be nil, and returns the
// request to make once under it.
func newRequest(ctx context.Context, mutation string, key *string, values any) (change.Request, error) {
	if key != nil {
		if err := fault.Collect(input.CheckName("idempotencyKey", *key)); err != nil {
			return change.Request{}, err
		}
	}
	return change.NewRequest(ctx, mutation, key, values)
}
