package command

import (
	"context"
	"fmt"

	"portico/internal/address"
)

type userResetTotpCommand struct{ userNamed }

// Help returns what else happens.
func (userResetTotpCommand) Help() string {
	return "Make sure first who asks for it. All of the user's sessions end with their next request, and they can set up a new authenticator app; " +
		"where administrators need one, they do so when they sign in. Without a second factor nothing changes."
}

// Run removes a user's second factor.
func (u userResetTotpCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		changed, removed, err := b.portal.Identity.ResetTotpByAddress(ctx, u.Organization, address.ParseEmail(u.Email))
		if err != nil {
			return err
		}
		says := "%s of %s has no second factor; nothing was changed.\n"
		if removed {
			says = "The second factor of %s of %s was removed; all sessions have ended.\n"
		}
		_, err = fmt.Fprintf(p.stderr, says, changed.Email, u.Organization)
		return err
	})
}
