package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/productgrant"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// OwningAccount returns the account that a new object will belong to, locked
// against deletion: the one an administrator names, or the developer's account.
func OwningAccount(ctx context.Context, tx *change.Tx, given *string) (*db.Account, error) {
	id := tx.Viewer.AccountID
	if given != nil {
		var ok bool
		if id, ok = nodeid.Decode(nodeid.Account, *given); !ok {
			return nil, errUnknownAccount()
		}
	} else if tx.Viewer.Role != viewer.Portal {
		return nil, fault.Input(fault.Required, "accountId", "Name the account that it belongs to.")
	} else if id == uuid.Nil {
		return nil, fault.New(fault.CodeForbidden, fault.ReasonNotAMember, "You do not belong to an account.")
	}
	return lockAccountForShare(ctx, tx, id)
}

// lockAccountForShare reads and locks an account that the input refers to.
func lockAccountForShare(ctx context.Context, tx *change.Tx, id uuid.UUID) (*db.Account, error) {
	a, err := change.LockRowForShare(ctx, tx, tx.Account, id)
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
func (svc *Service) CreateAccount(ctx context.Context, in CreateAccountInput) (*db.Account, error) {
	profile := input.OrZero(in.Profile)
	if err := fault.Collect(input.CheckName("name", in.Name), input.CheckProfile("profile", profile)); err != nil {
		return nil, err
	}
	profile = input.NormalizeProfile(profile)
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Account, error) {
		if err := tx.Authorize(policy.CreateAccount(tx.OrganizationID())); err != nil {
			return nil, err
		}
		out, err := FillAccount(tx.Account.Create(), tx.OrganizationID(), in.Name, tx.Now).SetProfile(profile).Save(ctx)
		if err != nil {
			return nil, err
		}
		tx.Record(AccountCreated(out))
		return out, nil
	})
}

