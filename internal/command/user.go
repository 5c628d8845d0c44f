package command

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/domain"
	"portico/internal/input"
)

type userCreateCommand struct {
	Organization string `required:"" placeholder:"SLUG" help:"The organization's slug."`
	Email        string `required:"" help:"The address to sign in with."`
	Name         text   `required:"" help:"The name that people see."`
}

// Help returns where the password is read from.
func (userCreateCommand) Help() string {
	return "The command asks for the password at a terminal; otherwise it is the first line of standard input. It has at least 12 characters."
}

// Run creates an administrator.
func (u userCreateCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		password, err := readPassword(ctx, p.stdin, p.stderr)
		if err != nil {
			return err
		}
		created, err := b.portal.Identity.CreateStaff(ctx, u.Organization, string(u.Name), address.ParseEmail(u.Email), password)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stderr, "%s may sign in as an administrator of %s.\n", created.Email, u.Organization)
		return err
	})
}

type userListCommand struct {
	Organization string `required:"" placeholder:"SLUG" help:"The organization's slug."`
}

// Help returns the order of the list.
func (userListCommand) Help() string {
	return "The oldest comes first; times are in UTC. LOCKED OUT is until when failed sign-ins keep out a client or device (some), " +
		"or everybody who comes from where nobody has signed in as the user before (everywhere); `portico user unlock` ends both."
}

// Run lists an organization's users.
func (u userListCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		all, err := b.portal.Identity.UsersOf(ctx, u.Organization)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			_, err := fmt.Fprintf(p.stderr, "The organization %s has no users.\n", u.Organization)
			return err
		}
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "EMAIL\tNAME\tROLE\tSTATUS\tCREATED\tLAST SIGN-IN\tLOCKED OUT") // Flush reports errors
		for _, one := range all {
			out, err := b.Limiter.Lockout(ctx, one.EmailFolded, one.ID, input.OrZero(one.SignInUnlockedAt), input.OrZero(one.CodesUnlockedAt))
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", one.Email, one.Name, one.Role, one.Status, formatMinute(&one.CreatedAt), formatMinute(one.LastSignInAt), lockedOut(out))
		}
		return w.Flush()
	})
}

// lockedOut returns who is locked out, and until when, rounded up to the minute
// so that no user tries too early.
func lockedOut(out auth.Lockout) string {
	until := func(t time.Time) string {
		t = t.Add(time.Minute - 1).Truncate(time.Minute)
		return formatMinute(&t)
	}
	switch {
	case !out.Everywhere.IsZero():
		return "everywhere until " + until(out.Everywhere)
	case !out.Somewhere.IsZero():
		return "some clients until " + until(out.Somewhere)
	}
	return formatMinute(nil)
}

// userNamed are the arguments that name a user.
type userNamed struct {
	Organization string `required:"" placeholder:"SLUG" help:"The organization's slug."`
	Email        string `required:"" help:"The address that the user signs in with."`
}

type userResetPasswordCommand struct {
	userNamed
	Link bool `help:"Print a link that sets a new password, and set none."`
}

// Help returns where the password is read from and what else happens.
func (userResetPasswordCommand) Help() string {
	return "The command asks for the new password at a terminal; otherwise it is the first line of standard input. It has at least 12 characters. " +
		"All of the user's sessions end with their next request, and failed sign-ins are forgiven.\n\n" +
		"With --link it asks for nothing and prints a link to give to the user, who then chooses the password. It works once, for 30 minutes, and replaces an earlier one; no letter is sent."
}

// Run sets a user's new password, or prints a link that does.
func (u userResetPasswordCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		if u.Link {
			return u.printLink(ctx, p, b)
		}
		password, err := readPassword(ctx, p.stdin, p.stderr)
		if err != nil {
			return err
		}
		changed, err := b.portal.Identity.ResetPassword(ctx, u.Organization, address.ParseEmail(u.Email), password)
		if err != nil {
			return err
		}
		note := ""
		if changed.Status != domain.UserActive {
			note = " The user is still disabled."
		}
		_, err = fmt.Fprintf(p.stderr, "%s of %s has a new password; all sessions have ended.%s\n", changed.Email, u.Organization, note)
		return err
	})
}

// printLink prints the link alone to the standard output, and what it is to the other.
func (u userResetPasswordCommand) printLink(ctx context.Context, p *program, b *opened) error {
	link, err := b.portal.Identity.PrintPasswordReset(ctx, u.Organization, address.ParseEmail(u.Email))
	if err != nil {
		return err
	}
	note := ""
	if p.config.PortalURL == "" {
		note = " Where the portal's front end is, PORTICO_PORTAL_URL does not say: put its address before the link."
	}
	_, err = fmt.Fprintf(p.stderr, "%s of %s sets a new password with this link, once, until %s (UTC).%s\n", link.User.Email, u.Organization, formatMinute(&link.ExpiresAt), note)
	if err == nil {
		_, err = fmt.Fprintln(p.stdout, b.portal.Mail.ResetLink(link.Token))
	}
	return err
}

type userUnlockCommand struct{ userNamed }

// Help returns which sign-ins it applies to.
func (userUnlockCommand) Help() string {
	return "The right password is accepted at once, by servers that run as well. Users of other organizations who have the same address are not affected."
}

// Run forgives a user's failed sign-ins.
func (u userUnlockCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		changed, err := b.portal.Identity.UnlockByAddress(ctx, u.Organization, address.ParseEmail(u.Email))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stderr, "The failed sign-ins of %s of %s are forgiven.\n", changed.Email, u.Organization)
		return err
	})
}
