// Package domain defines the value types that the schema, the services and the
// storage share: enumerations and the objects stored in JSON columns. The
// constants of each enumeration are spelled as in GraphQL.
//
// Those that gateways decide by, such as an endpoint's method, are in the Go client's
// package access.
package domain

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
	RoleAdmin    UserRole = "ADMIN"
	RoleApprover UserRole = "APPROVER"
	RolePortal   UserRole = "PORTAL"
)

// Values lists the constants, for ent.
func (UserRole) Values() []string { return names(RoleAdmin, RoleApprover, RolePortal) }

// Theme is how a front end looks for a user.
type Theme string

// The themes of front ends.
const (
	Light Theme = "LIGHT"
	Dark  Theme = "DARK"
)

// Values lists the constants, for ent.
func (Theme) Values() []string { return names(Light, Dark) }

// MembershipRole is a user's role in an account.
type MembershipRole string

// The roles of members.
const (
	Owner  MembershipRole = "OWNER"
	Member MembershipRole = "MEMBER"
)

// Values lists the constants, for ent.
func (MembershipRole) Values() []string { return names(Owner, Member) }

// InvitationStatus is what has become of an invitation. It is computed.
type InvitationStatus string

// The states of an invitation.
const (
	InvitationPending  InvitationStatus = "PENDING"
	InvitationAccepted InvitationStatus = "ACCEPTED"
	InvitationRevoked  InvitationStatus = "REVOKED"
	InvitationExpired  InvitationStatus = "EXPIRED"
)

// Values lists the constants, for ent.
func (InvitationStatus) Values() []string {
	return names(InvitationPending, InvitationAccepted, InvitationRevoked, InvitationExpired)
}

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

// DisabledBy is who has disabled a credential, which decides who may enable it.
type DisabledBy string

// Who disables credentials: the organization's staff, or whoever acts for the account.
const (
	DisabledByStaff DisabledBy = "STAFF"
	DisabledByOwner DisabledBy = "OWNER"
)

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

// SubscriptionDecision is what is decided about a subscription that waits.
type SubscriptionDecision string

// The decisions.
const (
	ApproveSubscription SubscriptionDecision = "APPROVE"
	RejectSubscription  SubscriptionDecision = "REJECT"
)

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

// LeakedKeys is the organization's policy on API keys that somebody reports as leaked.
type LeakedKeys string

// What becomes of an API key that was reported, whole and right.
const (
	RevokeLeaked LeakedKeys = "REVOKE"
	// NotifyLeaked: its owners are told, and it stays as it is.
	NotifyLeaked LeakedKeys = "NOTIFY"
)

// Values lists the constants, for ent.
func (LeakedKeys) Values() []string { return names(RevokeLeaked, NotifyLeaked) }

func names[T ~string](all ...T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return out
}

// PlanChangeTime is when a subscription is to get another plan.
type PlanChangeTime string

// When a subscription gets another plan: at once, or with the next month by the calendar
// of the organization's time zone.
const (
	PlanChangeNow       PlanChangeTime = "NOW"
	PlanChangePeriodEnd PlanChangeTime = "PERIOD_END"
)

// Values lists the constants, for ent.
func (PlanChangeTime) Values() []string { return names(PlanChangeNow, PlanChangePeriodEnd) }
