// Package verdict decides whether a call may pass: it computes a Verdict from
// what is known about a credential (Facts) and the call (Question). It contains
// all rules except the limits, which are checked after it. It does no I/O and
// reads no clock: everything that it needs, the time too, is an argument.
//
// The checks are in one table, passes, and run in the order of the codes. Decide
// stops at the first that fails; Explain lists each of them.
package verdict

import (
	"slices"

	"portico/clients/go/gate/access"
)

// The range of checks in this package. The codes before it are decided where the
// credential is looked up, those after it by the limits.
const (
	firstCheck = NotFound
	lastCheck  = AmbiguousApp
)

// Decide sets v to the verdict on q. It overwrites all of v, and allocates only
// to decode an app's id, if the call names its app by one.
func Decide(q *Question, c *Facts, v *Verdict) {
	d := evaluate(q, c, v)
	for code := firstCheck; code <= lastCheck; code++ {
		if !d.passes(code) {
			v.Code = code
			return
		}
	}
	v.Code = Valid
}

// passes reports whether the check of a code passes. What is not known fails.
func (d *evaluation) passes(code Code) bool {
	switch code {
	case NotFound:
		return d.credential != nil && d.status != access.CredentialUncollected
	case Revoked:
		return d.status != access.CredentialRevoked
	case Expired:
		return d.status != access.CredentialExpired
	case Disabled:
		return d.status == access.CredentialActive
	case AccountSuspended:
		return d.account != nil && !d.account.Suspended
	case WrongEnvironment:
		return d.q.Environment == "" || d.q.Environment == d.credential.Environment
	case IPNotAllowed:
		return len(d.credential.Addresses) == 0 || slices.ContainsFunc(d.credential.Addresses, d.comesFrom)
	case NotSubscribed:
		return d.standing > notSubscribed
	case Waiting:
		return d.standing > waiting
	case Suspended:
		return d.standing > suspended
	case NotInAccessList:
		return d.product == nil || !d.credential.Listed || slices.Contains(d.credential.AccessList, d.product.ID)
	case AuthTypeNotAllowed:
		return d.authTypeAllowed()
	case EndpointNotAllowed:
		return d.standing > approved
	case AmbiguousApp:
		return d.product == nil || d.apps == 1
	}
	return false
}
