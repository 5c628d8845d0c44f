package gateway

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/internal/gateway/source"
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
	organization, products, s := f.follower.id, f.caller.Products, f.verifier.source
	knownApps, err := s.RelatedApps(ctx, organization, slices.Concat(apps, c.GoneApps), products)
	if err != nil {
		return err
	}
	knownAccounts, err := s.RelatedAccounts(ctx, organization, slices.Concat(accounts, c.GoneAccounts), products)
	if err != nil {
		return err
	}
	c.Accounts = slices.DeleteFunc(c.Accounts, func(a keycache.Account) bool { return !knownAccounts[a.ID] })
	c.Apps = slices.DeleteFunc(c.Apps, func(a keycache.App) bool { return !knownApps[a.ID] })
	c.Credentials = slices.DeleteFunc(c.Credentials, func(k keycache.Credential) bool {
		return k.AppID != nil && !knownApps[*k.AppID] || k.AppID == nil && !knownAccounts[k.AccountID]
	})
	storedApps, err := s.StoredApps(ctx, organization, c.GoneApps)
	if err != nil {
		return err
	}
	storedAccounts, err := s.StoredAccounts(ctx, organization, c.GoneAccounts)
	if err != nil {
		return err
	}
	c.GoneApps = withoutUnrelated(c.GoneApps, storedApps, knownApps)
	c.GoneAccounts = withoutUnrelated(c.GoneAccounts, storedAccounts, knownAccounts)
	return nil
}

// withoutUnrelated removes from gone the ids of rows that are deleted and were never
// related. A purged row leaves no trace of its relations, so its id is kept.
func withoutUnrelated(gone []uuid.UUID, stored, related source.IDs) []uuid.UUID {
	return slices.DeleteFunc(gone, func(id uuid.UUID) bool { return stored[id] && !related[id] })
}

// addRelated adds, for a token that is bound to products, the accounts and
// credentials of apps that have changed: they may have become related.
func (f *feed) addRelated(ctx context.Context, c *keycache.Change) error {
	if f.caller.Products.All() || len(c.Apps) == 0 {
		return nil
	}
	apps, accounts, sent := source.IDs{}, source.IDs{}, source.IDs{}
	for _, a := range c.Apps {
		apps[a.ID], accounts[a.AccountID] = true, true
	}
	for _, k := range c.Credentials {
		sent[k.ID] = true
	}
	s := f.verifier.source
	credentials, err := s.CredentialsOf(ctx, f.follower.id, apps.List(), accounts.List())
	if err != nil {
		return err
	}
	for _, k := range credentials {
		if !sent[k.ID] {
			c.Credentials = append(c.Credentials, k)
		}
	}
	for _, a := range c.Accounts {
		delete(accounts, a.ID)
	}
	more, err := s.AccountsByID(ctx, f.follower.id, accounts.List())
	c.Accounts = append(c.Accounts, more...)
	return err
}
