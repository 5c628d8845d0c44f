// Package domain defines the value types that the schema, the services and the
// storage share: enumerations and the objects stored in JSON columns. The
// constants of each enumeration are spelled as in GraphQL.
package domain

import (
	"fmt"
	"slices"
)

// AccountStatus is whether an account may act.
type AccountStatus string

// The states of an account.
const (
	AccountActive    AccountStatus = "ACTIVE"
	AccountSuspended AccountStatus = "SUSPENDED"
)

// Values lists the constants, for ent.
func (AccountStatus) Values() []string { return names(AccountActive, AccountSuspended) }

// UserStatus is whether a user may sign in.
type UserStatus string

// The states of a user.
const (
	UserActive   UserStatus = "ACTIVE"
	UserDisabled UserStatus = "DISABLED"
)

// Values lists the constants, for ent.
func (UserStatus) Values() []string { return names(UserActive, UserDisabled) }

// UserRole is a person's role in the organization.
type UserRole string

// The roles of people; see package viewer for all roles.
const (
	RoleAdmin  UserRole = "ADMIN"
	RolePortal UserRole = "PORTAL"
)

// Values lists the constants, for ent.
func (UserRole) Values() []string { return names(RoleAdmin, RolePortal) }

// MembershipRole is a user's role in an account.
type MembershipRole string

// The roles of members.
const (
	Owner  MembershipRole = "OWNER"
	Member MembershipRole = "MEMBER"
)

// Values lists the constants, for ent.
func (MembershipRole) Values() []string { return names(Owner, Member) }

// ProductStatus is the state of a product in its lifecycle.
type ProductStatus string

// The states of a product.
const (
	Draft      ProductStatus = "DRAFT"
	Published  ProductStatus = "PUBLISHED"
	Deprecated ProductStatus = "DEPRECATED"
	Retired    ProductStatus = "RETIRED"
)

// Values lists the constants, for ent.
func (ProductStatus) Values() []string { return names(Draft, Published, Deprecated, Retired) }

// Approval is whether a subscription waits for a person's decision.
type Approval string

// The modes of approval.
const (
	Manual Approval = "MANUAL"
	Auto   Approval = "AUTO"
)

// Values lists the constants, for ent.
func (Approval) Values() []string { return names(Manual, Auto) }

// AuthType is how a caller presents an API key.
type AuthType string

// The ways to present an API key.
const (
	APIKey AuthType = "API_KEY"
	Basic  AuthType = "BASIC"
)

// AuthTypes lists all of them, which is a product's default.
func AuthTypes() []AuthType { return []AuthType{APIKey, Basic} }

// Values lists the constants, for ent.
func (AuthType) Values() []string { return names(APIKey, Basic) }

// MarshalText returns an error for an unknown value, so that none is stored.
func (a AuthType) MarshalText() ([]byte, error) { return known(a) }

// UnmarshalText returns an error for an unknown value.
func (a *AuthType) UnmarshalText(text []byte) error { return read(a, text) }

// Environment is the environment that a credential is for.
type Environment string

// The environments.
const (
	Development Environment = "DEVELOPMENT"
	Staging     Environment = "STAGING"
	Production  Environment = "PRODUCTION"
)

// Values lists the constants, for ent.
func (Environment) Values() []string { return names(Development, Staging, Production) }

// Access is which of its app's products a credential gives access to.
type Access string

// The kinds of access.
const (
	// AccessAll: every product that its app has subscribed to.
	AccessAll Access = "ALL"
	// AccessListed: of those, only the products on its access control list.
	AccessListed Access = "LISTED"
)

// Values lists the constants, for ent.
func (Access) Values() []string { return names(AccessAll, AccessListed) }

// RevocationReason is why a credential was revoked.
type RevocationReason string

// The reasons for a revocation.
const (
	Unspecified          RevocationReason = "UNSPECIFIED"
	KeyCompromise        RevocationReason = "KEY_COMPROMISE"
	Superseded           RevocationReason = "SUPERSEDED"
	CessationOfOperation RevocationReason = "CESSATION_OF_OPERATION"
	PrivilegeWithdrawn   RevocationReason = "PRIVILEGE_WITHDRAWN"
	AppDeleted           RevocationReason = "APP_DELETED"
	AccountDeleted       RevocationReason = "ACCOUNT_DELETED"
)

// Values lists the constants, for ent.
func (RevocationReason) Values() []string {
	return names(Unspecified, KeyCompromise, Superseded, CessationOfOperation, PrivilegeWithdrawn, AppDeleted, AccountDeleted)
}

// Method is the HTTP method of an endpoint.
type Method string

// The methods. MethodAny matches every method; MethodGet matches HEAD too.
const (
	MethodAny     Method = "ANY"
	MethodGet     Method = "GET"
	MethodHead    Method = "HEAD"
	MethodPost    Method = "POST"
	MethodPut     Method = "PUT"
	MethodPatch   Method = "PATCH"
	MethodDelete  Method = "DELETE"
	MethodOptions Method = "OPTIONS"
)

// Values lists the constants, for ent.
func (Method) Values() []string {
	return names(MethodAny, MethodGet, MethodHead, MethodPost, MethodPut, MethodPatch, MethodDelete, MethodOptions)
}

// PlanKind is how a plan is priced.
type PlanKind string

// The kinds of plan.
const (
	PlanFree         PlanKind = "FREE"
	PlanSubscription PlanKind = "SUBSCRIPTION"
	PlanMetered      PlanKind = "METERED"
	PlanTiered       PlanKind = "TIERED"
)

// Values lists the constants, for ent.
func (PlanKind) Values() []string {
	return names(PlanFree, PlanSubscription, PlanMetered, PlanTiered)
}

// PortalUnregister is the organization's policy on which subscriptions
// developers may end themselves.
type PortalUnregister string

// The subscriptions that developers may end.
const (
	// WithdrawOnly: only those that still wait for approval.
	WithdrawOnly PortalUnregister = "WITHDRAW_ONLY"
	// UnregisterAllowed: all live ones.
	UnregisterAllowed PortalUnregister = "ALLOWED"
)

// Values lists the constants, for ent.
func (PortalUnregister) Values() []string { return names(WithdrawOnly, UnregisterAllowed) }

// ProductionKeys is the organization's policy on API keys for production.
type ProductionKeys string

// Who may create an API key for production.
const (
	AnyMember  ProductionKeys = "MEMBERS"
	OwnersOnly ProductionKeys = "OWNERS_ONLY"
)

// Values lists the constants, for ent.
func (ProductionKeys) Values() []string { return names(AnyMember, OwnersOnly) }

// value is an enumeration that lists its constants.
type value interface {
	~string
	Values() []string
}

// known returns the text of a constant, and an error for any other value.
func known[T value](v T) ([]byte, error) {
	if !slices.Contains(v.Values(), string(v)) {
		return nil, fmt.Errorf("term: %q is not one of %v", string(v), v.Values())
	}
	return []byte(v), nil
}

// read sets v to the constant with this text, and returns an error for any
// other text.
func read[T value](v *T, text []byte) error {
	_, err := known(T(text))
	if err == nil {
		*v = T(text)
	}
	return err
}

func names[T ~string](all ...T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return out
}
