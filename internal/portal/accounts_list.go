package portal

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/membership"
	"portico/ent/db/predicate"
	"portico/internal/domain"
	"portico/internal/paging"
	"portico/internal/viewer"
)

// AccountFilter narrows a list of accounts.
type AccountFilter struct {
	NameContains *string
	Status       []domain.AccountStatus
}

func accountList() list[*db.Account] {
	return list[*db.Account]{"accounts", func(a *db.Account, column string) (any, uuid.UUID) {
		if column == account.FieldNameFolded {
			return a.NameFolded, a.ID
		}
		return a.CreatedAt, a.ID
	}, []string{account.FieldOrganizationID, account.FieldStatus}}
}

// Accounts returns a page of the organization's accounts.
func (p *Portal) Accounts(ctx context.Context, f AccountFilter, o Order, r Read) (*paging.Page[*db.Account], error) {
	return readPage(ctx, p, accountList(), func() listable[*db.Account, *db.AccountSelect] {
		q := p.client.Account.Query()
		if f.NameContains != nil {
			q.Where(account.NameFoldedContains(searchText(*f.NameContains)))
		}
		if f.Status != nil {
			q.Where(account.StatusIn(f.Status...))
		}
		return q
	}, o, r)
}

// MembersOfAccounts returns the same page of the members of many accounts.
func (p *Portal) MembersOfAccounts(ctx context.Context, accounts []uuid.UUID, r Read) (Pages[*db.Membership], error) {
	l := list[*db.Membership]{"members", func(m *db.Membership, _ string) (any, uuid.UUID) { return m.CreatedAt, m.ID },
		[]string{membership.FieldUserID, membership.FieldAccountID}}
	ch := children[*db.Membership]{list: l, column: membership.FieldAccountID, parent: func(m *db.Membership) uuid.UUID { return m.AccountID }}
	return readPages(ctx, p, ch, func() listable[*db.Membership, *db.MembershipSelect] { return p.client.Membership.Query() },
		accounts, Order{Column: membership.FieldCreatedAt}, r)
}

// AccountsOfUser returns a page of the accounts a user belongs to. The user
// must be the viewer, or have just signed in: the accounts are read as Portico
// itself, because the row policy shows a viewer only the active one.
func (p *Portal) AccountsOfUser(ctx context.Context, user *db.User, r Read) (*paging.Page[*db.Account], error) {
	ctx = viewer.NewContext(ctx, viewer.ForSystem(user.OrganizationID))
	return readPage(ctx, p, accountList(), func() listable[*db.Account, *db.AccountSelect] {
		return p.client.Account.Query().Where(account.DeletedAtIsNil(), memberOf(user.ID))
	}, Order{Column: account.FieldCreatedAt}, r)
}

// memberOf matches the accounts that a user is a member of.
func memberOf(user uuid.UUID) predicate.Account {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(membership.Table)
		s.Where(sql.In(s.C(account.FieldID), sql.Dialect(s.Dialect()).Select(t.C(membership.FieldAccountID)).From(t).
			Where(sql.EQ(t.C(membership.FieldUserID), user))))
	}
}
