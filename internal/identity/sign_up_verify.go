package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/signup"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/viewer"
)

// VerifyEmailInput is the input of VerifyEmail.
type VerifyEmailInput struct{ Token, Password string }

// Verified is the result of VerifyEmail.
type Verified struct {
	// Status is nil if it has failed.
	Status *domain.SignUpStatus
	// User and Account are nil if an administrator is to decide first.
	User    *db.User
	Account *db.Account
}

// VerifyEmail uses the link of a sign-up: who does reads the letters to the address, and
// chooses the password. Where sign-up is open, the person becomes a user with an account
// of the own, whom it does not sign in; else the sign-up waits for an administrator.
func (svc *Service) VerifyEmail(ctx context.Context, in VerifyEmailInput) (Verified, error) {
	id, ok := svc.links.Parse(LinkSignUp, in.Token)
	if !ok {
		return Verified{}, errDeadLink()
	}
	found, err := svc.client.SignUp.Query().Where(signup.ID(id)).Only(viewer.AsSystem(ctx, uuid.Nil))
	if db.IsNotFound(err) || err == nil && StatusOfSignUp(found, svc.clock.Now()) != domain.SignUpStatus(domain.SignUpUnverified) {
		return Verified{}, errDeadLink()
	}
	if err != nil {
		return Verified{}, change.PublicError(err)
	}
	o, err := svc.client.Organization.Get(viewer.AsSystem(ctx, found.OrganizationID), found.OrganizationID)
	if err != nil {
		return Verified{}, change.PublicError(err)
	}
	if err := svc.checkVerifiable(ctx, o, found, in.Password); err != nil {
		return Verified{}, err
	}
	hash, err := svc.passwords.Hash(ctx, in.Password)
	if err != nil {
		return Verified{}, err
	}
	// Who becomes a user makes the change; of somebody who waits there is no user yet.
	who := nobodyOf(o, viewer.Current(ctx))
	person := &db.User{ID: uuid.Must(uuid.NewV7()), OrganizationID: o.ID, Role: joinsAs, Name: found.Name}
	if o.SignUp == domain.SignUpOpen {
		who = asUser(who, person, uuid.Nil)
	}
	return change.Write(viewer.NewContext(ctx, who), svc.changes, func(ctx context.Context, tx *change.Tx) (Verified, error) {
		system := viewer.AsSystem(ctx, o.ID)
		now, err := tx.Organization.Get(system, o.ID)
		if err != nil {
			return Verified{}, err
		}
		if err := checkSignUp(now); err != nil {
			return Verified{}, err
		}
		if now.SignUp != o.SignUp {
			return Verified{}, fault.New(fault.CodeConflict, fault.ReasonConcurrentChange, "The organization has just changed who may sign up. Please try again.")
		}
		s, err := useSignUp(system, tx, found)
		if err != nil {
			return Verified{}, err
		}
		return verified(system, tx, s, now, person.ID, hash)
	})
}

// checkVerifiable checks what is known before the password is hashed, and again under the
// locks. A refusal does not use the link up, so that it could else be used to keep the
// server busy with hashing.
func (svc *Service) checkVerifiable(ctx context.Context, o *db.Organization, s *db.SignUp, password string) error {
	if err := checkSignUp(o); err != nil {
		return err
	}
	known, err := svc.client.User.Query().Where(user.EmailFolded(s.EmailFolded)).Exist(viewer.AsSystem(ctx, o.ID))
	if err != nil {
		return change.PublicError(err)
	}
	if known {
		return errHasUser("token")
	}
	return svc.passwords.Check("password", password, s.EmailFolded)
}

// endWaiting ends the sign-up of an address that waits, because somebody gets the address
// in another way: it can become nobody any more, and its password is not kept.
func endWaiting(ctx context.Context, tx *change.Tx, email address.Email) error {
	return tx.SignUp.Update().Where(signup.EmailFolded(email), signup.StateEQ(domain.SignUpWaiting)).
		SetState(domain.SignUpReplaced).SetPasswordHash("").SetEndedAt(tx.Now).Exec(ctx)
}

