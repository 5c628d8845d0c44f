package catalog

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/predicate"
	"portico/ent/db/productgrant"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/entity"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// GrantInput is the input of GrantProduct and WithdrawProduct.
type GrantInput struct{ ProductID, AccountID string }

// Granted is a product and the account that it was granted to, or withdrawn from.
type Granted struct {
	Product *db.Product
	Account *db.Account
}

// GrantProduct lets an account see a product, also if it is private. It changes nothing if
// the account has been granted it before.
func (svc *Service) GrantProduct(ctx context.Context, in GrantInput) (Granted, error) {
	return svc.changeGrant(ctx, in, func(ctx context.Context, tx *change.Tx, of Granted, has bool) error {
		if has {
			return nil
		}
		tx.Record(grantEvent(eventlog.ProductGranted, of))
		return tx.ProductGrant.Create().SetOrganizationID(of.Product.OrganizationID).SetProductID(of.Product.ID).SetAccountID(of.Account.ID).
			SetCreatedAt(tx.Now).Exec(ctx)
	})
}

// WithdrawProduct ends that a product is granted to an account; its subscriptions stay. It
// changes nothing if the account has no grant.
func (svc *Service) WithdrawProduct(ctx context.Context, in GrantInput) (Granted, error) {
	return svc.changeGrant(ctx, in, func(ctx context.Context, tx *change.Tx, of Granted, has bool) error {
		if !has {
			return nil
		}
		tx.Record(grantEvent(eventlog.ProductWithdrawn, of))
		_, err := tx.ProductGrant.Delete().Where(grantOf(of)...).Exec(ctx)
		return err
	})
}

// changeGrant locks an account and then a product, as registering an app does, and calls f
// with whether the account has a grant, if the viewer may change grants.
func (svc *Service) changeGrant(ctx context.Context, in GrantInput, f func(ctx context.Context, tx *change.Tx, of Granted, has bool) error) (Granted, error) {
	id, err := input.DecodeID(nodeid.Product, in.ProductID)
	if err != nil {
		return Granted{}, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (of Granted, err error) {
		accountID, _ := nodeid.Decode(nodeid.Account, in.AccountID)
		var unknown error
		of.Account, unknown = change.LockRowForShare(ctx, tx, tx.Account, accountID) // so that it is not deleted meanwhile
		if unknown != nil && !db.IsNotFound(unknown) {
			return Granted{}, unknown
		}
		if of.Product, err = change.LockRowForUpdate(ctx, tx, tx.Product, id); err != nil { // two do not grant it at once
			return Granted{}, err
		}
		if err := tx.Authorize(policy.ChangeGrants(of.Product.OrganizationID)); err != nil {
			return Granted{}, err
		}
		if unknown != nil {
			return Granted{}, fault.Input(fault.UnknownReference, "accountId", "There is no such account.")
		}
		has, err := tx.ProductGrant.Query().Where(grantOf(of)...).Exist(ctx)
		if err != nil {
			return Granted{}, err
		}
		return of, f(ctx, tx, of, has)
	})
}

func grantOf(of Granted) []predicate.ProductGrant {
	return []predicate.ProductGrant{productgrant.ProductID(of.Product.ID), productgrant.AccountID(of.Account.ID)}
}

// grantEvent returns an event of the organization's log: the account is not told of products
// that are not on offer yet.
func grantEvent(t eventlog.Type, of Granted) eventlog.Entry {
	return productEvent(t, of.Product, change.Attributes("account", of.Account.Name, "accountId", of.Account.GlobalID()))
}

// Granted returns which of some products were granted to the viewer's account.
func (svc *Service) Granted(ctx context.Context, products []uuid.UUID) (map[uuid.UUID]bool, error) {
	out := map[uuid.UUID]bool{}
	granted, err := GrantedTo(ctx, svc.client.ProductGrant, viewer.Current(ctx).AccountID, products...)
	for _, id := range granted {
		out[id] = true
	}
	return out, database.Fault(err)
}

// GrantedTo returns which of some products an account has been granted.
func GrantedTo(ctx context.Context, grants *db.ProductGrantClient, accountID uuid.UUID, products ...uuid.UUID) (out []uuid.UUID, err error) {
	err = grants.Query().Where(productgrant.AccountID(accountID), productgrant.ProductIDIn(products...)).Select(productgrant.FieldProductID).Scan(ctx, &out)
	return out, err
}

// GrantsOfProducts returns the same page of the accounts that many products were granted to.
func (svc *Service) GrantsOfProducts(ctx context.Context, products []uuid.UUID, r listing.Request) (listing.Pages[*db.Account], error) {
	ch := listing.Children[*db.Account]{List: entity.AccountList(), Through: &listing.Through{Name: "grants", Join: func(s *sql.Selector) string {
		t := sql.Dialect(s.Dialect()).Table(productgrant.Table)
		s.Join(t).On(s.C(account.FieldID), t.C(productgrant.FieldAccountID))
		return t.C(productgrant.FieldProductID)
	}}}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.All(func() listing.Query[*db.Account] { return svc.client.Account.Query() }), products, listing.Order{}, r)
}
