package identity

import (
	"context"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/membership"
	"portico/ent/db/predicate"
	"portico/ent/db/subscription"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/viewer"
)

// AccountFilter narrows a list of accounts.
type AccountFilter struct {
	// Search is found in the name.
	Search       *string
	NameContains *string
	Status       []access.AccountStatus
	// ProductIDs are those to which an app of the account has a live subscription.
	ProductIDs []string
}

// Accounts returns a page of the organization's accounts. What cannot be searched for is
// fault.CodeBadUserInput.
func (svc *Service) Accounts(ctx context.Context, f AccountFilter, o listing.Order, r listing.Request) (*paging.Page[*db.Account], error) {
	if err := input.CheckSearch(f.Search); err != nil {
		return nil, err
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.AccountList(), listing.Filtered(f, svc.accountQuery), o, r)
}

func (svc *Service) accountQuery(f AccountFilter) listing.Query[*db.Account] {
	q := svc.client.Account.Query()
	if f.Search != nil {
		q.Where(entity.SearchedAccounts().Contains(input.SearchText(*f.Search)))
	}
	if f.NameContains != nil {
		text := input.SearchText(*f.NameContains)
		q.Where(account.NameFoldedContains(text))
		if input.HasTrigram(text) { // so that the index finds them
			q.Where(entity.SearchedAccounts().Contains(text))
		}
	}
	if f.Status != nil {
		q.Where(account.StatusIn(f.Status...))
	}
	if f.ProductIDs != nil {
		q.Where(SubscribedToAny(subscription.FieldAccountID, input.DecodeIDs(nodeid.Product, f.ProductIDs)))
	}
	return q
}

// MembersOfAccounts returns the same page of the members of many accounts.
func (svc *Service) MembersOfAccounts(ctx context.Context, accounts []uuid.UUID, r listing.Request) (listing.Pages[*db.Membership], error) {
	ch := listing.Children[*db.Membership]{List: entity.MembershipList(), Column: membership.FieldAccountID, Parent: func(m *db.Membership) uuid.UUID { return m.AccountID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.All(func() listing.Query[*db.Membership] { return svc.client.Membership.Query() }),
		accounts, listing.Order{}, r)
}

// AccountsOfUser returns a page of the accounts a user belongs to. The user
// must be the viewer, or have just signed in: the accounts are read as Portico
// itself, because the row policy shows a viewer only the active one. A service token that
// acts for the user sees that one alone.
func (svc *Service) AccountsOfUser(ctx context.Context, user *db.User, r listing.Request) (*paging.Page[*db.Account], error) {
	if !viewer.Current(ctx).Acting() {
		ctx = viewer.AsSystem(ctx, user.OrganizationID)
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.AccountList(), listing.Filtered(user.ID, func(id uuid.UUID) listing.Query[*db.Account] {
		return svc.client.Account.Query().Where(account.DeletedAtIsNil(), memberOf(id))
	}), listing.Order{}, r)
}

// AccountsOfUsers returns the same page of the accounts that many users belong to, as
// far as the viewer may see them: developers see their own accounts as
// AccountsOfUser does, and of others the active one.
func (svc *Service) AccountsOfUsers(ctx context.Context, users []uuid.UUID, r listing.Request) (listing.Pages[*db.Account], error) {
	ch := listing.Children[*db.Account]{List: entity.AccountList(), Through: &listing.Through{Name: "members", Join: func(s *sql.Selector) string {
		t := sql.Dialect(s.Dialect()).Table(membership.Table)
		s.Join(t).On(s.C(account.FieldID), t.C(membership.FieldAccountID))
		return t.C(membership.FieldUserID)
	}}}
	all := listing.All(func() listing.Query[*db.Account] { return svc.client.Account.Query().Where(account.DeletedAtIsNil()) })
	out, v := listing.Pages[*db.Account]{}, viewer.Current(ctx)
	others := users
	if i := slices.Index(users, v.UserID); i >= 0 && !v.ActsForOrganization() && !v.Acting() {
		own, err := listing.ReadPages(viewer.AsSystem(ctx, v.OrganizationID), svc.entities.Lists, ch, all, users[i:i+1], listing.Order{}, r)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, own)
		others = slices.Delete(slices.Clone(users), i, i+1)
	}
	if len(others) == 0 {
		return out, nil
	}
	pages, err := listing.ReadPages(ctx, svc.entities.Lists, ch, all, others, listing.Order{}, r)
	maps.Copy(out, pages)
	return out, err
}

// memberOf matches the accounts that a user is a member of.
func memberOf(user uuid.UUID) predicate.Account {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(membership.Table)
		s.Where(sql.In(s.C(account.FieldID), sql.Dialect(s.Dialect()).Select(t.C(membership.FieldAccountID)).From(t).
			Where(sql.EQ(t.C(membership.FieldUserID), user))))
	}
}
