package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// Approved is the result of ApproveSignUp.
type Approved struct {
	SignUp  *db.SignUp
	User    *db.User
	Account *db.Account
}

// ApproveSignUp makes a user of a sign-up that waits, with an account that the user owns.
func (svc *Service) ApproveSignUp(ctx context.Context, id string, note *string) (Approved, error) {
	if err := input.CheckReason("note", note); err != nil {
		return Approved{}, err
	}
	return decideSignUp(ctx, svc, id, func(ctx context.Context, tx *change.Tx, s *db.SignUp) (out Approved, err error) {
		e := signUpEvent(eventlog.SignUpApproved, s)
		e.Reason = input.OrZero(note)
		tx.Record(e)
		out.SignUp, out.User, out.Account, err = admit(viewer.AsSystem(ctx, s.OrganizationID), tx, s, decided(tx, s, e.Reason), uuid.Must(uuid.NewV7()), s.PasswordHash)
		if fault.Problems(err) != nil {
			return Approved{}, errHasUser("signUpId")
		}
		return out, err
	})
}

// RejectSignUp ends a sign-up that waits. The person is told the reason.
func (svc *Service) RejectSignUp(ctx context.Context, id, reason string) (*db.SignUp, error) {
	if err := input.RequireReason("reason", &reason, "the person"); err != nil {
		return nil, err
	}
	return decideSignUp(ctx, svc, id, func(ctx context.Context, tx *change.Tx, s *db.SignUp) (*db.SignUp, error) {
		e := signUpEvent(eventlog.SignUpRejected, s)
		e.Reason = reason
		tx.Record(e)
		return decided(tx, s, reason).SetState(domain.SignUpRejected).SetPasswordHash("").SetEndedAt(tx.Now).Save(ctx)
	})
}

// decided begins the update of a sign-up that the viewer decides.
func decided(tx *change.Tx, s *db.SignUp, reason string) *db.SignUpUpdateOne {
	u := tx.SignUp.UpdateOne(s).SetDecidedAt(tx.Now).SetReason(reason)
	if tx.Viewer.UserID != uuid.Nil && !tx.Viewer.ByToken() {
		u.SetDecidedBy(tx.Viewer.UserID)
	}
	return u
}

// decideSignUp locks a sign-up that waits, asks the policy and calls f: of two decisions
// at once, the second finds that it does not wait any more.
func decideSignUp[T any](ctx context.Context, svc *Service, id string, f func(context.Context, *change.Tx, *db.SignUp) (T, error)) (T, error) {
	signUpID, err := input.DecodeID(nodeid.SignUp, id)
	if err != nil {
		var none T
		return none, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (out T, err error) {
		s, err := change.LockRowForUpdate(ctx, tx, tx.SignUp, signUpID)
		if err != nil {
			return out, err
		}
		status := StatusOfSignUp(s, tx.Now)
		if err := tx.AuthorizeInState(policy.DecideSignUp(s.OrganizationID, status), "signUpId", string(status)); err != nil {
			return out, err
		}
		return f(ctx, tx, s)
	})
}
