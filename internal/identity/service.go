// Package identity owns the people and machines that Portico knows, and what
// they belong to: organizations and their policies, accounts and their members,
// users and their sign-in, service tokens. It does not own what accounts
// own: EndAccount is called for that.
package identity

import (
	"context"
	"log/slog"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/domain"
	"portico/internal/entity"
)

// Options configures a Service. All fields but CanMail, SwitchedOff, Development, Log and
// SignInFailed are required.
type Options struct {
	Client    *db.Client
	Changes   *change.Runner
	Entities  entity.Reader
	Clock     clock.Clock
	Passwords Passwords
	Limiter   Limiter
	Tokens    Tokens
	Devices   Devices
	Totp      Totp
	Links     Links
	Machines  Machines
	// CanMail is true if letters can be sent.
	CanMail bool
	// SwitchedOff reports whether the organization of a change sends no letters of a kind;
	// nil: it sends all.
	SwitchedOff func(ctx context.Context, tx *change.Tx, kind domain.MailKind) (bool, error)
	// Development permits demo users, whose password is public, to sign in.
	Development bool
	// Log receives failed sign-ins; nil for slog.Default.
	Log *slog.Logger
	// SignInFailed is called for each failed sign-in, for metrics.
	SignInFailed func(SignInFailure)
	// EndAccount ends what belongs to an account that is being deleted, within
	// its change.
	EndAccount func(ctx context.Context, tx *change.Tx, a *db.Account, reason string) error
}

// Service implements the operations on organizations, accounts, users and
// service tokens. It is safe for concurrent use.
type Service struct {
	client      *db.Client
	changes     *change.Runner
	entities    entity.Reader
	clock       clock.Clock
	passwords   Passwords
	limiter     Limiter
	tokens      Tokens
	devices     Devices
	machines    Machines
	totp        Totp
	links       Links
	canMail     bool
	switchedOff func(ctx context.Context, tx *change.Tx, kind domain.MailKind) (bool, error)
	resets      *resets
	failures    *failures
	// development permits demo users to sign in.
	development bool
	endAccount  func(ctx context.Context, tx *change.Tx, a *db.Account, reason string) error
}

// New returns a Service.
func New(o Options) *Service {
	return &Service{
		client: o.Client, changes: o.Changes, entities: o.Entities, clock: o.Clock,
		passwords: o.Passwords, limiter: o.Limiter, tokens: o.Tokens, devices: o.Devices, machines: o.Machines, totp: o.Totp,
		links: o.Links, canMail: o.CanMail, switchedOff: o.SwitchedOff, resets: newResets(o.Log),
		failures: newFailures(o), development: o.Development, endAccount: o.EndAccount,
	}
}
