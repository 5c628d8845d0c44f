package graph_test

import (
	"context"
	"errors"

	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/plan"
	"portico/ent/db/user"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// owner is who owns a new row: what its columns refer to.
type owner struct{ organization, account, user, staff, app, key, product, plan uuid.UUID }

// ownerOf returns an account with what it owns, a person, and a product.
func (w *world) ownerOf(of uuid.UUID, by, product string) owner {
	ctx := portaltest.System(w.t)
	acc, err := w.Client.Account.Query().Where(account.ID(of)).Only(ctx)
	require.NoError(w.t, err)
	own, err := w.Client.App.Query().Where(app.AccountID(of)).First(ctx)
	require.NoError(w.t, err)
	key, err := w.Client.Credential.Query().Where(credential.AccountID(of), credential.AccessEQ(access.AllProducts)).First(ctx)
	require.NoError(w.t, err)
	staff, err := w.Client.User.Query().Where(user.OrganizationID(acc.OrganizationID), user.RoleEQ(domain.RoleAdmin)).First(ctx)
	require.NoError(w.t, err)
	offer, err := w.Client.Plan.Query().Where(plan.ProductID(uuidOf(w.ids[product]))).First(ctx)
	require.NoError(w.t, err)
	return owner{
		organization: acc.OrganizationID, account: acc.ID, user: w.people[by].UserID, staff: staff.ID,
		app: own.ID, key: key.ID, product: offer.ProductID, plan: offer.ID,
	}
}

// newRowOwner returns the owner of the new row that every viewer tries to create:
// the developer.
func (w *world) newRowOwner() owner { return w.ownerOf(w.one.Account.ID, "developer", "draft product") }

// ownOf returns the owner of the viewer's own rows; anonymous viewers and
// machines use the developer.
func (w *world) ownOf(who string) owner {
	switch who {
	case "admin:read", "admin:write", "subscriptions:decide", "users:act-as":
		return w.ownerOf(w.globex.ID, "admin", "product")
	case "other", "admin":
		return w.ownerOf(w.globex.ID, who, "product")
	case "foreign":
		return w.ownerOf(w.two.Account.ID, who, "foreign product")
	}
	return w.ownerOf(w.one.Account.ID, "developer", "product")
}

// adding is an attempt to create rows, one for each owner, in one statement.
type adding = func(context.Context, ...owner) error

// added returns an attempt that uses a table's builders.
func added[C, B interface{ Exec(context.Context) error }](create func() C, bulk func(...C) B, fill func(C, owner)) adding {
	return func(ctx context.Context, owners ...owner) error {
		all := make([]C, len(owners))
		for i, o := range owners {
			all[i] = create()
			fill(all[i], o)
		}
		if len(all) == 1 {
			return all[0].Exec(ctx)
		}
		return bulk(all...).Exec(ctx)
	}
}

// makeRow tries to create the row at stake: alone, and behind one of the
// viewer's own in the same statement. Both must have the same outcome.
func (m *matrix) makeRow(table string, v viewer.Viewer, own owner) outcome {
	ctx, stake := portaltest.As(m.t, v), m.newRowOwner()
	alone, behind := m.attempt(table, ctx, stake), m.attempt(table, ctx, own, stake)
	if alone != behind {
		return "alone: " + alone + ", behind a row of one's own: " + behind
	}
	return alone
}

// attempt creates rows and rolls back. If it is refused there must be no new
// row.
func (m *matrix) attempt(table string, ctx context.Context, owners ...owner) outcome {
	tx, err := m.Client.Tx(m.t.Context())
	require.NoError(m.t, err)
	defer func() { require.NoError(m.t, tx.Rollback(), "nothing is to stay") }()
	count := func() int {
		n, err := counting(tx.Client(), table)(portaltest.System(m.t), func(*sql.Selector) {})
		require.NoError(m.t, err)
		return n
	}
	before := count()
	err = tables()[table].adds(tx.Client())(ctx, owners...)
	switch {
	case barred(err):
		if count() != before {
			return "refused, and yet there are more rows"
		}
		return denied
	case err != nil:
		return outcome("the database refuses: " + err.Error())
	case count()-before != len(owners):
		return none
	}
	return yes
}

// barred reports whether an error is a refusal of the row policies.
func barred(err error) bool {
	var f *fault.Error
	return errors.Is(err, privacy.Deny) || errors.As(err, &f) && f.Reason == fault.ReasonAccountSuspended
}

// uuidOf returns the row's id of an opaque id.
func uuidOf(id string) uuid.UUID {
	_, row, _ := nodeid.Split(id)
	return row
}
