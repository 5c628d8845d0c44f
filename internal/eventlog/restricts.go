package eventlog

// Restricts tells whether calls that passed before may have to be refused
// after such an event. What cannot be known by the type alone counts as if.
func (t Type) Restricts() bool {
	switch t {
	case OrganizationUpdated,
		AccountSuspended, AccountDeleted,
		AppDeleted,
		CredentialUpdated, CredentialDisabled, CredentialRevoked,
		ProductUpdated, PlanUpdated,
		EndpointCreated, EndpointUpdated, EndpointDeleted,
		SubscriptionRejected, SubscriptionWithdrawn, SubscriptionSuspended, SubscriptionUnregistered, SubscriptionNarrowed,
		ServiceTokenRevoked:
		return true
	}
	return false
}