// useSignUp locks all sign-ups of an address, checks that one can be verified, and ends
// the others.
func useSignUp(ctx context.Context, tx *change.Tx, found *db.SignUp) (*db.SignUp, error) {
	// In the order of their ids, so that two changes do not wait for one another.
	all, err := change.LockForUpdate(tx, tx.SignUp.Query().Where(signup.EmailFolded(found.EmailFolded),
		signup.StateIn(domain.SignUpUnverified, domain.SignUpWaiting))).All(ctx)
	if err != nil {
		return nil, err
	}
	var out *db.SignUp
	for _, s := range all {
		if s.ID == found.ID && StatusOfSignUp(s, tx.Now) == domain.SignUpStatus(domain.SignUpUnverified) {
			out = s
		}
	}
	if out == nil {
		return nil, errDeadLink()
	}
	known, err := tx.User.Query().Where(user.EmailFolded(found.EmailFolded)).Exist(ctx)
	if err != nil {
		return nil, err
	}
	if known {
		return nil, errHasUser("token")
	}
	return out, tx.SignUp.Update().Where(signup.EmailFolded(found.EmailFolded), signup.IDNEQ(out.ID), signup.Or(
		signup.StateEQ(domain.SignUpWaiting), signup.And(signup.StateEQ(domain.SignUpUnverified), signup.ExpiresAtGT(tx.Now)))).
		SetState(domain.SignUpReplaced).SetPasswordHash("").SetEndedAt(tx.Now).Exec(ctx)
}

// errHasUser is the error for a sign-up whose address a user has. Only whoever has a valid
// link is told, and administrators.
func errHasUser(field string) error {
	return fault.Input(fault.Taken, field, "Somebody in the organization has this address already.")
}

// verified ends the verification of a locked sign-up, by the organization's policy.
func verified(ctx context.Context, tx *change.Tx, s *db.SignUp, o *db.Organization, person uuid.UUID, hash string) (out Verified, err error) {
	tx.Record(signUpEvent(eventlog.SignUpVerified, s))
	u := tx.SignUp.UpdateOne(s).SetVerifiedAt(tx.Now)
	if o.SignUp == domain.SignUpApproval {
		s, err = u.SetState(domain.SignUpWaiting).SetPasswordHash(hash).ClearEndedAt().Save(ctx)
	} else {
		s, out.User, out.Account, err = admit(ctx, tx, s, u, person, hash)
	}
	if err != nil {
		return Verified{}, err
	}
	status := domain.SignUpStatus(s.State)
	out.Status = &status
	return out, nil
}

// admit makes a user of a locked sign-up, with an account that the user owns; u is the
// update of the sign-up.
func admit(ctx context.Context, tx *change.Tx, s *db.SignUp, u *db.SignUpUpdateOne, person uuid.UUID, hash string) (*db.SignUp, *db.User, *db.Account, error) {
	made, err := insertUser(ctx, tx, person, s.Name, address.ParseEmail(s.Email), hash, joinsAs)
	if fault.Problems(err) != nil {
		return nil, nil, nil, errHasUser("token") // somebody got the address meanwhile
	}
	if err != nil {
		return nil, nil, nil, err
	}
	if made, err = keepAccepted(ctx, tx, made, s.TermsVersion, s.CreatedAt); err != nil {
		return nil, nil, nil, err
	}
	if s.Language != nil {
		if made, err = tx.User.UpdateOne(made).SetLanguage(*s.Language).Save(ctx); err != nil {
			return nil, nil, nil, err
		}
	}
	acc, err := addOwnAccount(ctx, tx, made, s.AccountName)
	if err != nil {
		return nil, nil, nil, err
	}
	s, err = u.SetState(domain.SignUpAccepted).SetPersonID(made.ID).SetPasswordHash("").ClearEndedAt().Save(ctx)
	return s, made, acc, err
}
