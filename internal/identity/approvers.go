package identity

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/productapprover"
	"portico/ent/db/user"
	"portico/internal/change"
	"portico/internal/entity"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// maxApprovers is how many approvers may be named for a product: each of them gets a
// letter about each of its requests.
const maxApprovers = 100

// AddApproverInput is the input of AddApprover.
type AddApproverInput struct{ ProductID, UserID string }

// AddApprover names an approver for a product. One who is named already is TAKEN, and one
// beyond maxApprovers TOO_MANY.
func (svc *Service) AddApprover(ctx context.Context, in AddApproverInput) (*db.Product, error) {
	return svc.changeApprovers(ctx, in.ProductID, func(ctx context.Context, tx *change.Tx, p *db.Product) error {
		id, _ := nodeid.Decode(nodeid.User, in.UserID)
		// Locked, so that the user does not get another role meanwhile.
		u, err := change.LockRowForShare(ctx, tx, tx.User, id)
		if db.IsNotFound(err) {
			return fault.Input(fault.UnknownReference, "userId", "There is no such user.")
		}
		if err != nil {
			return err
		}
		if !isApprover(u) {
			return fault.Input(fault.NotAllowed, "userId", "Only users with the role APPROVER are named for products.")
		}
		if err := checkApprovers(ctx, tx, p, u); err != nil {
			return err
		}
		err = tx.ProductApprover.Create().SetOrganizationID(p.OrganizationID).SetProductID(p.ID).SetUserID(u.ID).SetCreatedAt(tx.Now).Exec(ctx)
		if err != nil {
			return change.Taken(err, "userId", "This user is an approver of the product already.")
		}
		tx.Record(approverEvent(eventlog.ApproverAdded, p, u))
		return nil
	})
}

// checkApprovers returns an error if a user cannot be named for a product because too many
// others are.
func checkApprovers(ctx context.Context, tx *change.Tx, p *db.Product, u *db.User) error {
	others, err := tx.ProductApprover.Query().Where(productapprover.ProductID(p.ID), productapprover.UserIDNEQ(u.ID)).Count(ctx)
	if err != nil || others < maxApprovers {
		return err
	}
	return fault.Input(fault.TooMany, "productId", "A product has at most 100 approvers.", fault.Param{Name: "max", Value: "100"})
}

// RemoveApproverInput is the input of RemoveApprover.
type RemoveApproverInput struct {
	ProductID, UserID string
	Reason            *string
}

// RemoveApprover ends that an approver is named for a product. Anybody who is not is an
// unknown reference.
func (svc *Service) RemoveApprover(ctx context.Context, in RemoveApproverInput) (*db.Product, error) {
	if err := input.CheckReason("reason", in.Reason); err != nil {
		return nil, err
	}
	return svc.changeApprovers(ctx, in.ProductID, func(ctx context.Context, tx *change.Tx, p *db.Product) error {
		id, _ := nodeid.Decode(nodeid.User, in.UserID)
		n, err := tx.ProductApprover.Delete().Where(productapprover.ProductID(p.ID), productapprover.UserID(id)).Exec(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Input(fault.UnknownReference, "userId", "The product has no such approver.")
		}
		u, err := tx.User.Get(ctx, id)
		if err != nil {
			return err
		}
		e := approverEvent(eventlog.ApproverRemoved, p, u)
		e.Reason = input.OrZero(in.Reason)
		tx.Record(e)
		return nil
	})
}

// changeApprovers locks a product against other changes, and calls f, if the viewer may
// change its approvers.
func (svc *Service) changeApprovers(ctx context.Context, product string, f func(context.Context, *change.Tx, *db.Product) error) (*db.Product, error) {
	id, err := input.DecodeID(nodeid.Product, product)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Product, error) {
		p, err := change.LockRowForUpdate(ctx, tx, tx.Product, id) // two do not exceed the bound at once
		if err != nil {
			return nil, err
		}
		if err := tx.Authorize(policy.ChangeApprovers(p.OrganizationID)); err != nil {
			return nil, err
		}
		return p, f(ctx, tx, p)
	})
}

// endApprovals ends that a user is named for products, because the user is deleted or gets
// another role.
func endApprovals(ctx context.Context, tx *change.Tx, u *db.User, reason string) error {
	all, err := tx.ProductApprover.Query().Where(productapprover.UserID(u.ID)).Order(productapprover.ByCreatedAt(), productapprover.ByID()).WithProduct().All(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if err := tx.ProductApprover.DeleteOne(a).Exec(ctx); err != nil {
			return err
		}
		e := approverEvent(eventlog.ApproverRemoved, a.Edges.Product, u)
		e.Reason = reason
		tx.Record(e)
	}
	return nil
}

func approverEvent(t eventlog.Type, p *db.Product, u *db.User) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Product, SubjectID: p.ID, SubjectName: p.Name, Changes: change.Attributes("approver", u.Name, "userId", u.GlobalID())}
}

// ApproversOfProducts returns the same page of the approvers of many products.
func (svc *Service) ApproversOfProducts(ctx context.Context, products []uuid.UUID, r listing.Request) (listing.Pages[*db.User], error) {
	ch := listing.Children[*db.User]{List: entity.UserList(), Through: &listing.Through{Name: "approvers", Join: func(s *sql.Selector) string {
		t := sql.Dialect(s.Dialect()).Table(productapprover.Table)
		s.Join(t).On(s.C(user.FieldID), t.C(productapprover.FieldUserID))
		return t.C(productapprover.FieldProductID)
	}}}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.All(func() listing.Query[*db.User] { return svc.client.User.Query() }), products, listing.Order{}, r)
}
