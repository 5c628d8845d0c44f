package policy

import (
	"github.com/google/uuid"

	"portico/internal/viewer"
)

// Reach is how far a viewer sees at all. The privacy rules narrow every
// statement by it.
type Reach int

// How far viewers see.
const (
	// Nothing: nobody, machines, developers of a suspended account, and roles
	// without a rule.
	Nothing Reach = iota
	// OwnAccount: what belongs to the developer's account, and what the catalogue shows.
	OwnAccount
	// OwnOrganization: everything in the organization.
	OwnOrganization
	// Everything: Portico itself, in all organizations.
	Everything
)

// ReachOf returns how far v sees.
func ReachOf(v viewer.Viewer) Reach {
	switch {
	case v.Role == viewer.System && v.OrganizationID == uuid.Nil:
		return Everything
	case v.OrganizationID == uuid.Nil:
		return Nothing
	case v.Role == viewer.System || v.Role == viewer.Admin:
		return OwnOrganization
	case v.Role == viewer.Portal && !v.AccountSuspended:
		return OwnAccount
	}
	return Nothing
}
