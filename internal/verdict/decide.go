// Package verdict decides whether a call may pass: from what is known about a
// key (Case) and what is asked (Question) it makes a Verdict. It is the whole
// of the rules but for the limits, which are asked after it, and knows nothing
// of doors, databases or time but what it is told.
//
// The checks stand in one table, passes, and are asked in the order of the
// codes; Decide takes the first that fails, Explain writes down each.
package verdict

import (
	"slices"

	"portico/internal/lifecycle"
)

// The checks that are made here. What comes before them is decided by who looks
// the key up, what comes after by who keeps the limits.
const (
	firstCheck = NotFound
	lastCheck  = AmbiguousApp
)

// Decide answers a question. It writes all of v, whatever was in it, and
// allocates nothing but what reading an app's id takes, if one is named so.
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

// passes is the table of checks. Whatever is not known fails.
func (d *evaluation) passes(code Code) bool {
	switch code {
	case NotFound:
		return d.credential != nil
	case Revoked:
		return d.status != lifecycle.CredentialRevoked
	case Expired:
		return d.status != lifecycle.CredentialExpired
	case Disabled:
		return d.status == lifecycle.CredentialActive
	case AccountSuspended:
		return d.account != nil && !d.account.Suspended
	case WrongEnvironment:
		return d.q.Environment == "" || d.q.Environment == d.credential.Environment
	case IPNotAllowed:
		return len(d.credential.Addresses) == 0 || slices.ContainsFunc(d.credential.Addresses, d.comesFrom)
	case NotSubscribed:
		return d.standing > unregistered
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
