package portal

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// owningAccount returns the account that a new object will belong to, locked
// against deletion: the one an administrator names, or the developer's account.
func (c *change) owningAccount(ctx context.Context, given *string) (*db.Account, error) {
	id := c.viewer.AccountID
	if given != nil {
		var ok bool
		if id, ok = nodeid.Decode(nodeid.Account, *given); !ok {
			return nil, errUnknownAccount()
		}
	} else if c.viewer.Role != viewer.Portal {
		return nil, fault.Input(fault.Required, "accountId", "Say whose it shall be.")
	} else if id == uuid.Nil {
		return nil, fault.New(fault.CodeForbidden, fault.ReasonNotAMember, "You do not belong to an account.")
	}
	return c.lockAccountForShare(ctx, id)
}

// lockAccountForShare reads and locks an account that the input refers to.
func (c *change) lockAccountForShare(ctx context.Context, id uuid.UUID) (*db.Account, error) {
	a, err := lockForShare(c, c.Account.Query().Where(account.ID(id))).Only(ctx)
	if db.IsNotFound(err) {
		return nil, errUnknownAccount()
	}
	return a, err
}

func errUnknownAccount() error {
	return fault.Input(fault.UnknownReference, "accountId", "There is no such account.")
}

// CreateAccountInput is the input of CreateAccount.
type CreateAccountInput struct {
	Name    string
	Profile *domain.Profile
}

// CreateAccount creates an account.
func (p *Portal) CreateAccount(ctx context.Context, in CreateAccountInput) (out *db.Account, err error) {
	profile := deref(in.Profile)
	if err := fault.Collect(checkName("name", in.Name), checkProfile("profile", profile)); err != nil {
		return nil, err
	}
	profile = normalizeProfile(profile)
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		if err := c.authorize(policy.AccountCreate, policy.Object{OrganizationID: c.organization}); err != nil {
			return err
		}
		out, err = c.Account.Create().SetOrganizationID(c.organization).SetName(in.Name).SetNameFolded(domain.Fold(in.Name)).
			SetProfile(profile).SetCreatedAt(c.now).SetUpdatedAt(c.now).Save(ctx)
		if err != nil {
			return err
		}
		c.record(accountEvent(eventlog.AccountCreated, out, created("name", out.Name, "profile", out.Profile)))
		return nil
	})
	return out, err
}

// UpdateAccountInput is the input of UpdateAccount.
type UpdateAccountInput struct {
	AccountID string
	Version   *int
	Name      Patch[string]
	Profile   Patch[domain.Profile]
}

// UpdateAccount changes an account.
func (p *Portal) UpdateAccount(ctx context.Context, in UpdateAccountInput) (*db.Account, error) {
	errs := []error{in.Name.required("name"), checkProfile("profile", in.Profile.or(domain.Profile{}))}
	if in.Name.Value != nil {
		errs = append(errs, checkName("name", *in.Name.Value))
	}
	if err := fault.Collect(errs...); err != nil {
		return nil, err
	}
	return p.changeAccount(ctx, in.AccountID, policy.AccountUpdate, func(ctx context.Context, c *change, a *db.Account) (*db.Account, error) {
		if err := checkVersion(in.Version, a.Version); err != nil {
			return nil, err
		}
		u := c.Account.UpdateOne(a)
		var d diff
		if in.Name.Set {
			d.add("name", a.Name, *in.Name.Value)
			u.SetName(*in.Name.Value).SetNameFolded(domain.Fold(*in.Name.Value))
		}
		if in.Profile.Set {
			given := normalizeProfile(in.Profile.or(domain.Profile{}))
			d.add("profile", a.Profile, given)
			u.SetProfile(given)
		}
		if d.changes == nil {
			return a, nil
		}
		c.record(accountEvent(eventlog.AccountUpdated, a, d.changes))
		return u.AddVersion(1).SetUpdatedAt(c.now).Save(ctx)
	})
}

