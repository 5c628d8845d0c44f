// Package viewer describes who makes a request. A Viewer is created once for
// each request, background job or command and carried in its context, where
// the policy, the row policies and the event log read it.
package viewer

import (
	"context"

	"github.com/google/uuid"

	"portico/internal/address"
	"portico/internal/domain"
)

// Role is the role of a viewer in an organization.
type Role string

const (
	// Anonymous: nobody has signed in.
	Anonymous Role = ""
	// Admin: staff of the organization (API Manager).
	Admin Role = "ADMIN"
	// Portal: a developer, acting for one account (API Portal).
	Portal Role = "PORTAL"
	// Gateway: a machine that verifies API keys.
	Gateway Role = "GATEWAY"
	// System: Portico itself (jobs and commands). No request has this role.
	System Role = "SYSTEM"
)

// Viewer is who makes a request, for which account, and from where.
type Viewer struct {
	Role           Role
	OrganizationID uuid.UUID
	// UserID is nil (all zero) for System, Gateway and Anonymous.
	UserID uuid.UUID
	// TokenID is the service token of a Gateway; all zero for other roles.
	TokenID uuid.UUID
	// Name is shown as the actor in timelines.
	Name string
	// AccountID is the account of a Portal viewer; all zero when the
	// viewer has none. AccountOwner reports whether the membership is OWNER.
	AccountID        uuid.UUID
	AccountOwner     bool
	AccountSuspended bool
	// TimeZone is the IANA name of the organization's time zone; "" unless a
	// person makes the request.
	TimeZone string
	// Policy is the organization's policy at the time of the request.
	Policy OrganizationPolicy
	// Address is the client's network address, RequestID identifies the request
	// in logs.
	Address   string
	RequestID string
}

// OrganizationPolicy is the settings of an organization that decide what its
// users may do.
type OrganizationPolicy struct {
	PortalUnregister domain.PortalUnregister
	ProductionKeys   domain.ProductionKeys
	KeyPrefix        string
	LongestKeyLife   domain.KeyLife
}

// SignedIn reports whether a person makes the request.
func (v Viewer) SignedIn() bool { return v.UserID != uuid.Nil }

// LimitID returns the id under which requests are counted against a shared
// limit: the user's, the service token's, or else one derived from the client's
// network. Ids differ between organizations, because not every counter
// distinguishes them itself.
func (v Viewer) LimitID() uuid.UUID {
	switch {
	case v.UserID != uuid.Nil:
		return v.UserID
	case v.TokenID != uuid.Nil:
		return v.TokenID
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("portico client "+v.OrganizationID.String()+" "+address.ClientNetwork(v.Address)))
}

// Staff reports whether the viewer is an administrator of the organization.
func (v Viewer) Staff() bool { return v.Role == Admin }

// ActsForOrganization reports whether the viewer acts for the whole organization:
// administrators, and Portico itself. Everybody else acts for one account at most,
// and is bound by its suspension and by the organization's policies; so is a role
// that is not named here.
func (v Viewer) ActsForOrganization() bool {
	switch v.Role {
	case Admin, System:
		return true
	}
	return false
}

// ForSystem returns the viewer of Portico itself, limited to one organization,
// or not limited when organization is all zero.
func ForSystem(organization uuid.UUID) Viewer {
	return Viewer{Role: System, OrganizationID: organization, Name: "Portico"}
}

type contextKey struct{}

// NewContext returns a context that carries v.
func NewContext(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, contextKey{}, v)
}

// AsSystem returns a context in which Portico itself acts, inside an organization
// or, with uuid.Nil, in all of them.
func AsSystem(ctx context.Context, organization uuid.UUID) context.Context {
	return NewContext(ctx, ForSystem(organization))
}

// FromContext returns the context's viewer. ok is false when there is none,
// which every rule treats as a refusal.
func FromContext(ctx context.Context) (v Viewer, ok bool) {
	v, ok = ctx.Value(contextKey{}).(Viewer)
	return v, ok
}

// Current returns the context's viewer, or an anonymous one.
func Current(ctx context.Context) Viewer {
	v, _ := FromContext(ctx)
	return v
}
