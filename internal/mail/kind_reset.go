package mail

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/eventlog"
)

// passwordReset is the letter with a link that sets a new password. One whose link was
// used, has expired or was replaced by a newer one has nothing to say.
func passwordReset() kind {
	return kind{
		name:   domain.MailPasswordReset,
		events: []eventlog.Type{eventlog.UserResetRequested},
		recipients: func(_ context.Context, _ *reader, e *db.Event) ([]uuid.UUID, error) {
			return []uuid.UUID{e.SubjectID}, nil
		},
		facts: func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
			token, expires, ok, err := r.resets.ResetToken(ctx, e.SubjectID, e.At)
			if err != nil || !ok {
				return Facts{}, false, err
			}
			return Facts{ByStaff: e.ActorID != nil, When: expires, Path: resetPath(token)}, true, nil
		},
		sample: func(now time.Time) Facts {
			return Facts{When: now.Add(30 * time.Minute), Path: resetPage} //nolint:mnd // as long as a real one
		},
	}
}

// resetPage is the front end's page that sets a new password.
const resetPage = "/reset-password"

// resetPath returns the page with the token, which follows in the fragment, because
// browsers send that to no server.
func resetPath(token string) string { return resetPage + "#token=" + token }

// ResetLink returns the link with a token that sets a new password, as letters have it.
func (svc *Service) ResetLink(token string) string { return svc.portalURL + resetPath(token) }
