package policy

import (
	"github.com/google/uuid"

	"portico/internal/viewer"
)

// Reach is the range of objects that a viewer can see. The privacy rules restrict
// every statement to it.
type Reach int

// The values of Reach.
const (
	// Nothing is the reach of anonymous viewers, machines, developers of a
	// suspended account, and roles without a rule.
	Nothing Reach = iota
	// OwnAccount is what belongs to the developer's account, and what the catalogue shows.
	OwnAccount
	// OwnOrganization is everything in the organization.
	OwnOrganization
	// Everything is the reach of Portico itself, in all organizations.
	Everything
)

// ReachOf returns the reach of v.
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
