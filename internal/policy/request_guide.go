package policy

import (
	"github.com/google/uuid"

	"portico/internal/domain"
)

// CreateGuide returns the request to add a guide to a product of the given status.
func CreateGuide(organizationID uuid.UUID, s domain.ProductStatus) Request {
	return onProduct(guideCreate, organizationID, s)
}

// UpdateGuide returns the request to change a guide of a product.
func UpdateGuide(organizationID uuid.UUID) Request {
	return inOrganization(guideUpdate, organizationID)
}

// DeleteGuide returns the request to delete a guide of a product.
func DeleteGuide(organizationID uuid.UUID) Request {
	return inOrganization(guideDelete, organizationID)
}
