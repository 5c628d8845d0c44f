package identity

import (
	"context"
	"strconv"
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
	Answers      []SignUpAnswerInput
	// TermsVersion is that of the organization's terms, if there are any.
	TermsVersion *string
}

// SignUpAnswerInput is the answer to a question of the organization's.
type SignUpAnswerInput struct{ Name, Value string }

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
	answers, err := checkAnswers(o, in.Answers)
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

// checkSignUpForm checks an organization's own questions.
func checkSignUpForm(field string, f domain.SignUpForm) error {
	return formProblems(field+".", f.Faults())
}

// checkAnswers returns the answers to an organization's questions.
func checkAnswers(o *db.Organization, in []SignUpAnswerInput) (domain.SignUpAnswers, error) {
	if err := input.AtMost("answers", len(in), domain.MaxSignUpQuestions); err != nil {
		return domain.SignUpAnswers{}, err
	}
	form := input.OrZero(o.SignUpForm)
	given, at := map[string]string{}, map[string]string{}
	var errs []error
	for i, a := range in {
		path := "answers." + strconv.Itoa(i)
		known := false
		for _, q := range form.Questions {
			known = known || q.Name == a.Name
		}
		if _, twice := given[a.Name]; twice || !known {
			errs = append(errs, fault.Input(fault.UnknownReference, path+".name", "The organization does not ask this, or it is answered twice."))
			continue
		}
		given[a.Name], at[a.Name] = a.Value, path+".value"
	}
	out, faults := form.Answer(given)
	for _, f := range faults {
		if f.Path == "" { // it is about all answers together
			errs = append(errs, formProblems("answers", []domain.FormFault{f}))
			continue
		}
		if at[f.Path] == "" { // the question is not among the answers
			errs = append(errs, fault.Input(fault.Required, "answers", "A question must be answered: "+f.Path+".", fault.Param{Name: "question", Value: f.Path}))
			continue
		}
		f.Path = at[f.Path]
		errs = append(errs, formProblems("", []domain.FormFault{f}))
	}
	return out, fault.Collect(errs...)
}

// formProblems turns the faults of a form into problems of the input.
func formProblems(prefix string, faults []domain.FormFault) error {
	errs := make([]error, len(faults))
	for i, f := range faults {
		field, most := prefix+f.Path, fault.Param{Name: "max", Value: strconv.Itoa(f.Max)}
		switch f.Kind {
		case domain.FormRequired:
			errs[i] = fault.Input(fault.Required, field, "This must be answered.")
		case domain.FormUnprintable:
			errs[i] = fault.Input(fault.InvalidCharacters, field, "This contains characters that cannot be shown.")
		case domain.FormTooLong:
			errs[i] = fault.Input(fault.TooLong, field, "This is too long.", most)
		case domain.FormTooMany:
			errs[i] = fault.Input(fault.TooMany, field, "These are too many.", most)
		case domain.FormTaken:
			errs[i] = fault.Input(fault.Taken, field, "This is there twice.")
		default:
			errs[i] = fault.Input(fault.InvalidValue, field, "This is not one of the values that are possible.")
		}
	}
	return fault.Collect(errs...)
}
