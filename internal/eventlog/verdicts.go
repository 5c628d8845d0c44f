package eventlog

// ChangesVerdicts reports whether an event of this type may change the verdicts
// of gateways. The creation of an object does not: no call can have used it
// yet, and it is read when one does.
func (t Type) ChangesVerdicts() bool {
	switch t {
	case OrganizationUpdated,
		AccountSuspended, AccountResumed, AccountDeleted,
		AppDeleted, AppRestored, AppTransferAccepted,
		CredentialCollected, CredentialUpdated, CredentialDisabled, CredentialEnabled, CredentialRevoked, CredentialRotated,
		ProductUpdated, PlanUpdated,
		EndpointCreated, EndpointUpdated, EndpointDeleted,
		SubscriptionRegistered, SubscriptionApproved, SubscriptionRejected, SubscriptionExpired, SubscriptionWithdrawn,
		SubscriptionSuspended, SubscriptionResumed, SubscriptionUnregistered, SubscriptionNarrowed, SubscriptionPlanChanged,
		ServiceTokenRevoked:
		return true
	}
	return false
}
