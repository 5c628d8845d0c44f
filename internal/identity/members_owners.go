package identity

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db/membership"
	"portico/ent/db/predicate"
	"portico/ent/db/user"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// isLastOwner matches the memberships without which their account would have no
// owner who can sign in. That an administrator disables the last one is allowed:
// nobody else then holds the account, and administrators can make another owner.
func isLastOwner() predicate.Membership {
	return func(s *sql.Selector) {
		d := sql.Dialect(s.Dialect())
		other, person := d.Table(membership.Table).As("other_owners"), d.Table(user.Table).As("other_people")
		others := d.Select().From(other).Join(person).On(other.C(membership.FieldUserID), person.C(user.FieldID)).Where(sql.And(
			sql.ColumnsEQ(other.C(membership.FieldAccountID), s.C(membership.FieldAccountID)),
			sql.ColumnsNEQ(other.C(membership.FieldID), s.C(membership.FieldID)),
			sql.EQ(other.C(membership.FieldRole), string(domain.Owner)),
			sql.EQ(person.C(user.FieldStatus), string(domain.UserActive)),
		))
		s.Where(sql.And(sql.EQ(s.C(membership.FieldRole), string(domain.Owner)), sql.NotExists(others)))
	}
}

// lastOwner reports whether an account would have no owner who can sign in without
// one of its memberships. The caller has locked the account.
func lastOwner(ctx context.Context, tx *change.Tx, id uuid.UUID) (bool, error) {
	return tx.Membership.Query().Where(membership.ID(id), isLastOwner()).Exist(viewer.AsSystem(ctx, tx.OrganizationID()))
}

// LastOwners returns, of some memberships, those of the last owners of accounts.
func (svc *Service) LastOwners(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
	found, err := svc.client.Membership.Query().Where(predicate.Membership(database.AnyOf(membership.FieldID, ids)), isLastOwner()).IDs(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	out := make(map[uuid.UUID]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, nil
}
