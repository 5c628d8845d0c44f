package identity

import (
	"context"
	stdsql "database/sql"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/viewer"
)

// maxArrivals is how often an arrival begins anew because somebody was faster.
const maxArrivals = 5

// externalIdentity is a row of external_identities.
type externalIdentity struct {
	id, user uuid.UUID
	at       time.Time
}

func (x externalIdentity) isNews(a Arrival) bool { return a.isNews(x.at) }

const identityText = `SELECT id, user_id, claims_at FROM external_identities WHERE provider_id = $1 AND subject = $2`

// lockIdentity is identityOf for a change, until whose end others that apply the same
// person's claims wait.
func lockIdentity(ctx context.Context, tx *change.Tx, provider uuid.UUID, subject string) (externalIdentity, bool, error) {
	return scanIdentity(tx.QueryContext(ctx, tx.ForUpdate(identityText), provider, subject))
}

func identityOf(ctx context.Context, q queryer, provider uuid.UUID, subject string) (externalIdentity, bool, error) {
	return scanIdentity(q.QueryContext(ctx, identityText, provider, subject))
}

func scanIdentity(rows *stdsql.Rows, err error) (x externalIdentity, found bool, _ error) {
	if err == nil {
		err = scanOne(rows, &x.id, &x.user, &x.at)
	}
	if errors.Is(err, stdsql.ErrNoRows) {
		return x, false, nil
	}
	return x, err == nil, err
}

// Arrive returns the user who arrives by a provider. At first sight it is made or linked,
// as the provider's settings say, and what the claims say of accounts is kept in step.
// Whoever is disabled or deleted stays out, and so does everybody else who may not come in:
// there is one error for all.
func (svc *Service) Arrive(ctx context.Context, p Provider, a Arrival) (*db.User, error) {
	system := viewer.AsSystem(ctx, p.OrganizationID)
	if err := isCurrent(ctx, svc.client, p); err != nil {
		return nil, change.PublicError(err)
	}
	for tries := 1; ; tries++ {
		x, found, err := identityOf(ctx, svc.client, p.ID, a.Subject)
		if err != nil {
			return nil, change.PublicError(err)
		}
		if found && !x.isNews(a) {
			u, err := svc.client.User.Get(system, x.user)
			if err == nil {
				err = svc.checkArrived(u, a)
			}
			return u, change.PublicError(err)
		}
		u, err := svc.applyArrival(ctx, p, a)
		switch faster := svc.wasFaster(ctx, p, a, found, err); {
		case faster && tries < maxArrivals:
			continue
		case faster:
			return nil, notLetIn(err)
		}
		return u, err
	}
}

// wasFaster reports whether an arrival failed because the same person, or one with the same
// address, was faster; found is whether the person was known when it began.
func (svc *Service) wasFaster(ctx context.Context, p Provider, a Arrival, found bool, err error) bool {
	if _, taken := database.IsUnique(err); taken || fault.Problems(err) != nil {
		return true
	}
	if found || !fault.Is(err, fault.CodeUnauthenticated) {
		return false
	}
	// The own address looks like that of somebody else until the identity is there.
	_, known, failed := identityOf(ctx, svc.client, p.ID, a.Subject)
	return failed == nil && known
}

// Newcomer reports whether Arrive would make a user of who arrives by a provider, and
// whether of the staff.
func (svc *Service) Newcomer(ctx context.Context, p Provider, a Arrival) (isNew, staff bool, err error) {
	u, isNew, err := svc.whoArrives(ctx, p, a)
	if err != nil {
		return false, false, change.PublicError(err)
	}
	return isNew, isNew && !belongsToAccounts(u.Role), nil
}

// isCurrent returns an error if a provider was changed or removed since it was read.
func isCurrent(ctx context.Context, q queryer, p Provider) error {
	now, err := readProviders(ctx, q, `id = $1`, p.ID)
	if err == nil && (len(now) == 0 || now[0].Version != p.Version) {
		err = notLetIn(ErrProviderChanged)
	}
	return err
}

// lockCurrent is isCurrent for a change, until whose end the provider stays as it is.
func lockCurrent(ctx context.Context, tx *change.Tx, p Provider) error {
	// Changes of providers lock it too.
	if _, err := change.LockRowForShare(ctx, tx, tx.Organization, p.OrganizationID); err != nil {
		return err
	}
	return isCurrent(ctx, tx, p)
}

// checkArrived refuses a known user who may not come in.
func (svc *Service) checkArrived(u *db.User, a Arrival) error {
	switch {
	case u.Status != domain.UserActive:
		return errNotLetIn("the user is disabled or deleted")
	case u.MadeInDevelopment && !svc.development:
		return errNotLetIn("the user is demo data")
	case !claimsAllow(a.Role, u.Role):
		return errNotLetIn("the user is staff, and the claims do not say so")
	}
	return nil
}

