// Package viewer is who asks. A Viewer is made once for a request (or for a
// background job, or a command) and travels in its context; the policy, the
// privacy rules and the event log all read it there.
package viewer

import (
	"context"

	"github.com/google/uuid"

	"portico/internal/address"
	"portico/internal/domain"
)

// Role is what somebody is to an organization.
type Role string

const (
	// Anonymous: nobody has signed in.
	Anonymous Role = ""
	// Admin: staff of the organization (API Manager).
	Admin Role = "ADMIN"
	// Portal: a developer, acting for one account (API Portal).
	Portal Role = "PORTAL"
	// Gateway: a machine that verifies keys.
	Gateway Role = "GATEWAY"
	// System: Portico itself: jobs and commands. Never made from a request.
	System Role = "SYSTEM"
)

// Viewer is who asks, for whom, and from where.
type Viewer struct {
	Role           Role
	OrganizationID uuid.UUID
	// UserID is nil (all zero) for System, Gateway and Anonymous.
	UserID uuid.UUID
	// TokenID is the service token of a Gateway; all zero for everybody else.
	TokenID uuid.UUID
	// Name is shown as the actor in timelines.
	Name string
	// AccountID is the account of a Portal viewer; all zero when the
	// viewer has none. AccountOwner reports whether the membership is OWNER.
	AccountID        uuid.UUID
	AccountOwner     bool
	AccountSuspended bool
	// TimeZone is the organization's, by its IANA name; "" where no person asks.
	TimeZone string
	// OrganizationPolicy are the organization's policies at the time of the request.
	Policy OrganizationPolicy
	// Address is the caller's network address, RequestID the request's name in the logs.
	Address   string
	RequestID string
}

// OrganizationPolicy are an organization's policies that decide what its people may do.
type OrganizationPolicy struct {
	PortalUnregister domain.PortalUnregister
	ProductionKeys   domain.ProductionKeys
	KeyPrefix        string
	LongestKeyLife   domain.KeyLife
}

// SignedIn reports whether there is a person behind the request.
func (v Viewer) SignedIn() bool { return v.UserID != uuid.Nil }

// Counted names for whom a request counts where each has a share of something:
// for a person, a machine's token, or else a client's network. It is never one
// of two organizations, for not everybody tells them apart.
func (v Viewer) Counted() uuid.UUID {
	switch {
	case v.UserID != uuid.Nil:
		return v.UserID
	case v.TokenID != uuid.Nil:
		return v.TokenID
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("portico client "+v.OrganizationID.String()+" "+address.ClientNetwork(v.Address)))
}

// Staff reports whether the viewer works for the organization.
func (v Viewer) Staff() bool { return v.Role == Admin }

// ForSystem is Portico acting by itself, inside one organization, or in all
// of them when organization is all zero.
func ForSystem(organization uuid.UUID) Viewer {
	return Viewer{Role: System, OrganizationID: organization, Name: "Portico"}
}

type contextKey struct{}

// NewContext returns a context that carries v.
func NewContext(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, contextKey{}, v)
}

// FromContext returns the context's viewer. ok is false when nobody put one
// there, which every rule treats as a refusal.
func FromContext(ctx context.Context) (v Viewer, ok bool) {
	v, ok = ctx.Value(contextKey{}).(Viewer)
	return v, ok
}

// Current returns the context's viewer, or an anonymous one.
func Current(ctx context.Context) Viewer {
	v, _ := FromContext(ctx)
	return v
}
