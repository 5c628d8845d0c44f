package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/ent/db/signup"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

const (
	// SignUpLife is how long the link of a sign-up works.
	SignUpLife = 24 * time.Hour
	// MaxOpenSignUps is how many sign-ups of an organization may be unverified: a flood
	// of them fills no database. It takes many networks to reach it, see Limiter.
	MaxOpenSignUps = 5000
	// countedAlone is from how many on they are counted one after another: there is room for
	// more than can be under way at once, and below it nobody waits for a lock.
	countedAlone = MaxOpenSignUps - 500
)

// SignUpInput is the input of SignUp.
type SignUpInput struct {
	Organization string
	Email        address.Email
	Name         string
	AccountName  *string
	Language     *domain.Language
	Answers      []domain.AnswerInput
	// TermsVersion is that of the organization's terms, if there are any.
	TermsVersion *string
}

// SignUp notes that somebody wants to become a user, and has a letter sent to the address.
// It looks for no user: whoever has the address, the same is written, and the letter is
// composed afterwards. So neither the answer nor the work tells who exists.
//
// There is no password yet. Who signs up with a foreign address would otherwise know the
// password of a user whose owner merely followed the link.
func (svc *Service) SignUp(ctx context.Context, in SignUpInput) error {
	o, err := svc.signUpOrganization(ctx, in.Organization)
	if err != nil {
		return err
	}
	answers, err := input.Answers(input.OrZero(o.SignUpForm), in.Answers)
	terms, notAccepted := acceptedWith("termsVersion", o, in.TermsVersion)
	errs := []error{in.Email.Check("email"), input.CheckName("name", in.Name), err, notAccepted}
	if in.AccountName != nil {
		errs = append(errs, input.CheckName("accountName", *in.AccountName))
	}
	if err := fault.Collect(errs...); err != nil {
		return err
	}
	account := input.Or(in.AccountName, in.Name)
	v := viewer.Current(ctx)
	if err := svc.limiter.CountSignUp(ctx, in.Email, v.Address); err != nil {
		return change.PublicError(err)
	}
	return change.Exec(viewer.NewContext(ctx, nobodyOf(o, v)), svc.changes, func(ctx context.Context, tx *change.Tx) error {
		if err := svc.checkMail(ctx, tx, domain.MailVerification, "An administrator can create users."); err != nil {
			return err
		}
		system := viewer.AsSystem(ctx, o.ID)
		if err := checkOpenSignUps(system, tx, o.ID); err != nil {
			return err
		}
		expires := tx.Now.Add(SignUpLife)
		s, err := tx.SignUp.Create().SetOrganizationID(o.ID).SetEmail(in.Email.Typed()).SetEmailFolded(in.Email).
			SetName(in.Name).SetAccountName(account).SetNillableLanguage(in.Language).SetAnswers(answers).SetNillableTermsVersion(terms).
			SetCreatedAt(tx.Now).SetExpiresAt(expires).SetEndedAt(expires).Save(system)
		if err != nil {
			return err
		}
		e := signUpEvent(eventlog.SignUpRequested, s)
		e.Changes = change.Attributes("termsVersion", terms)
		tx.Record(e)
		return nil
	})
}

// nobodyOf returns who makes a change before there is a user: nobody, from a client.
func nobodyOf(o *db.Organization, v viewer.Viewer) viewer.Viewer {
	return viewer.Viewer{OrganizationID: o.ID, Address: v.Address, RequestID: v.RequestID}
}

// signUpOrganization returns the organization of a slug if people sign up there.
func (svc *Service) signUpOrganization(ctx context.Context, slug string) (*db.Organization, error) {
	o, err := svc.client.Organization.Query().Where(organization.Slug(input.Sanitize(slug))).Only(viewer.AsSystem(ctx, uuid.Nil))
	if db.IsNotFound(err) {
		return nil, errNoSignUp()
	}
	if err != nil {
		return nil, change.PublicError(err)
	}
	return o, checkSignUp(o)
}

// checkSignUp returns an error if nobody signs up in an organization.
func checkSignUp(o *db.Organization) error {
	if SignUpAllowed(o) {
		return nil
	}
	return errNoSignUp()
}

// SignUpAllowed reports whether the policies of an organization let people sign up. A
// password is what they sign in with.
func SignUpAllowed(o *db.Organization) bool {
	return o.SignUp != domain.SignUpInvitation && o.PasswordSignIn
}

// errNoSignUp is the error where nobody signs up: also where there is no organization.
func errNoSignUp() error {
	return fault.New(fault.CodeForbidden, fault.ReasonPolicy, "Nobody can sign up here. Please ask for an invitation.")
}

// checkOpenSignUps returns an error if an organization has as many unverified sign-ups as
// may be, with the time until the first of them expires.
func checkOpenSignUps(ctx context.Context, tx *change.Tx, organization uuid.UUID) error {
	unverified := tx.SignUp.Query().Where(signup.StateEQ(domain.SignUpUnverified), signup.ExpiresAtGT(tx.Now))
	open, err := unverified.Clone().Count(ctx)
	if err != nil || open < countedAlone {
		return err
	}
	if open < MaxOpenSignUps {
		if _, err := change.LockRowForUpdate(ctx, tx, tx.Organization, organization); err != nil {
			return err
		}
		if open, err = unverified.Clone().Count(ctx); err != nil || open < MaxOpenSignUps {
			return err
		}
	}
	first, err := unverified.Order(signup.ByExpiresAt()).First(ctx)
	if err != nil {
		return err
	}
	return fault.RetryAfter(fault.CodeRateLimited, fault.ReasonSignUps, first.ExpiresAt.Sub(tx.Now), "Too many people sign up at the moment. Please try again later.")
}

// SignUpToken returns the token of a sign-up's link, for the letter that has it.
func (svc *Service) SignUpToken(id uuid.UUID) string { return svc.links.Issue(LinkSignUp, id) }

// StatusOfSignUp returns what has become of a sign-up by a time.
func StatusOfSignUp(s *db.SignUp, now time.Time) domain.SignUpStatus {
	if s.State == domain.SignUpUnverified && !s.ExpiresAt.After(now) {
		return domain.SignUpExpired
	}
	return domain.SignUpStatus(s.State)
}

// signUpEvent returns an event about a sign-up. It has neither name nor address: the log
// outlives the sign-up, and who never answered has agreed to nothing.
func signUpEvent(t eventlog.Type, s *db.SignUp) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.SignUp, SubjectID: s.ID}
}
