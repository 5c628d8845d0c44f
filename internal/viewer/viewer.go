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
	// Approver: staff who decide about the subscriptions of the products that they are
	// named for, and see no others.
	Approver Role = "APPROVER"
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
	// UserID is nil (all zero) for System, Anonymous and service tokens, unless the
	// token acts for a developer.
	UserID uuid.UUID
	// SessionID is the session in which a person makes the request; all zero for
	// everybody else.
	SessionID uuid.UUID
	// TokenID is the service token that makes the request, for itself or for a
	// developer; all zero for people and for Portico itself.
	TokenID uuid.UUID
	// Scopes narrow what a service token may do in its role; zero if and only if
	// TokenID is.
	Scopes domain.Scopes
	// Name is shown as the actor in timelines.
	Name string
	// AccountID is the account of a Portal viewer; all zero when the
	// viewer has none. AccountOwner reports whether the membership is OWNER.
	AccountID        uuid.UUID
	AccountOwner     bool
	AccountSuspended bool
	// PublicCatalogue: an Anonymous viewer reads what the organization shows to everybody.
	PublicCatalogue bool
	// TermsDue reports whether the person, also one for whom a service token acts, has not
	// accepted the organization's terms as they are now. It binds those who act for an
	// account.
	TermsDue bool
	// TimeZone is the IANA name of the organization's time zone; "" unless a
	// person or a service token makes the request.
	TimeZone string
	// Policy is the organization's policy at the time of the request.
	Policy OrganizationPolicy
	// Address is the client's network address, UserAgent what its program calls
	// itself, as it was sent; RequestID identifies the request in logs.
	Address   string
	UserAgent string
	RequestID string
}

// OrganizationPolicy is the settings of an organization that decide what its
// users may do.
type OrganizationPolicy struct {
	PortalUnregister domain.PortalUnregister
	ProductionKeys   domain.ProductionKeys
	KeyPrefix        string
	LongestKeyLife   domain.KeyLife
	// RotateKeysEvery is after how many days keys are due for rotation.
	RotateKeysEvery domain.KeyLife
	// ActAs is only known of service tokens.
	ActAs bool
}

// SignedIn reports whether a person makes the request, or a service token for one.
func (v Viewer) SignedIn() bool { return v.UserID != uuid.Nil }

// ByToken reports whether a service token makes the request, also for a developer.
func (v Viewer) ByToken() bool { return v.Scopes != 0 }

// Acting reports whether a service token makes the request for a developer.
func (v Viewer) Acting() bool { return v.ByToken() && v.SignedIn() }

// Reads reports whether a viewer sees what the role does. Service tokens need a scope for
// it; one that may change things sees them.
func (v Viewer) Reads() bool {
	return !v.ByToken() || v.Scopes.HasAny(v.scope(domain.PortalRead, domain.AdminRead)) || v.Writes()
}

// Writes reports whether a viewer may change what the role may; service tokens need a
// scope for it.
func (v Viewer) Writes() bool {
	return !v.ByToken() || v.Scopes.HasAny(v.scope(domain.PortalWrite, domain.AdminWrite))
}

// scope returns the one of two scopes that is about the role; "" if neither is.
func (v Viewer) scope(portal, admin domain.ServiceTokenScope) domain.ServiceTokenScope {
	switch v.Role {
	case Portal:
		return portal
	case Admin:
		return admin
	}
	return ""
}

// PrincipalID returns the id of who makes the request: the user's, or else the service
// token's; all zero for others.
func (v Viewer) PrincipalID() uuid.UUID {
	if v.UserID != uuid.Nil {
		return v.UserID
	}
	return v.TokenID
}

// LimitID returns the id under which requests are counted against a shared
// limit: the user's, the service token's, or else one derived from the client's
// network. Ids differ between organizations, because not every counter
// distinguishes them itself.
func (v Viewer) LimitID() uuid.UUID {
	if id := v.PrincipalID(); id != uuid.Nil {
		return id
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("portico client "+v.OrganizationID.String()+" "+address.ClientNetwork(v.Address)))
}

// Staff reports whether people of a role are staff of the organization.
func (r Role) Staff() bool { return r == Admin || r == Approver }

// ActsForOrganization reports whether the viewer acts for the organization, and not for
// an account: staff, and Portico itself. Everybody else acts for one account at most,
// and is bound by its suspension and by the organization's policies; so is a role
// that is not named here.
func (v Viewer) ActsForOrganization() bool {
	switch v.Role {
	case Admin, Approver, System:
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

// AsAccount returns a context in which what a developer of an account may see is seen, by
// nobody in particular.
func AsAccount(ctx context.Context, organization, account uuid.UUID) context.Context {
	return NewContext(ctx, Viewer{Role: Portal, OrganizationID: organization, AccountID: account})
}

// AsPublic returns a context in which what an organization shows to everybody is seen, from
// where the present viewer asks.
func AsPublic(ctx context.Context, organization uuid.UUID) context.Context {
	v := Current(ctx)
	return NewContext(ctx, Viewer{Role: Anonymous, OrganizationID: organization, PublicCatalogue: true, Address: v.Address, UserAgent: v.UserAgent, RequestID: v.RequestID})
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