// SuspendAccount denies access to an account's developers and to its API keys.
// An account that is suspended already is returned unchanged.
func (p *Portal) SuspendAccount(ctx context.Context, id string, reason *string) (*db.Account, error) {
	return p.setAccountStatus(ctx, id, reason, policy.AccountSuspend, domain.AccountSuspended, eventlog.AccountSuspended)
}

// ResumeAccount ends the suspension of an account. An active account is
// returned unchanged.
func (p *Portal) ResumeAccount(ctx context.Context, id string, reason *string) (*db.Account, error) {
	return p.setAccountStatus(ctx, id, reason, policy.AccountResume, domain.AccountActive, eventlog.AccountResumed)
}

func (p *Portal) setAccountStatus(ctx context.Context, id string, reason *string, a policy.Action, to domain.AccountStatus, t eventlog.Type) (*db.Account, error) {
	if err := checkReason("reason", reason); err != nil {
		return nil, err
	}
	return p.changeAccount(ctx, id, a, func(ctx context.Context, c *change, acc *db.Account) (*db.Account, error) {
		if acc.Status == to {
			return acc, nil
		}
		e := accountEvent(t, acc, []domain.Change{{Field: "status", Before: text(acc.Status), After: text(to)}})
		e.Reason = deref(reason)
		c.record(e)
		return c.Account.UpdateOne(acc).SetStatus(to).SetUpdatedAt(c.now).AddVersion(1).Save(ctx)
	})
}

// DeleteAccount deletes an account and its apps. It returns the account's
// opaque id.
func (p *Portal) DeleteAccount(ctx context.Context, id string, reason *string) (deleted string, err error) {
	if err := checkReason("reason", reason); err != nil {
		return "", err
	}
	a, err := p.changeAccount(ctx, id, policy.AccountDelete, func(ctx context.Context, c *change, a *db.Account) (*db.Account, error) {
		why := deletionCause{domain.AccountDeleted, lifecycle.AccountDeleted, deref(reason)}
		apps, err := lockForUpdate(c, c.App.Query().Where(app.AccountID(a.ID)).Order(app.ByID())).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, one := range apps {
			if err := c.deleteApp(ctx, one, why); err != nil {
				return nil, err
			}
		}
		if err := c.endSanctions(ctx, a.ID, why); err != nil {
			return nil, err
		}
		keys, err := lockForUpdate(c, c.Credential.Query().Where(credential.AccountID(a.ID), credential.AppIDIsNil())).All(ctx)
		if err != nil {
			return nil, err
		}
		if err := c.revokeAll(ctx, keys, why.keys, why.reason); err != nil {
			return nil, err
		}
		e := accountEvent(eventlog.AccountDeleted, a, nil)
		e.Reason = why.reason
		c.record(e)
		if err := c.Credential.Update().Where(credential.AccountID(a.ID), credential.AppIDIsNil()).SetDeletedAt(c.now).Exec(ctx); err != nil {
			return nil, err
		}
		return a, c.Account.Update().Where(account.ID(a.ID)).SetDeletedAt(c.now).SetUpdatedAt(c.now).AddVersion(1).Exec(ctx)
	})
	if err != nil {
		return "", err
	}
	return a.GlobalID(), nil
}

// changeAccount locks an account, asks the policy and calls f. f decides what
// the account's own state forbids, since it knows whether the change has been
// applied already.
func (p *Portal) changeAccount(ctx context.Context, id string, a policy.Action, f func(context.Context, *change, *db.Account) (*db.Account, error)) (out *db.Account, err error) {
	accountID, err := decode(nodeid.Account, id)
	if err != nil {
		return nil, err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		acc, err := lockForUpdate(c, c.Account.Query().Where(account.ID(accountID))).Only(ctx)
		if err != nil {
			return err
		}
		if err := c.authorize(a, policy.Object{OrganizationID: acc.OrganizationID}); err != nil {
			return err
		}
		out, err = f(ctx, c, acc)
		return err
	})
	return out, err
}

func accountEvent(t eventlog.Type, a *db.Account, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Account, SubjectID: a.ID, SubjectName: a.Name, AccountID: &a.ID, Changes: changes}
}