// applyArrival is Arrive for somebody new, or whose claims have changed. The person makes
// the change.
func (svc *Service) applyArrival(ctx context.Context, p Provider, a Arrival) (*db.User, error) {
	u, isNew, err := svc.whoArrives(ctx, p, a)
	if err != nil {
		return nil, change.PublicError(err)
	}
	ctx = viewer.NewContext(ctx, asUser(viewer.Current(ctx), u, uuid.Nil))
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.User, error) {
		system := viewer.AsSystem(ctx, p.OrganizationID)
		if err := lockCurrent(system, tx, p); err != nil {
			return nil, err
		}
		x, found, err := lockIdentity(ctx, tx, p.ID, a.Subject)
		if err != nil {
			return nil, err
		}
		if found && (isNew || x.user != u.ID || !x.isNews(a)) { // somebody was faster: Arrive begins again
			return nil, fault.Input(fault.Taken, "email", "The person is known already.")
		}
		places, err := lockClaimed(system, tx, x.id, a)
		if err != nil {
			return nil, err
		}
		if isNew {
			u, err = addUserAs(system, tx, u.ID, u.Name, a.Email, "", u.Role)
		} else {
			u, err = change.LockForUpdate(tx, tx.User.Query().Where(user.ID(u.ID))).Only(system)
		}
		if err != nil {
			return nil, err
		}
		if err := svc.checkArrived(u, a); err != nil {
			return nil, err
		}
		if !found {
			if x.id, err = linkOnce(ctx, tx, p, a, u); err != nil {
				return nil, err
			}
		}
		if err := keepInStep(system, tx, x.id, u, a, places); err != nil {
			return nil, err
		}
		_, err = tx.ExecContext(ctx, `UPDATE external_identities SET claims_at = $2 WHERE id = $1`, x.id, a.IssuedAt)
		if err == nil && isNew && belongsToAccounts(u.Role) {
			err = svc.ownAccountFor(system, tx, u)
		}
		return u, err
	})
}

// whoArrives returns the user who an arriving person is, or one that is not stored yet.
func (svc *Service) whoArrives(ctx context.Context, p Provider, a Arrival) (u *db.User, isNew bool, err error) {
	system := viewer.AsSystem(ctx, p.OrganizationID)
	x, found, err := identityOf(ctx, svc.client, p.ID, a.Subject)
	if err != nil {
		return nil, false, err
	}
	if found {
		u, err = svc.client.User.Get(system, x.user)
		return u, false, err
	}
	if !a.Email.Valid() {
		return nil, false, errNotLetIn("the person is unknown, and the claims have no verified address")
	}
	u, err = svc.client.User.Query().Where(user.EmailFolded(a.Email), user.DeletedAtIsNil()).Only(system)
	switch {
	case err == nil && p.LinkByEmail && sameAddress(a.Email.Typed(), u.Email):
		return u, false, svc.checkArrived(u, a)
	case err == nil:
		return nil, false, errNotLetIn("a user has the address already, and the provider may not link by it")
	case !db.IsNotFound(err):
		return nil, false, err
	case p.CreateUsers != domain.CreatePortal:
		return nil, false, errNotLetIn("the person is unknown, and the provider makes no users")
	}
	u = &db.User{ID: uuid.Must(uuid.NewV7()), OrganizationID: p.OrganizationID, Role: a.Role, Name: a.Name, Status: domain.UserActive}
	if input.CheckName("name", u.Name) != nil {
		u.Name = a.Email.Local()
	}
	return u, true, nil
}

// sameAddress reports whether two addresses are spelled alike but for the case of ASCII
// letters. Addresses that fold to the same are one to Portico, and may be two mailboxes to
// a provider.
func sameAddress(a, b string) bool {
	return a == b || isASCII(a) && isASCII(b) && strings.EqualFold(a, b)
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// linkOnce links a locked user, unless it is somebody else at the provider already:
// addresses are given to the next one.
func linkOnce(ctx context.Context, tx *change.Tx, p Provider, a Arrival, u *db.User) (uuid.UUID, error) {
	known, err := exists(ctx, tx, `SELECT 1 FROM external_identities WHERE provider_id = $1 AND user_id = $2`, p.ID, u.ID)
	if err == nil && known {
		err = errNotLetIn("the user who has the address is somebody else at the provider")
	}
	if err != nil {
		return uuid.Nil, err
	}
	id := uuid.Must(uuid.NewV7())
	return id, link(ctx, tx, p, a, id, u)
}

// link records who a user is at a provider.
func link(ctx context.Context, tx *change.Tx, p Provider, a Arrival, id uuid.UUID, u *db.User) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO external_identities (id, organization_id, provider_id, subject, user_id, claims_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, p.OrganizationID, p.ID, a.Subject, u.ID, a.IssuedAt, tx.Now)
	tx.Record(userEvent(eventlog.UserIdentityLinked, u, change.Attributes("provider", p.Name)))
	return err
}
