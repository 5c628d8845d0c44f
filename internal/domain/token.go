package domain

import (
	"slices"
	"strings"
)

// ServiceTokenScope is what a service token may do.
type ServiceTokenScope string

// The scopes of service tokens.
const (
	// PortalRead and PortalWrite act for the account that the token is bound to.
	PortalRead  ServiceTokenScope = "PORTAL_READ"
	PortalWrite ServiceTokenScope = "PORTAL_WRITE"
	// AdminRead and AdminWrite act for the organization.
	AdminRead  ServiceTokenScope = "ADMIN_READ"
	AdminWrite ServiceTokenScope = "ADMIN_WRITE"
	// SubscriptionsDecide sees and decides what waits for a decision.
	SubscriptionsDecide ServiceTokenScope = "SUBSCRIPTIONS_DECIDE"
	// UsersActAs acts for developers, where the organization allows it.
	UsersActAs ServiceTokenScope = "USERS_ACT_AS"
	// GatewayScope verifies API keys.
	GatewayScope ServiceTokenScope = "GATEWAY"
)

// ServiceTokenScopes lists the scopes, in the order in which they are shown.
func ServiceTokenScopes() []ServiceTokenScope {
	return []ServiceTokenScope{PortalRead, PortalWrite, AdminRead, AdminWrite, SubscriptionsDecide, UsersActAs, GatewayScope}
}

// Values lists the constants, for ent.
func (ServiceTokenScope) Values() []string { return names(ServiceTokenScopes()...) }

// Name returns the scope as OAuth spells it, which is how it is stored, such as
// "portal:read"; "" for what is no scope.
func (s ServiceTokenScope) Name() string {
	switch s {
	case PortalRead:
		return "portal:read"
	case PortalWrite:
		return "portal:write"
	case AdminRead:
		return "admin:read"
	case AdminWrite:
		return "admin:write"
	case SubscriptionsDecide:
		return "subscriptions:decide"
	case UsersActAs:
		return "users:act-as"
	case GatewayScope:
		return "gateway"
	}
	return ""
}

// ScopeOf returns the scope with a Name; ok is false for other texts.
func ScopeOf(name string) (s ServiceTokenScope, ok bool) {
	all := ServiceTokenScopes()
	if i := slices.IndexFunc(all, func(s ServiceTokenScope) bool { return s.Name() == name }); i >= 0 {
		return all[i], true
	}
	return "", false
}

// Scopes is a set of scopes; the zero value is none.
type Scopes uint8

// NewScopes returns the set of some scopes.
func NewScopes(some ...ServiceTokenScope) (set Scopes) {
	for i, s := range ServiceTokenScopes() {
		if slices.Contains(some, s) {
			set |= 1 << i
		}
	}
	return set
}

// ScopesOf returns the set of scopes by their Names. ok is false if there is none, or if
// one is no scope.
func ScopesOf(names []string) (set Scopes, ok bool) {
	for _, n := range names {
		s, known := ScopeOf(n)
		if !known {
			return 0, false
		}
		set |= NewScopes(s)
	}
	return set, set != 0
}

// HasAny reports whether one of some scopes is in the set.
func (set Scopes) HasAny(some ...ServiceTokenScope) bool { return set&NewScopes(some...) != 0 }

// Only reports whether all scopes of the set are among some.
func (set Scopes) Only(some ...ServiceTokenScope) bool { return set&^NewScopes(some...) == 0 }

// List returns the scopes of the set, in the order of ServiceTokenScopes.
func (set Scopes) List() (out []ServiceTokenScope) {
	for _, s := range ServiceTokenScopes() {
		if set.HasAny(s) {
			out = append(out, s)
		}
	}
	return out
}

// Names returns the Names of the scopes of the set.
func (set Scopes) Names() (out []string) {
	for _, s := range set.List() {
		out = append(out, s.Name())
	}
	return out
}

// Spelled returns the Names separated by blanks, as OAuth spells scopes.
func (set Scopes) Spelled() string { return strings.Join(set.Names(), " ") }

// ActingScopes is what a service token may do at most for a developer.
func ActingScopes() Scopes { return NewScopes(PortalRead, PortalWrite) }

// ParseActing reads scopes as Spelled writes them. ok is false if there is none, or one that
// is not in ActingScopes.
func ParseActing(text string) (set Scopes, ok bool) {
	set, ok = ScopesOf(strings.Fields(text))
	return set, ok && set&^ActingScopes() == 0
}

// ServiceTokenStatus is whether a service token is accepted.
type ServiceTokenStatus string

// The states of a service token.
const (
	TokenActive  ServiceTokenStatus = "ACTIVE"
	TokenExpired ServiceTokenStatus = "EXPIRED"
	TokenRevoked ServiceTokenStatus = "REVOKED"
)

// Values lists the constants, for ent.
func (ServiceTokenStatus) Values() []string { return names(TokenActive, TokenExpired, TokenRevoked) }
