package domain

// ProductVisibility is which accounts see a product that is on offer.
type ProductVisibility string

// Who sees a product.
const (
	// Public products are seen by all accounts of the organization, and by everybody where
	// its catalogue is public.
	Public ProductVisibility = "PUBLIC"
	// Private products are seen by the accounts that have a grant, and by those that use
	// them.
	Private ProductVisibility = "PRIVATE"
)

// Values lists the constants, for ent.
func (ProductVisibility) Values() []string { return names(Public, Private) }

// CatalogueAccess is the organization's policy on who reads its catalogue.
type CatalogueAccess string

// Who reads the catalogue.
const (
	// CatalogueSignedIn: only who has signed in.
	CatalogueSignedIn CatalogueAccess = "SIGNED_IN"
	// CataloguePublic: everybody reads the public products that are on offer.
	CataloguePublic CatalogueAccess = "PUBLIC"
)

// Values lists the constants, for ent.
func (CatalogueAccess) Values() []string { return names(CatalogueSignedIn, CataloguePublic) }
