package apps

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/product"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
)

// maxAccessList is the maximum number of products on an access control list.
const maxAccessList = 100

// accessOf returns the access of a new credential. A list of products without
// an access means LISTED: access to all products would be more than was asked
// for.
func accessOf(given *access.ProductAccess, list []string) *access.ProductAccess {
	if given != nil {
		return given
	}
	if len(list) > 0 {
		return new(access.ListedProducts)
	}
	return new(access.AllProducts)
}

// checkAccess limits the length of the list, and refuses a list with ALL
// access, which a reader would mistake for the products the credential gives
// access to.
func checkAccess(a access.ProductAccess, list []string) error {
	if a == access.AllProducts && len(list) > 0 {
		return errListWithAllAccess()
	}
	return checkAccessList(list)
}

func checkAccessList(ids []string) error {
	return input.AtMost("accessControlList", len(ids), maxAccessList)
}

func errListWithAllAccess() error {
	return fault.Input(fault.InvalidValue, "accessControlList", "A key of ALL access has no list of products: set the access to LISTED, or leave the list empty.")
}

// findProducts returns the products of an access control list, all of which the
// viewer must be able to see.
func findProducts(ctx context.Context, tx *change.Tx, ids []string) ([]uuid.UUID, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := tx.Product.Query().Where(database.AnyOf(product.FieldID, input.DecodeIDs(nodeid.Product, ids))).IDs(ctx)
	if err != nil {
		return nil, err
	}
	return found, input.CheckReferences(nodeid.Product, "accessControlList", ids, found, "There is no such product.")
}

// listedProducts returns the products of a credential's access control list.
func listedProducts(ctx context.Context, in *db.AccessEntryClient, credential uuid.UUID) ([]uuid.UUID, error) {
	entries, err := in.Query().Where(accessentry.CredentialID(credential)).Order(accessentry.ByProductID()).All(ctx)
	products := make([]uuid.UUID, len(entries))
	for i, e := range entries {
		products[i] = e.ProductID
	}
	return products, err
}

// createAccessList stores a credential's access control list.
func createAccessList(ctx context.Context, tx *change.Tx, c *db.Credential, products []uuid.UUID) error {
	if len(products) == 0 {
		return nil
	}
	return tx.AccessEntry.MapCreateBulk(products, func(e *db.AccessEntryCreate, i int) {
		e.SetOrganizationID(c.OrganizationID).SetAccountID(c.AccountID).SetCredentialID(c.ID).SetProductID(products[i])
	}).Exec(ctx)
}

// patchAccess changes which products a credential gives access to. ALL access
// clears the list.
func patchAccess(ctx context.Context, tx *change.Tx, u *db.CredentialUpdateOne, c *db.Credential, in UpdateKeyInput, d *change.Diff) error {
	granted := c.Access
	if in.Access.Set {
		granted = *in.Access.Value
		d.Add("access", c.Access, granted)
		u.SetAccess(granted)
	}
	products, err := findProducts(ctx, tx, in.AccessControlList.Or(nil))
	if err != nil {
		return err
	}
	if granted == access.AllProducts && len(products) > 0 {
		return errListWithAllAccess()
	}
	if !in.AccessControlList.Set && !(in.Access.Set && granted == access.AllProducts) {
		return nil
	}
	return replaceAccess(ctx, tx, c, granted, products, d)
}

// replaceAccess replaces the access control list.
func replaceAccess(ctx context.Context, tx *change.Tx, c *db.Credential, granted access.ProductAccess, products []uuid.UUID, d *change.Diff) error {
	before, err := listedProducts(ctx, tx.AccessEntry, c.ID)
	if err != nil {
		return err
	}
	if granted == access.ListedProducts {
		hidden, err := hiddenProducts(ctx, tx, before)
		if err != nil {
			return err
		}
		products = append(products, hidden...)
	}
	d.Add("accessControlList", input.EncodeIDs(nodeid.Product, before), input.EncodeIDs(nodeid.Product, products))
	if _, err := tx.AccessEntry.Delete().Where(accessentry.CredentialID(c.ID)).Exec(ctx); err != nil {
		return err
	}
	return createAccessList(ctx, tx, c, products)
}

// hiddenProducts returns those of the products that the viewer cannot see, and
// therefore did not mean to remove from the list.
func hiddenProducts(ctx context.Context, tx *change.Tx, products []uuid.UUID) ([]uuid.UUID, error) {
	if len(products) == 0 {
		return nil, nil
	}
	seen, err := tx.Product.Query().Where(database.AnyOf(product.FieldID, products)).IDs(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(products), func(id uuid.UUID) bool { return slices.Contains(seen, id) }), nil
}
