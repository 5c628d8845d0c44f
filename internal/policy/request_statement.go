package policy

import "github.com/google/uuid"

// CorrectStatement returns the request to correct a statement of an organization.
func CorrectStatement(organizationID uuid.UUID) Request {
	return inOrganization(statementCorrect, organizationID)
}
