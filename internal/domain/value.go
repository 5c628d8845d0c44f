// Package domain holds the small values that rows are made of and that the
// schema, the services and the storage share: enumerations and the objects
// kept in JSON columns. Every enumeration's constants are spelled as in GraphQL.
package domain

import (
	"fmt"
	"slices"
)

// AccountStatus reports whether an account may act.
type AccountStatus string

// The states of an account.
const (
	AccountActive    AccountStatus = "ACTIVE"
	AccountSuspended AccountStatus = "SUSPENDED"
)

// Values lists them for the storage.
func (AccountStatus) Values() []string { return names(AccountActive, AccountSuspended) }

// UserStatus reports whether a user may sign in.
type UserStatus string

// The states of a user.
const (
	UserActive   UserStatus = "ACTIVE"
	UserDisabled UserStatus = "DISABLED"
)

// Values lists them for the storage.
func (UserStatus) Values() []string { return names(UserActive, UserDisabled) }

// UserRole is what a person is to the organization.
type UserRole string

// The roles of people; see package viewer for all roles.
const (
	RoleAdmin  UserRole = "ADMIN"
	RolePortal UserRole = "PORTAL"
)

// Values lists them for the storage.
func (UserRole) Values() []string { return names(RoleAdmin, RolePortal) }

// MembershipRole is what a user is inside an account.
type MembershipRole string

// The roles of members.
const (
	Owner  MembershipRole = "OWNER"
	Member MembershipRole = "MEMBER"
)

// Values lists them for the storage.
func (MembershipRole) Values() []string { return names(Owner, Member) }

// ProductStatus is where a product stands in its life.
type ProductStatus string

// The states of a product.
const (
	Draft      ProductStatus = "DRAFT"
	Published  ProductStatus = "PUBLISHED"
	Deprecated ProductStatus = "DEPRECATED"
	Retired    ProductStatus = "RETIRED"
)

// Values lists them for the storage.
func (ProductStatus) Values() []string { return names(Draft, Published, Deprecated, Retired) }

// Approval reports whether a subscription waits for a person.
type Approval string

// The modes of approval.
const (
	Manual Approval = "MANUAL"
	Auto   Approval = "AUTO"
)

// Values lists them for the storage.
func (Approval) Values() []string { return names(Manual, Auto) }

// AuthType is how a caller presents a key.
type AuthType string

// The ways to present a key.
const (
	APIKey AuthType = "API_KEY"
	Basic  AuthType = "BASIC"
)

// AuthTypes lists them: what a product takes unless it says otherwise.
func AuthTypes() []AuthType { return []AuthType{APIKey, Basic} }

// Values lists them for the storage.
func (AuthType) Values() []string { return names(APIKey, Basic) }

// MarshalText refuses to write an unknown way into JSON.
func (a AuthType) MarshalText() ([]byte, error) { return known(a) }

// UnmarshalText refuses to read one.
func (a *AuthType) UnmarshalText(text []byte) error { return read(a, text) }

// Environment is what a key is made for.
type Environment string

// The environments.
const (
	Development Environment = "DEVELOPMENT"
	Staging     Environment = "STAGING"
	Production  Environment = "PRODUCTION"
)

// Values lists them for the storage.
func (Environment) Values() []string { return names(Development, Staging, Production) }

// Access returns which of its products a key reaches.
type Access string

// The kinds of access.
const (
	// AccessAll: every product its app is registered with.
	AccessAll Access = "ALL"
	// AccessListed: of those, only the products in its access control list.
	AccessListed Access = "LISTED"
)

// Values lists them for the storage.
func (Access) Values() []string { return names(AccessAll, AccessListed) }

// RevocationReason is why a key was revoked.
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

// Values lists them for the storage.
func (RevocationReason) Values() []string {
	return names(Unspecified, KeyCompromise, Superseded, CessationOfOperation, PrivilegeWithdrawn, AppDeleted, AccountDeleted)
}

// Method is the HTTP method of an endpoint.
type Method string

// The methods. MethodAny is every one; GET covers HEAD too.
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

// Values lists them for the storage.
func (Method) Values() []string {
	return names(MethodAny, MethodGet, MethodHead, MethodPost, MethodPut, MethodPatch, MethodDelete, MethodOptions)
}

// PlanKind is how a plan is paid for.
type PlanKind string

// The kinds of plan.
const (
	PlanFree         PlanKind = "FREE"
	PlanSubscription PlanKind = "SUBSCRIPTION"
	PlanMetered      PlanKind = "METERED"
	PlanTiered       PlanKind = "TIERED"
)

// Values lists them for the storage.
func (PlanKind) Values() []string {
	return names(PlanFree, PlanSubscription, PlanMetered, PlanTiered)
}

// PortalUnregister is the organization's rule for developers who end a
// subscription by themselves.
type PortalUnregister string

// What developers may end.
const (
	// WithdrawOnly: only what still waits.
	WithdrawOnly PortalUnregister = "WITHDRAW_ONLY"
	// UnregisterAllowed: everything live.
	UnregisterAllowed PortalUnregister = "ALLOWED"
)

// Values lists them for the storage.
func (PortalUnregister) Values() []string { return names(WithdrawOnly, UnregisterAllowed) }

// ProductionKeys is the organization's rule for keys for production.
type ProductionKeys string

// Who may make a key for production.
const (
	AnyMember  ProductionKeys = "MEMBERS"
	OwnersOnly ProductionKeys = "OWNERS_ONLY"
)

// Values lists them for the storage.
func (ProductionKeys) Values() []string { return names(AnyMember, OwnersOnly) }

// value is an enumeration that knows its constants.
type value interface {
	~string
	Values() []string
}

// known returns the text of a constant, and an error for every other value.
func known[T value](v T) ([]byte, error) {
	if !slices.Contains(v.Values(), string(v)) {
		return nil, fmt.Errorf("term: %q is not one of %v", string(v), v.Values())
	}
	return []byte(v), nil
}

// read takes the text of a constant, and refuses every other one.
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
