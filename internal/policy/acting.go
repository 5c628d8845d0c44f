package policy

import "portico/internal/lifecycle"

// forAnother reports whether a service token that acts for a developer may do an action
// which the developer may. It is a list of what may be done, so that a new action is for
// the person alone until somebody has thought about it. Not in it are the person's own
// name, password, second factor, sessions and preferences, and whatever decides who
// belongs to an account or ends it: an access of ten minutes must not become a lasting
// one, or destroy what only people can bring back.
func forAnother(a action) bool {
	switch a {
	case appCreate, appUpdate, appDelete, appRegister, credentialGenerate, credentialRotate, subscriptionNarrow, subscriptionTerms,
		credentialAction(lifecycle.Revoke), credentialAction(lifecycle.Update), credentialAction(lifecycle.Disable), credentialAction(lifecycle.Enable),
		subscriptionAction(lifecycle.Unregister), subscriptionAction(lifecycle.Withdraw),
		subscriptionAction(lifecycle.ChangePlan), subscriptionAction(lifecycle.CancelPlanChange),
		keyRequestCreate, keyRequestAction(lifecycle.UpdateKeyRequest), keyRequestAction(lifecycle.WithdrawKeyRequest),
		keyRequestAction(lifecycle.CollectKey), keyRequestAction(lifecycle.DeleteKeyRequest):
		return true
	}
	return false
}
