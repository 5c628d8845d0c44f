package identity

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/seldom"
	"portico/internal/viewer"
)

const (
	// requestClaim is how long a server may work on a request before another one
	// takes it for crashed.
	requestClaim = time.Minute
	// requestBatch is how many requests a server claims at a time.
	requestBatch = 20
	// longestSlug is more than any organization's slug has.
	longestSlug = 64
)

// resets wakes the work on requests.
type resets struct {
	log  *slog.Logger
	wake chan struct{}
}

func newResets(log *slog.Logger) *resets {
	if log == nil {
		log = slog.Default()
	}
	return &resets{log, make(chan struct{}, 1)}
}

func (r *resets) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// resetRequest is a row of password_reset_requests.
type resetRequest struct {
	id                                    uuid.UUID
	email, organization, client, requests string
	at                                    time.Time
}

func (svc *Service) storeResetRequest(ctx context.Context, in RequestPasswordResetInput, v viewer.Viewer) error {
	slug := []rune(input.Sanitize(input.OrZero(in.Organization)))
	_, err := svc.client.ExecContext(ctx, `INSERT INTO password_reset_requests (id, email_folded, organization, client, request_id, requested_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		uuid.Must(uuid.NewV7()).String(), in.Email.String(), string(slug[:min(len(slug), longestSlug)]), v.Address, v.RequestID, svc.clock.Now())
	return err
}

// RunPasswordResets works on requests for new passwords until ctx ends: at once on
// those that this server takes, and in between on those that another one has left.
func (svc *Service) RunPasswordResets(ctx context.Context) {
	tick := time.NewTicker(requestClaim)
	defer tick.Stop()
	for {
		if err := svc.AnswerResetRequests(ctx); err != nil && ctx.Err() == nil {
			svc.resets.log.ErrorContext(ctx, "requests for new passwords wait, because they could not be worked on", seldom.Line(seldom.Resets), "error", err)
		}
		select {
		case <-svc.resets.wake:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// AnswerResetRequests looks for the users of the requests that wait, and makes the
// link and the event of each, from which the letter follows. A crash in between
// leaves a request to be worked on again: its user may get a second letter, of which
// the newer link is valid.
func (svc *Service) AnswerResetRequests(ctx context.Context) error {
	for {
		claimed, err := svc.claimResetRequests(ctx)
		if err != nil || len(claimed) == 0 {
			return err
		}
		var errs []error
		for _, r := range claimed {
			err := svc.answerResetRequest(ctx, r)
			if err == nil {
				_, err = svc.client.ExecContext(ctx, `DELETE FROM password_reset_requests WHERE id = $1`, r.id.String())
			}
			errs = append(errs, err)
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
}

// claimResetRequests returns requests that no server is at work on, oldest first, and
// claims them for this one.
func (svc *Service) claimResetRequests(ctx context.Context) ([]resetRequest, error) {
	return change.Write(viewer.AsSystem(ctx, uuid.Nil), svc.changes, func(ctx context.Context, tx *change.Tx) (mine []resetRequest, err error) {
		const free = `(claimed_until IS NULL OR claimed_until <= $1)`
		waiting, err := readResetRequests(ctx, tx, `SELECT id, email_folded, organization, client, request_id, requested_at FROM password_reset_requests
			WHERE `+free+` ORDER BY requested_at, id LIMIT $2`, tx.Now, requestBatch)
		if err != nil {
			return nil, err
		}
		for _, r := range waiting {
			claimed, err := tx.ExecContext(ctx, `UPDATE password_reset_requests SET claimed_until = $2 WHERE id = $3 AND `+free, tx.Now, tx.Now.Add(requestClaim), r.id.String())
			if err != nil {
				return nil, err
			}
			if n, err := claimed.RowsAffected(); err != nil {
				return nil, err
			} else if n == 1 {
				mine = append(mine, r)
			}
		}
		return mine, nil
	})
}

func readResetRequests(ctx context.Context, q queryer, text string, args ...any) (out []resetRequest, err error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r resetRequest
		if err := rows.Scan(&r.id, &r.email, &r.organization, &r.client, &r.requests, &r.at); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// answerResetRequest makes the links of the users with the address: those for whom
// SignIn would verify a password.
func (svc *Service) answerResetRequest(ctx context.Context, r resetRequest) error {
	if svc.clock.Now().Sub(r.at) >= ResetLinkLife {
		return nil // nobody waits for it any more
	}
	known, err := svc.candidates(viewer.AsSystem(ctx, uuid.Nil), SignInInput{Email: address.ParseEmail(r.email), Organization: &r.organization})
	if err != nil {
		return change.PublicError(err)
	}
	var errs []error
	for _, one := range known.eligible {
		errs = append(errs, svc.answerFor(ctx, r, one))
	}
	return errors.Join(errs...)
}

// answerFor makes a user's link, unless the user has meanwhile set another password
// or may not sign in any more. Nobody has signed in, so the event has no actor, only
// the client's address.
func (svc *Service) answerFor(ctx context.Context, r resetRequest, one candidate) error {
	who := viewer.Viewer{OrganizationID: one.organization.ID, Address: r.client, RequestID: r.requests}
	return change.Exec(viewer.NewContext(ctx, who), svc.changes, func(ctx context.Context, tx *change.Tx) error {
		u, err := change.LockForUpdate(tx, tx.User.Query().Where(user.ID(one.user.ID))).Only(viewer.AsSystem(ctx, one.organization.ID))
		if db.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if !(candidate{user: u, organization: one.organization}).canSignIn(svc.development) || u.PasswordChangedAt != nil && u.PasswordChangedAt.After(r.at) {
			return nil
		}
		// Whoever comes in by an identity provider alone goes on doing so: a password would
		// open what the provider may close.
		if u.PasswordHash == "" {
			return nil
		}
		_, err = makeReset(ctx, tx, u, eventlog.UserResetRequested, "")
		return err
	})
}
