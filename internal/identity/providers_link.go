package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
)

// LinkIdentity lets a user, found by the address, in by a provider from now on, as the
// person with an id there. Like UnlinkIdentity it is only called by commands, as Portico
// itself.
func (svc *Service) LinkIdentity(ctx context.Context, slug, name, subject string, e address.Email) error {
	if err := fault.Collect(e.Check("email"), input.CheckLine("subject", subject, maxSubject)); err != nil {
		return err
	}
	if subject == "" {
		return fault.Input(fault.Required, "subject", "Say who the person is at the provider.")
	}
	return svc.changeIdentity(ctx, slug, name, func(ctx context.Context, tx *change.Tx, p Provider) error {
		u, err := change.LockForUpdate(tx, tx.User.Query().Where(user.OrganizationID(p.OrganizationID), user.EmailFolded(e), user.DeletedAtIsNil())).Only(ctx)
		if db.IsNotFound(err) {
			return fault.Input(fault.UnknownReference, "email", "The organization has no user with this address.")
		}
		if err != nil {
			return err
		}
		if known, err := exists(ctx, tx, `SELECT 1 FROM external_identities WHERE provider_id = $1 AND (user_id = $2 OR subject = $3)`, p.ID, u.ID, subject); err != nil || known {
			if err == nil {
				err = fault.Input(fault.Taken, "subject", "The user is known at the provider, or somebody else has this id there: unlink that first.")
			}
			return err
		}
		// Whatever claims say first is news.
		return link(ctx, tx, p, Arrival{Subject: subject, IssuedAt: time.Unix(0, 0)}, uuid.Must(uuid.NewV7()), u)
	})
}

// UnlinkIdentity forgets who a person is at a provider, whose name and id of the person
// are given.
func (svc *Service) UnlinkIdentity(ctx context.Context, slug, name, subject string) error {
	return svc.changeIdentity(ctx, slug, name, func(ctx context.Context, tx *change.Tx, p Provider) error {
		x, found, err := identityOf(ctx, tx, p.ID, subject)
		if err != nil {
			return err
		}
		if !found {
			return fault.Input(fault.UnknownReference, "subject", "Nobody is known by this id there.")
		}
		u, err := tx.User.Get(ctx, x.user)
		if err != nil {
			return err
		}
		for _, text := range []string{`DELETE FROM external_memberships WHERE identity_id = $1`, `DELETE FROM external_identities WHERE id = $1`} {
			if _, err := tx.ExecContext(ctx, text, x.id); err != nil {
				return err
			}
		}
		tx.Record(userEvent(eventlog.UserIdentityUnlinked, u, change.Attributes("provider", p.Name)))
		return nil
	})
}

// changeIdentity makes a change of who a person is at an organization's provider.
func (svc *Service) changeIdentity(ctx context.Context, slug, name string, f func(context.Context, *change.Tx, Provider) error) error {
	_, err := svc.changeProviders(ctx, slug, func(ctx context.Context, tx *change.Tx, o *db.Organization) (Provider, error) {
		p, err := providerByName(ctx, tx, o.ID, name)
		if err == nil {
			err = f(ctx, tx, p)
		}
		return p, err
	})
	return err
}
