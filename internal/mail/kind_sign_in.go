package mail

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/viewer"
)

// signInChanged is the letter to a person whose password, second factor or identity provider has changed,
// so that they notice if it was not they who did it.
func signInChanged() kind {
	return kind{
		name: domain.MailSignInChanged,
		events: []eventlog.Type{
			eventlog.UserPasswordChanged, eventlog.UserPasswordReset, eventlog.UserTotpEnabled, eventlog.UserTotpDisabled,
			eventlog.UserTotpReset, eventlog.UserRecoveryCodeUsed, eventlog.UserRecoveryCodesReplaced, eventlog.UserIdentityLinked,
		},
		recipients: func(ctx context.Context, r *reader, e *db.Event) ([]uuid.UUID, error) {
			if eventlog.Type(e.Type) == eventlog.UserIdentityLinked {
				// Whoever became a user by it knows.
				return r.client.User.Query().Where(user.ID(e.SubjectID), user.CreatedAtLT(e.At)).IDs(ctx)
			}
			return []uuid.UUID{e.SubjectID}, nil
		},
		facts: func(_ context.Context, _ *reader, e *db.Event) (Facts, bool, error) {
			return Facts{Change: e.Type, When: e.At, ByOperator: viewer.Role(e.ActorRole) == viewer.System, Path: "/sign-in"}, true, nil
		},
		sample: func(now time.Time) Facts {
			return Facts{Change: string(eventlog.UserTotpEnabled), When: now, Path: "/sign-in"}
		},
	}
}
