package mail

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/signup"
	"portico/ent/db/user"
	"portico/internal/domain"
	"portico/internal/eventlog"
)

// verification is the letter to an address with which somebody has signed up. Only this
// letter tells whether a user has the address: it has the link that verifies it, or else
// says that there is a user already. Nothing in it is of who has signed up, who may be a
// stranger.
func verification() kind {
	return kind{
		name:       domain.MailVerification,
		events:     []eventlog.Type{eventlog.SignUpRequested},
		recipients: signUpItself,
		addressee:  signedUp,
		facts: func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
			s, err := r.signUp(ctx, e.SubjectID)
			if err != nil || s == nil || s.State != domain.SignUpUnverified || !s.ExpiresAt.After(r.now) {
				return Facts{}, false, err
			}
			known, err := r.client.User.Query().Where(user.EmailFolded(s.EmailFolded)).Exist(ctx)
			if err != nil || known {
				return Facts{Known: true, Path: "/sign-in"}, true, err
			}
			return Facts{When: s.ExpiresAt, Path: verificationPage + "#token=" + r.signUps.SignUpToken(s.ID)}, true, nil
		},
		sample: func(now time.Time) Facts { return Facts{When: now.Add(day), Path: verificationPage} },
	}
}

// verificationPage is the front end's page that verifies an address. The token follows it
// in the fragment, which browsers send to no server.
const verificationPage = "/verify-email"

// signUpDecided is the letter to somebody whose sign-up an administrator has decided.
func signUpDecided() kind {
	return kind{
		name:       domain.MailSignUpDecided,
		events:     []eventlog.Type{eventlog.SignUpApproved, eventlog.SignUpRejected},
		recipients: signUpItself,
		addressee:  signedUp,
		facts: func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
			s, err := r.signUp(ctx, e.SubjectID)
			if err != nil || s == nil {
				return Facts{}, false, err
			}
			f := Facts{Reason: e.Reason, Approved: eventlog.Type(e.Type) == eventlog.SignUpApproved, Path: "/"}
			if !f.Approved {
				return f, true, nil
			}
			o, err := r.client.Organization.Get(ctx, s.OrganizationID)
			if err != nil {
				return Facts{}, false, err
			}
			f.Path, f.NoPassword = "/sign-in", !o.PasswordSignIn // it may have been turned off meanwhile
			return f, true, nil
		},
		sample: func(time.Time) Facts {
			return Facts{Approved: true, Reason: "Welcome aboard.", Path: "/sign-in"}
		},
	}
}

func signUpItself(_ context.Context, _ *reader, e *db.Event) ([]uuid.UUID, error) {
	return []uuid.UUID{e.SubjectID}, nil
}

// signedUp returns who gets a letter about a sign-up: the user who has the address, or
// else just the address. One that has been decided has the person's name.
func signedUp(ctx context.Context, r *reader, id uuid.UUID) (to addressee, ok bool, err error) {
	s, err := r.signUp(ctx, id)
	if err != nil || s == nil {
		return to, false, err
	}
	u, err := r.client.User.Query().Where(user.EmailFolded(s.EmailFolded)).Only(ctx)
	if db.IsNotFound(err) {
		to = addressee{email: s.Email, language: s.Language}
		if s.DecidedAt != nil {
			to.name = s.Name
		}
		return to, true, nil
	}
	if err != nil || u.Status != domain.UserActive {
		return to, false, err
	}
	return addressee{name: u.Name, email: u.Email, user: u}, true, nil
}

// signUp returns a sign-up; nil if it is gone.
func (r *reader) signUp(ctx context.Context, id uuid.UUID) (*db.SignUp, error) {
	s, err := r.client.SignUp.Query().Where(signup.ID(id)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	return s, err
}

// applicantName returns who has signed up, for those who decide.
func applicantName(s *db.SignUp) string { return brief(s.Name) + " (" + clean(s.Email) + ")" }

// applicant returns what those who decide are told of a sign-up, and false if it does not
// wait.
func (r *reader) applicant(ctx context.Context, id uuid.UUID) (Facts, bool, error) {
	s, err := r.signUp(ctx, id)
	if err != nil || s == nil || s.State != domain.SignUpWaiting {
		return Facts{}, false, err
	}
	return Facts{Applicant: applicantName(s), Account: brief(s.AccountName), Path: "/sign-ups/" + s.GlobalID()}, true, nil
}
