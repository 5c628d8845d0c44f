package gateway

import (
	"context"
	"database/sql"
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
)

// A token that is bound to products receives the accounts and apps that have, or
// have had, a subscription to one of them, and their credentials. A relation never
// ends, so that a gateway goes on receiving the changes of all it has received; an
// account or app that becomes related is sent whole.

// keepRelated removes accounts, apps and credentials without a relation to the
// token's products.
func (f *feed) keepRelated(ctx context.Context, c *keycache.Change) error {
	var apps, accounts []uuid.UUID
	for _, a := range c.Accounts {
		accounts = append(accounts, a.ID)
	}
	for _, a := range c.Apps {
		apps = append(apps, a.ID)
	}
	for _, k := range c.Credentials {
		if k.AppID != nil {
			apps = append(apps, *k.AppID)
		} else {
			accounts = append(accounts, k.AccountID)
		}
	}
	knownApps, err := f.relatedAmong(ctx, "app_id", slices.Concat(apps, c.GoneApps))
	if err != nil {
		return err
	}
	knownAccounts, err := f.relatedAmong(ctx, "account_id", slices.Concat(accounts, c.GoneAccounts))
	if err != nil {
		return err
	}
	c.Accounts = slices.DeleteFunc(c.Accounts, func(a keycache.Account) bool { return !knownAccounts[a.ID] })
	c.Apps = slices.DeleteFunc(c.Apps, func(a keycache.App) bool { return !knownApps[a.ID] })
	c.Credentials = slices.DeleteFunc(c.Credentials, func(k keycache.Credential) bool {
		return k.AppID != nil && !knownApps[*k.AppID] || k.AppID == nil && !knownAccounts[k.AccountID]
	})
	if c.GoneApps, err = f.keepRelatedGone(ctx, "apps", c.GoneApps, knownApps); err != nil {
		return err
	}
	c.GoneAccounts, err = f.keepRelatedGone(ctx, "accounts", c.GoneAccounts, knownAccounts)
	return err
}

// relatedAmong returns those of the ids that are related.
func (f *feed) relatedAmong(ctx context.Context, column string, among []uuid.UUID) (ids, error) {
	out := ids{}
	if len(among) == 0 {
		return out, nil
	}
	s := f.verifier.rows
	query := `SELECT DISTINCT ` + column + ` FROM subscriptions WHERE organization_id = $1 AND ` + s.in(column, "$2") + ` AND ` + s.in("product_id", "$3")
	return out, s.each(ctx, query, []any{f.follower.id, s.list(among), s.list(f.caller.Products)}, out.scan)
}

// keepRelatedGone removes ids of rows that are deleted and were never related. A
// purged row leaves no trace of its relations, so its id is kept.
func (f *feed) keepRelatedGone(ctx context.Context, table string, gone []uuid.UUID, related ids) ([]uuid.UUID, error) {
	if len(gone) == 0 {
		return nil, nil
	}
	s, kept := f.verifier.rows, ids{}
	query := `SELECT id FROM ` + table + ` WHERE organization_id = $1 AND ` + s.in("id", "$2")
	if err := s.each(ctx, query, []any{f.follower.id, s.list(gone)}, kept.scan); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(gone, func(id uuid.UUID) bool { return kept[id] && !related[id] }), nil
}

// scan adds the id in a row.
func (s ids) scan(r *sql.Rows) error {
	var id uuid.UUID
	err := r.Scan(&id)
	s[id] = true
	return err
}

// addRelated adds, for a token that is bound to products, the accounts and
// credentials of apps that have changed: they may have become related.
func (f *feed) addRelated(ctx context.Context, c *keycache.Change) error {
	if f.caller.Products.All() || len(c.Apps) == 0 {
		return nil
	}
	apps, accounts, sent := ids{}, ids{}, ids{}
	for _, a := range c.Apps {
		apps[a.ID], accounts[a.AccountID] = true, true
	}
	for _, k := range c.Credentials {
		sent[k.ID] = true
	}
	s := f.verifier.rows
	keys, err := s.credentials(ctx, `organization_id = $1 AND (`+s.in("app_id", "$2")+` OR app_id IS NULL AND `+s.in("account_id", "$3")+`)`,
		f.follower.id, s.list(apps.list()), s.list(accounts.list()))
	if err != nil {
		return err
	}
	for _, k := range rowsOf(keys) {
		if !sent[k.ID] {
			c.Credentials = append(c.Credentials, k)
		}
	}
	for _, a := range c.Accounts {
		delete(accounts, a.ID)
	}
	more, err := s.accountsByID(ctx, f.follower.id, accounts.list())
	c.Accounts = append(c.Accounts, more...)
	return err
}