// addOwnAccount makes an account that a new developer owns, who comes without having been
// put into one.
func addOwnAccount(ctx context.Context, tx *change.Tx, u *db.User, name string) (*db.Account, error) {
	acc, err := FillAccount(tx.Account.Create(), u.OrganizationID, name, tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	tx.Record(AccountCreated(acc))
	_, err = addMember(ctx, tx, acc, u, nil, "") // the first is the owner
	return acc, err
}

// FillAccount sets what each new account has.
func FillAccount(c *db.AccountCreate, organization uuid.UUID, name string, at time.Time) *db.AccountCreate {
	return c.SetOrganizationID(organization).SetName(name).SetNameFolded(domain.Fold(name)).SetCreatedAt(at).SetUpdatedAt(at)
}

// AccountCreated returns the event of a new account.
func AccountCreated(a *db.Account) eventlog.Entry {
	return accountEvent(eventlog.AccountCreated, a, change.Attributes("name", a.Name, "profile", a.Profile))
}

// UpdateAccountInput is the input of UpdateAccount.
type UpdateAccountInput struct {
	AccountID string
	Version   *int
	Name      input.Patch[string]
	Profile   input.Patch[domain.Profile]
}

// UpdateAccount changes an account.
func (svc *Service) UpdateAccount(ctx context.Context, in UpdateAccountInput) (*db.Account, error) {
	errs := []error{in.Name.Required("name"), input.CheckProfile("profile", in.Profile.Or(domain.Profile{}))}
	if in.Name.Value != nil {
		errs = append(errs, input.CheckName("name", *in.Name.Value))
	}
	if err := fault.Collect(errs...); err != nil {
		return nil, err
	}
	return svc.changeAccount(ctx, in.AccountID, byStatus(policy.UpdateAccount), func(ctx context.Context, tx *change.Tx, a *db.Account) (*db.Account, error) {
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
			given := input.NormalizeProfile(in.Profile.Or(domain.Profile{}))
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
func (svc *Service) SuspendAccount(ctx context.Context, id string, reason *string) (*db.Account, error) {
	return svc.setAccountStatus(ctx, id, reason, policy.SuspendAccount, access.AccountSuspended, eventlog.AccountSuspended)
}

// ResumeAccount ends the suspension of an account. An active account is
// returned unchanged.
func (svc *Service) ResumeAccount(ctx context.Context, id string, reason *string) (*db.Account, error) {
	return svc.setAccountStatus(ctx, id, reason, policy.ResumeAccount, access.AccountActive, eventlog.AccountResumed)
}

func (svc *Service) setAccountStatus(ctx context.Context, id string, reason *string, request func(uuid.UUID, access.AccountStatus) policy.Request, to access.AccountStatus, t eventlog.Type) (*db.Account, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return nil, err
	}
	return svc.changeAccount(ctx, id, byStatus(request), func(ctx context.Context, tx *change.Tx, acc *db.Account) (*db.Account, error) {
		if acc.Status == to {
			return acc, nil
		}
		e := accountEvent(t, acc, []domain.Change{{Field: "status", Before: domain.Text(acc.Status), After: domain.Text(to)}})
		e.Reason = input.OrZero(reason)
		tx.Record(e)
		return tx.Account.UpdateOne(acc).SetStatus(to).SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
	})
}

// DeleteAccount deletes an account and its apps, which its owners may do. It returns
// the account's opaque id.
func (svc *Service) DeleteAccount(ctx context.Context, id string, reason *string) (deleted string, err error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return "", err
	}
	request := func(organizationID, accountID uuid.UUID, _ access.AccountStatus) policy.Request {
		return policy.DeleteAccount(organizationID, accountID)
	}
	a, err := svc.changeAccount(ctx, id, request, func(ctx context.Context, tx *change.Tx, a *db.Account) (*db.Account, error) {
		if err := svc.endAccount(ctx, tx, a, input.OrZero(reason)); err != nil {
			return nil, err
		}
		if err := endInvitationsTo(ctx, tx, a); err != nil {
			return nil, err
		}
		if err := endGrantsTo(ctx, tx, a); err != nil {
			return nil, err
		}
		if err := revokeTokensOf(ctx, tx, a, input.OrZero(reason)); err != nil {
			return nil, err
		}
		e := accountEvent(eventlog.AccountDeleted, a, nil)
		e.Reason = input.OrZero(reason)
		tx.Record(e)
		return a, tx.Account.Update().Where(account.ID(a.ID)).SetDeletedAt(tx.Now).SetUpdatedAt(tx.Now).AddVersion(1).Exec(ctx)
	})
	if err != nil {
		return "", err
	}
	return a.GlobalID(), nil
}

// endGrantsTo ends that products are granted to an account that is being deleted, also by one
// of its owners.
func endGrantsTo(ctx context.Context, tx *change.Tx, a *db.Account) error {
	_, err := tx.ProductGrant.Delete().Where(productgrant.AccountID(a.ID)).Exec(viewer.AsSystem(ctx, a.OrganizationID))
	return err
}

// changeAccount locks an account, asks the policy and calls f. f decides what
// the account's own state forbids, since it knows whether the change has been
// applied already.
func (svc *Service) changeAccount(ctx context.Context, id string, request func(organizationID, accountID uuid.UUID, s access.AccountStatus) policy.Request, f func(context.Context, *change.Tx, *db.Account) (*db.Account, error)) (*db.Account, error) {
	accountID, err := input.DecodeID(nodeid.Account, id)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Account, error) {
		acc, v, err := lockTeam(ctx, tx, accountID)
		if err != nil {
			return nil, err
		}
		if err := change.Refusal(policy.Decide(v, request(acc.OrganizationID, acc.ID, acc.Status).WithoutConditions())); err != nil {
			return nil, err
		}
		return f(ctx, tx, acc)
	})
}

// byStatus is a request about an account of which only the status matters.
func byStatus(request func(uuid.UUID, access.AccountStatus) policy.Request) func(organizationID, accountID uuid.UUID, s access.AccountStatus) policy.Request {
	return func(organizationID, _ uuid.UUID, s access.AccountStatus) policy.Request {
		return request(organizationID, s)
	}
}

func accountEvent(t eventlog.Type, a *db.Account, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Account, SubjectID: a.ID, SubjectName: a.Name, AccountID: &a.ID, Changes: changes}
}
