package eventlog

// ChangesVerdicts reports whether gateways may have to answer otherwise after
// such an event than before. New objects do not: nobody has asked about them,
// and they are read when somebody does.
func (t Type) ChangesVerdicts() bool {
	switch t {
	case OrganizationUpdated,
		AccountSuspended, AccountResumed, AccountDeleted,
		AppDeleted, AppRestored,
		CredentialUpdated, CredentialDisabled, CredentialEnabled, CredentialRevoked,
		ProductUpdated, PlanUpdated,
		EndpointCreated, EndpointUpdated, EndpointDeleted,
		SubscriptionRegistered, SubscriptionApproved, SubscriptionRejected, SubscriptionWithdrawn,
		SubscriptionSuspended, SubscriptionResumed, SubscriptionUnregistered, SubscriptionNarrowed,
		ServiceTokenRevoked:
		return true
	}
	return false
}
