package identity

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/membership"
	"portico/internal/change"
)

// claimedAccounts are the locked accounts that claims name now, or have named before.
type claimedAccounts struct {
	byID map[uuid.UUID]*db.Account
	// before are those that they have named.
	before []uuid.UUID
}

// lockClaimed locks the accounts that claims name, and those that they named when they
// were applied last, in the order in which other changes lock them.
func lockClaimed(ctx context.Context, tx *change.Tx, identity uuid.UUID, a Arrival) (out claimedAccounts, err error) {
	out.byID = map[uuid.UUID]*db.Account{}
	if out.before, err = claimedBefore(ctx, tx, identity); err != nil {
		return out, err
	}
	ids := append(slices.Clone(a.Accounts), out.before...)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	for _, id := range slices.Compact(ids) {
		acc, err := change.LockRowForUpdate(ctx, tx, tx.Account, id)
		if db.IsNotFound(err) {
			continue // of another organization, or none
		}
		if err != nil {
			return out, err
		}
		if acc.DeletedAt == nil {
			out.byID[id] = acc
		}
	}
	return out, nil
}

func claimedBefore(ctx context.Context, q queryer, identity uuid.UUID) (out []uuid.UUID, err error) {
	rows, err := q.QueryContext(ctx, `SELECT account_id FROM external_memberships WHERE identity_id = $1`, identity)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// keepInStep makes a developer a member of the accounts that the claims newly name, and
// ends the memberships of those that they do not name any more. Who was removed from an
// account by somebody is not added again, as long as the claims go on naming it; and no
// account loses its last owner.
func keepInStep(ctx context.Context, tx *change.Tx, identity uuid.UUID, u *db.User, a Arrival, places claimedAccounts) error {
	if !belongsToAccounts(u.Role) || !a.NamesAccounts {
		return nil
	}
	for _, id := range a.Accounts {
		acc := places.byID[id]
		if acc == nil || slices.Contains(places.before, id) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO external_memberships (id, identity_id, account_id) VALUES ($1, $2, $3)`, uuid.Must(uuid.NewV7()), identity, id); err != nil {
			return err
		}
		member, err := tx.Membership.Query().Where(membership.AccountID(id), membership.UserID(u.ID)).Exist(ctx)
		if err != nil {
			return err
		}
		if member {
			continue
		}
		if _, err := addMember(ctx, tx, acc, u, nil, "role"); err != nil {
			return err
		}
	}
	for _, id := range places.before {
		if slices.Contains(a.Accounts, id) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM external_memberships WHERE identity_id = $1 AND account_id = $2`, identity, id); err != nil {
			return err
		}
		if err := leaveClaimed(ctx, tx, u, id); err != nil {
			return err
		}
	}
	return nil
}

// leaveClaimed ends a membership that claims name no more, if there is one.
func leaveClaimed(ctx context.Context, tx *change.Tx, u *db.User, account uuid.UUID) error {
	m, err := tx.Membership.Query().Where(membership.AccountID(account), membership.UserID(u.ID)).Only(ctx)
	if db.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if last, err := lastOwner(ctx, tx, m.ID); err != nil || last {
		return err
	}
	return removeMember(ctx, tx, m, "The identity provider does not name the account any more.")
}

// ownAccountFor makes a new developer the owner of an account, unless the claims have
// named one.
func (svc *Service) ownAccountFor(ctx context.Context, tx *change.Tx, u *db.User) error {
	member, err := tx.Membership.Query().Where(membership.UserID(u.ID)).Exist(ctx)
	if err != nil || member {
		return err
	}
	_, err = addOwnAccount(ctx, tx, u, u.Name)
	return err
}
