package mail

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/signup"
	"portico/internal/domain"
	"portico/internal/eventlog"
)

// welcome is the letter to a new user whom somebody else has created, or who has signed
// up. It says nothing about the password.
func welcome() kind {
	return kind{
		name:   domain.MailWelcome,
		events: []eventlog.Type{eventlog.UserCreated},
		recipients: func(ctx context.Context, r *reader, e *db.Event) ([]uuid.UUID, error) {
			new := []uuid.UUID{e.SubjectID}
			s, err := r.signUpOf(ctx, e.SubjectID)
			switch {
			case err != nil:
				return nil, err
			case s == nil:
				return without(new, e.ActorID), nil
			case s.DecidedAt != nil:
				return nil, nil // the letter about the decision says it
			}
			return new, nil
		},
		facts: func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
			s, err := r.signUpOf(ctx, e.SubjectID)
			return Facts{SignedUp: s != nil, Path: "/sign-in"}, err == nil, err
		},
		sample: func(time.Time) Facts { return Facts{Path: "/sign-in"} },
	}
}

// signUpOf returns the sign-up that a user comes from; nil if there is none.
func (r *reader) signUpOf(ctx context.Context, user uuid.UUID) (*db.SignUp, error) {
	s, err := r.client.SignUp.Query().Where(signup.PersonID(user)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	return s, err
}
