package portal

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/internal/change"
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
func owningAccount(ctx context.Context, tx *change.Tx, given *string) (*db.Account, error) {
	id := tx.Viewer.AccountID
	if given != nil {
		var ok bool
		if id, ok = nodeid.Decode(nodeid.Account, *given); !ok {
			return nil, errUnknownAccount()
		}
	} else if tx.Viewer.Role != viewer.Portal {
		return nil, fault.Input(fault.Required, "accountId", "Say whose it shall be.")
	} else if id == uuid.Nil {
		return nil, fault.New(fault.CodeForbidden, fault.ReasonNotAMember, "You do not belong to an account.")
	}
	return lockAccountForShare(ctx, tx, id)
}

// lockAccountForShare reads and locks an account that the input refers to.
func lockAccountForShare(ctx context.Context, tx *change.Tx, id uuid.UUID) (*db.Account, error) {
	a, err := change.LockForShare(tx, tx.Account.Query().Where(account.ID(id))).Only(ctx)
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
func (p *Portal) CreateAccount(ctx context.Context, in CreateAccountInput) (*db.Account, error) {
	profile := deref(in.Profile)
	if err := fault.Collect(checkName("name", in.Name), checkProfile("profile", profile)); err != nil {
		return nil, err
	}
	profile = normalizeProfile(profile)
	return change.Write(ctx, p.changes, func(ctx context.Context, tx *change.Tx) (*db.Account, error) {
		if err := tx.Authorize(policy.AccountCreate, policy.Object{OrganizationID: tx.OrganizationID()}); err != nil {
			return nil, err
		}
		out, err := tx.Account.Create().SetOrganizationID(tx.OrganizationID()).SetName(in.Name).SetNameFolded(domain.Fold(in.Name)).
			SetProfile(profile).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return nil, err
		}
		tx.Record(accountEvent(eventlog.AccountCreated, out, change.Attributes("name", out.Name, "profile", out.Profile)))
		return out, nil
	})
}

// UpdateAccountInput is the input of UpdateAccount.
type UpdateAccountInput struct {
	AccountID string
	Version   *int
	Name      change.Patch[string]
	Profile   change.Patch[domain.Profile]
}

// UpdateAccount changes an account.
func (p *Portal) UpdateAccount(ctx context.Context, in UpdateAccountInput) (*db.Account, error) {
	errs := []error{in.Name.Required("name"), checkProfile("profile", in.Profile.Or(domain.Profile{}))}
	if in.Name.Value != nil {
		errs = append(errs, checkName("name", *in.Name.Value))
	}
	if err := fault.Collect(errs...); err != nil {
		return nil, err
	}
	return p.changeAccount(ctx, in.AccountID, policy.AccountUpdate, func(ctx context.Context, tx *change.Tx, a *db.Account) (*db.Account, error) {
		if err := change.CheckVersion(in.Version, a.Version); err != nil {
			return nil, err
		}
		u := tx.Account.UpdateOne(a)
		var d change.Diff
		if in.Name.Set {
			d.Add("name", a.Name, *in.Name.Value)
			u.SetName(*in.Name.Value).SetNameFolded(domain.Fold(*in.Name.Value))
		}
		if in.Profile.Set {
			given := normalizeProfile(in.Profile.Or(domain.Profile{}))
			d.Add("profile", a.Profile, given)
			u.SetProfile(given)
		}
		if d.Changes == nil {
			return a, nil
		}
		tx.Record(accountEvent(eventlog.AccountUpdated, a, d.Changes))
		return u.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
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
	return p.changeAccount(ctx, id, a, func(ctx context.Context, tx *change.Tx, acc *db.Account) (*db.Account, error) {
		if acc.Status == to {
			return acc, nil
		}
		e := accountEvent(t, acc, []domain.Change{{Field: "status", Before: domain.Text(acc.Status), After: domain.Text(to)}})
		e.Reason = deref(reason)
		tx.Record(e)
		return tx.Account.UpdateOne(acc).SetStatus(to).SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
	})
}

// DeleteAccount deletes an account and its apps. It returns the account's
// opaque id.
func (p *Portal) DeleteAccount(ctx context.Context, id string, reason *string) (deleted string, err error) {
	if err := checkReason("reason", reason); err != nil {
		return "", err
	}
	a, err := p.changeAccount(ctx, id, policy.AccountDelete, func(ctx context.Context, tx *change.Tx, a *db.Account) (*db.Account, error) {
		why := deletionCause{domain.AccountDeleted, lifecycle.AccountDeleted, deref(reason)}
		apps, err := change.LockForUpdate(tx, tx.App.Query().Where(app.AccountID(a.ID)).Order(app.ByID())).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, one := range apps {
			if err := deleteApp(ctx, tx, one, why); err != nil {
				return nil, err
			}
		}
		if err := endSanctions(ctx, tx, a.ID, why); err != nil {
			return nil, err
		}
		keys, err := change.LockForUpdate(tx, tx.Credential.Query().Where(credential.AccountID(a.ID), credential.AppIDIsNil())).All(ctx)
		if err != nil {
			return nil, err
		}
		if err := revokeAll(ctx, tx, keys, why.keys, why.reason); err != nil {
			return nil, err
		}
		e := accountEvent(eventlog.AccountDeleted, a, nil)
		e.Reason = why.reason
		tx.Record(e)
		if err := tx.Credential.Update().Where(credential.AccountID(a.ID), credential.AppIDIsNil()).SetDeletedAt(tx.Now).Exec(ctx); err != nil {
			return nil, err
		}
		return a, tx.Account.Update().Where(account.ID(a.ID)).SetDeletedAt(tx.Now).SetUpdatedAt(tx.Now).AddVersion(1).Exec(ctx)
	})
	if err != nil {
		return "", err
	}
	return a.GlobalID(), nil
}

// changeAccount locks an account, asks the policy and calls f. f decides what
// the account's own state forbids, since it knows whether the change has been
// applied already.
func (p *Portal) changeAccount(ctx context.Context, id string, a policy.Action, f func(context.Context, *change.Tx, *db.Account) (*db.Account, error)) (*db.Account, error) {
	accountID, err := decode(nodeid.Account, id)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, p.changes, func(ctx context.Context, tx *change.Tx) (*db.Account, error) {
		acc, err := change.LockForUpdate(tx, tx.Account.Query().Where(account.ID(accountID))).Only(ctx)
		if err != nil {
			return nil, err
		}
		if err := tx.Authorize(a, policy.Object{OrganizationID: acc.OrganizationID}); err != nil {
			return nil, err
		}
		return f(ctx, tx, acc)
	})
}

func accountEvent(t eventlog.Type, a *db.Account, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Account, SubjectID: a.ID, SubjectName: a.Name, AccountID: &a.ID, Changes: changes}
}
