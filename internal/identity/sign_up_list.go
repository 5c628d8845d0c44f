package identity

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"

	"portico/ent/db"
	"portico/ent/db/predicate"
	"portico/ent/db/signup"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// SignUpFilter narrows a list of sign-ups.
type SignUpFilter struct{ Status []domain.SignUpStatus }

// signUpsAt is a filter at a time.
type signUpsAt struct {
	SignUpFilter
	At time.Time
}

// SignUps returns a page of the organization's sign-ups.
func (svc *Service) SignUps(ctx context.Context, f SignUpFilter, o listing.Order, r listing.Request) (*paging.Page[*db.SignUp], error) {
	at := signUpsAt{SignUpFilter: f}
	if f.Status != nil {
		at.At = svc.clock.Now()
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.SignUpList(), listing.Filtered(at, svc.signUpQuery), o, r)
}

func (svc *Service) signUpQuery(f signUpsAt) listing.Query[*db.SignUp] {
	q := svc.client.SignUp.Query()
	if f.Status != nil {
		q.Where(signUpInStatus(f.Status, f.At))
	}
	return q
}

// signUpInStatus matches the sign-ups that are in one of some states at a time.
func signUpInStatus(status []domain.SignUpStatus, at time.Time) predicate.SignUp {
	any := []predicate.SignUp{func(s *sql.Selector) { s.Where(sql.False()) }}
	for _, x := range status {
		switch x {
		case domain.SignUpExpired:
			any = append(any, signup.And(signup.StateEQ(domain.SignUpUnverified), signup.ExpiresAtLTE(at)))
		case domain.SignUpStatus(domain.SignUpUnverified):
			any = append(any, signup.And(signup.StateEQ(domain.SignUpUnverified), signup.ExpiresAtGT(at)))
		default:
			any = append(any, signup.StateEQ(domain.SignUpState(x)))
		}
	}
	return signup.Or(any...)
}

// SignUpStatus returns what has become of a sign-up by now.
func (svc *Service) SignUpStatus(s *db.SignUp) domain.SignUpStatus {
	return StatusOfSignUp(s, svc.clock.Now())
}

// SignUpPermissions is what the viewer may do with a sign-up.
type SignUpPermissions struct{ Approve, Reject policy.Decision }

// SignUpPermissions asks the policy about a sign-up.
func (svc *Service) SignUpPermissions(ctx context.Context, s *db.SignUp) *SignUpPermissions {
	d := policy.Decide(viewer.Current(ctx), policy.DecideSignUp(s.OrganizationID, svc.SignUpStatus(s)))
	return &SignUpPermissions{Approve: d, Reject: d}
}
