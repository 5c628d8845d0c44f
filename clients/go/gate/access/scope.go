package access

import (
	"slices"

	"github.com/google/uuid"
)

// ProductScope is the products that a gateway's token may ask about. A nil scope is
// all products; an empty one is none.
type ProductScope []uuid.UUID

// All reports whether the scope is all products.
func (s ProductScope) All() bool { return s == nil }

// Includes reports whether the token may ask about a product.
func (s ProductScope) Includes(product uuid.UUID) bool {
	return s == nil || slices.Contains(s, product)
}
