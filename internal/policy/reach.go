package policy

import (
	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/viewer"
)

// Reach is the range of objects that a viewer can see. The row policies restrict
// every statement to it, by the Reach alone, so that a role which no policy names
// reaches nothing.
type Reach int

// The values of Reach.
const (
	// Nothing is the reach of anonymous viewers, but for a public catalogue, gateways, service tokens that may not
	// read, developers of a suspended account, and roles without a rule.
	Nothing Reach = iota
	// OwnAccount is what belongs to the developer's account, and what the catalogue shows.
	OwnAccount
	// OwnProducts is what is decided about the products that an approver is named for.
	OwnProducts
	// PublicCatalogue is what an organization shows to everybody.
	PublicCatalogue
	// OwnOrganization is everything in the organization.
	OwnOrganization
	// Everything is the reach of Portico itself, in all organizations.
	Everything
)

// ReachOf returns the reach of v.
func ReachOf(v viewer.Viewer) Reach {
	if v.OrganizationID == uuid.Nil {
		if v.Role == viewer.System {
			return Everything
		}
		return Nothing
	}
	if !v.Reads() && !v.Scopes.HasAny(domain.SubscriptionsDecide) {
		return Nothing
	}
	switch v.Role {
	case viewer.System, viewer.Admin:
		return OwnOrganization
	case viewer.Approver:
		return OwnProducts
	case viewer.Anonymous:
		if v.PublicCatalogue {
			return PublicCatalogue
		}
	case viewer.Portal:
		if !v.AccountSuspended {
			return OwnAccount
		}
	}
	return Nothing
}
