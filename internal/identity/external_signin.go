package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/internal/change"
	"portico/internal/viewer"
)

// SignInExternal begins a session of somebody who has signed in at an identity provider
// with a browser, as a password does. It makes no known device: nobody has shown a password.
//
// Who has a second factor is asked for it, unless the provider counts as one. Who would
// have to set one up first stays out, with ErrSecondFactor as the cause: whoever can sign
// in there could set up theirs.
func (svc *Service) SignInExternal(ctx context.Context, p Provider, a Arrival) (SignedIn, error) {
	u, err := svc.Arrive(ctx, p, a)
	if err != nil {
		return SignedIn{}, err
	}
	system := viewer.AsSystem(ctx, uuid.Nil)
	o, err := svc.client.Organization.Get(system, p.OrganizationID)
	if err != nil {
		return SignedIn{}, change.PublicError(err)
	}
	c := candidate{user: u, organization: o, provider: &p}
	switch {
	case p.SecondFactor:
	case c.mustSetUp():
		return SignedIn{}, notLetIn(ErrSecondFactor)
	case c.needsFactor():
		asked, err := svc.challenge(ctx, c, nil)
		return SignedIn{Challenge: asked}, change.PublicError(err)
	}
	out, err := svc.beginSession(system, ctx, c, nil, func(ctx context.Context, tx *change.Tx) error {
		if err := isCurrent(ctx, tx, p); err != nil || p.SecondFactor {
			return err
		}
		return checkNoFactor(ctx, tx, c)
	})
	return out, change.PublicError(err)
}
