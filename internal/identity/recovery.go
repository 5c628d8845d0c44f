package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// ResetLinkLife is how long a link sets a new password.
const ResetLinkLife = 30 * time.Minute

// RequestPasswordResetInput is the input of RequestPasswordReset.
type RequestPasswordResetInput struct {
	Email        address.Email
	Organization *string
}

// RequestPasswordReset asks for a letter with a link that sets a new password. It
// looks for no user: it counts the request and stores it, whatever the address, and
// RunPasswordResets does the rest. So neither the answer nor the work tells who
// exists.
func (svc *Service) RequestPasswordReset(ctx context.Context, in RequestPasswordResetInput) error {
	if !svc.canMail {
		return errNoMail("Portico sends no letters here. Please ask an administrator for a new password.")
	}
	if err := in.Email.Check("email"); err != nil {
		return err
	}
	v := viewer.Current(ctx)
	if err := svc.limiter.CountReset(ctx, in.Email, v.Address); err != nil {
		return change.PublicError(err)
	}
	if err := svc.storeResetRequest(ctx, in, v); err != nil {
		return change.PublicError(err)
	}
	svc.resets.poke()
	return nil
}

// CanMail reports whether letters can be sent.
func (svc *Service) CanMail() bool { return svc.canMail }

// checkMail checks that the letter by which somebody is to be let in would be sent;
// instead says what to do else.
func (svc *Service) checkMail(ctx context.Context, tx *change.Tx, kind domain.MailKind, instead string) error {
	if !svc.canMail {
		return errNoMail("Portico sends no letters here. " + instead)
	}
	if svc.switchedOff == nil {
		return nil
	}
	off, err := svc.switchedOff(ctx, tx, kind)
	if err != nil || !off {
		return err
	}
	return errNoMail("The organization has switched these letters off. " + instead)
}

func errNoMail(message string) error {
	return fault.New(fault.CodeForbidden, fault.ReasonNoMail, message)
}

// SendPasswordReset sends a user a letter with a link that sets a new password.
func (svc *Service) SendPasswordReset(ctx context.Context, id string, reason *string) (*db.User, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return nil, err
	}
	return svc.changeUser(ctx, id, func(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, error) {
		if err := tx.Authorize(policy.SendPasswordReset(u.OrganizationID, u.ID)); err != nil {
			return nil, err
		}
		if err := svc.checkMail(ctx, tx, domain.MailPasswordReset, "Operators can print the link."); err != nil {
			return nil, err
		}
		if err := svc.checkResettable(ctx, tx, u, "userId"); err != nil {
			return nil, err
		}
		_, err := makeReset(ctx, tx, u, eventlog.UserResetRequested, input.OrZero(reason))
		return u, err
	})
}

// ResetLink is a link that sets a new password.
type ResetLink struct {
	// Token is what ResetByLink takes.
	Token     string
	ExpiresAt time.Time
	User      *db.User
}

// PrintPasswordReset returns a link that sets a new password of a user, found by the
// organization's slug and the address, and sends no letter. It is only called by
// commands, as Portico itself.
func (svc *Service) PrintPasswordReset(ctx context.Context, slug string, email address.Email) (out ResetLink, err error) {
	if err := email.Check("email"); err != nil {
		return out, err
	}
	var id uuid.UUID
	out.User, err = svc.changeUserByAddress(ctx, slug, email, func(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, error) {
		if err := svc.checkResettable(ctx, tx, u, "email"); err != nil {
			return nil, err
		}
		out.ExpiresAt = tx.Now.Add(ResetLinkLife)
		id, err = makeReset(ctx, tx, u, eventlog.UserResetLinkPrinted, "")
		return u, err
	})
	out.Token = svc.links.Issue(LinkPasswordReset, id)
	return out, err
}

// ResetToken returns the token of the user's link that was made at a time, for the
// letter that contains it, and when it expires; ok is false if it is not valid any more.
func (svc *Service) ResetToken(ctx context.Context, user uuid.UUID, made time.Time) (token string, expiresAt time.Time, ok bool, err error) {
	found, err := readResets(ctx, svc.client, `user_id = $1 AND expires_at > $2`, user, svc.clock.Now())
	if err != nil || len(found) == 0 || !found[0].createdAt.Equal(made) {
		return "", time.Time{}, false, change.PublicError(err)
	}
	return svc.links.Issue(LinkPasswordReset, found[0].id), found[0].expiresAt, true, nil
}

// checkResettable returns the error for a locked user who may not sign in with a
// password; field is the input's that names the user.
func (svc *Service) checkResettable(ctx context.Context, tx *change.Tx, u *db.User, field string) error {
	if u.Status != domain.UserActive {
		return change.WrongStatus(field, "The user is disabled.", string(u.Status))
	}
	o, err := tx.Organization.Get(ctx, u.OrganizationID)
	if err == nil && !(candidate{user: u, organization: o}).canSignIn(svc.development) {
		return fault.Input(fault.NotAllowed, field, "The user may not sign in with a password.")
	}
	return err
}

// makeReset makes the link of a locked user, in the place of an older one, and
// returns the id that its token is derived from.
func makeReset(ctx context.Context, tx *change.Tx, u *db.User, t eventlog.Type, reason string) (uuid.UUID, error) {
	id, expires := uuid.Must(uuid.NewRandom()), tx.Now.Add(ResetLinkLife)
	_, err := tx.ExecContext(ctx, `INSERT INTO password_resets (id, organization_id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (user_id) DO UPDATE SET id = excluded.id, created_at = excluded.created_at, expires_at = excluded.expires_at`,
		id.String(), u.OrganizationID.String(), u.ID.String(), tx.Now, expires)
	if err != nil {
		return id, err
	}
	e := userEvent(t, u, change.Attributes("expiresAt", expires))
	e.Reason = reason
	tx.Record(e)
	return id, nil
}

// endReset ends the link of a locked user, because the password has changed or the
// user may not sign in any more.
func endReset(ctx context.Context, tx *change.Tx, u *db.User) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM password_resets WHERE user_id = $1`, u.ID.String())
	return err
}
