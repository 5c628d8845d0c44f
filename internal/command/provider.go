package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/oidc"
)

// providerNamed are the arguments that name an identity provider.
type providerNamed struct {
	Organization string `required:"" placeholder:"SLUG" help:"The organization's slug."`
	Name         string `required:"" placeholder:"SLUG" help:"The provider's name in addresses: small letters, digits and hyphens."`
}

// providerFlags are the settings of an identity provider. What is not given stays as it
// is, or as it is at first.
type providerFlags struct {
	Label            *text    `help:"What people know it by, for the button of a sign-in page."`
	Issuer           *string  `placeholder:"URL" help:"Its issuer, exactly as in its tokens; its metadata is found from there."`
	Audience         *string  `help:"What access tokens must be for (claim aud) to be accepted by the API. Without one, none are."`
	ClientID         *string  `name:"client-id" help:"Portico's client there, by which browsers sign in. Without one, they do not."`
	ClientSecretFile string   `placeholder:"FILE" help:"File with the client's secret in its first line; - for standard input. An empty one removes it."`
	Scopes           []string `help:"What is asked for at the sign-in of browsers: openid, profile and email if not given."`
	Algorithms       []string `help:"The algorithms by which its tokens may be signed; RS256 if not given."`
	SubjectClaim     *string  `placeholder:"CLAIM" help:"The claim with the person's id; sub if not given."`
	EmailClaim       *string  `placeholder:"CLAIM" help:"The claim with the e-mail address; email if not given."`
	VerifiedClaim    *string  `placeholder:"CLAIM" help:"The claim that is true if the person owns the address; email_verified if not given."`
	NameClaim        *string  `placeholder:"CLAIM" help:"The claim with the person's name; name if not given."`
	RoleClaim        *string  `placeholder:"CLAIM" help:"The claim with roles or groups, such as groups or realm_access.roles."`
	AdminValue       *string  `placeholder:"VALUE" help:"Who has this value there may act as an administrator, and comes in as one. Without one nobody may."`
	ApproverValue    *string  `placeholder:"VALUE" help:"The same for approvers."`
	AccountsClaim    *string  `placeholder:"CLAIM" help:"The claim with the ids of accounts (acct_…) that a developer belongs to."`
	RequiredClaim    *string  `placeholder:"CLAIM" help:"A claim without which nobody comes in, such as tenant."`
	RequiredValue    *string  `placeholder:"VALUE" help:"The value it must have."`
	CreateUsers      *string  `placeholder:"WHOM" help:"NEVER: who is unknown stays out. PORTAL: becomes a user. NEVER if not given."`
	LinkByEmail      *bool    `negatable:"" help:"A verified address makes somebody the user who has it already: only for a provider that gives addresses to their owners alone."`
	SecondFactor     *bool    `negatable:"" help:"A sign-in there counts as one with a second factor."`
}

// patch applies the flags that were given.
func (f providerFlags) patch(s *identity.ProviderSettings) {
	set := func(to *string, given *string) {
		if given != nil {
			*to = *given
		}
	}
	set(&s.Label, (*string)(f.Label))
	for to, given := range map[*string]*string{
		&s.Issuer: f.Issuer, &s.Audience: f.Audience, &s.ClientID: f.ClientID, &s.SubjectClaim: f.SubjectClaim, &s.EmailClaim: f.EmailClaim,
		&s.VerifiedClaim: f.VerifiedClaim, &s.NameClaim: f.NameClaim, &s.RoleClaim: f.RoleClaim, &s.AdminValue: f.AdminValue, &s.ApproverValue: f.ApproverValue,
		&s.AccountsClaim: f.AccountsClaim, &s.RequiredClaim: f.RequiredClaim, &s.RequiredValue: f.RequiredValue,
		(*string)(&s.CreateUsers): f.CreateUsers,
	} {
		set(to, given)
	}
	if f.Scopes != nil {
		s.Scopes = strings.Join(f.Scopes, " ")
	}
	if f.Algorithms != nil {
		s.Algorithms = strings.Join(f.Algorithms, " ")
	}
	if f.LinkByEmail != nil {
		s.LinkByEmail = *f.LinkByEmail
	}
	if f.SecondFactor != nil {
		s.SecondFactor = *f.SecondFactor
	}
}

// check refuses an issuer that keys and secrets must not be exchanged with.
func (f providerFlags) check(p *program) error {
	if f.Issuer == nil {
		return nil
	}
	if err := oidc.CheckURL(*f.Issuer, p.config.Dev); err != nil {
		return fmt.Errorf("--issuer: %w", err)
	}
	return nil
}

// secret returns the sealed client secret; nil if none is given.
func (f providerFlags) secret(p *program, b *opened) ([]byte, error) {
	if f.ClientSecretFile == "" {
		return nil, nil
	}
	in := p.stdin
	if f.ClientSecretFile != "-" {
		file, err := os.Open(f.ClientSecretFile)
		if err != nil {
			return nil, fmt.Errorf("--client-secret-file: %w", err)
		}
		defer file.Close()
		in = file
	}
	line, err := bufio.NewReader(io.LimitReader(in, maxLineBytes)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("--client-secret-file: %w", err)
	}
	return auth.SealClientSecret(b.Vault, strings.TrimRight(line, "\r\n"))
}

type providerAddCommand struct {
	providerNamed
	providerFlags
}

// Help returns what must be said at the provider.
func (providerAddCommand) Help() string {
	return "Give --audience for access tokens, --client-id for the sign-in of browsers, or both. At the provider, the client's redirect URI is PORTICO_PUBLIC_URL/auth/ORGANIZATION/NAME/callback. " +
		"Running servers know the provider after 2 s at the latest. docs/sign-in.md has examples."
}

// Run adds an identity provider.
func (c providerAddCommand) Run(ctx context.Context, p *program) error {
	if err := c.check(p); err != nil {
		return err
	}
	return p.withBackend(ctx, func(b *opened) error {
		secret, err := c.secret(p, b)
		if err != nil {
			return err
		}
		in := identity.DefaultProvider()
		in.Name = c.Name
		c.patch(&in)
		added, err := b.portal.Identity.AddProvider(ctx, c.Organization, in, secret)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stderr, "People of %s may come in to %s: %s.\n", added.Issuer, c.Organization, admits(added.ProviderSettings))
		return err
	})
}

// admits returns who may come in, in words.
func admits(s identity.ProviderSettings) string {
	who := "those who are users already, once they are linked (identity-provider link)"
	if s.LinkByEmail {
		who = "those who are users already, by their address"
	}
	if s.CreateUsers == domain.CreatePortal {
		who += "; everybody else with a verified address, as somebody new"
	}
	if s.RoleClaim == "" {
		return who + "; no administrators or approvers, without --role-claim"
	}
	return who + "; administrators and approvers by the claim " + s.RoleClaim
}

type providerUpdateCommand struct {
	providerNamed
	providerFlags
}

// Help returns when it takes effect.
func (providerUpdateCommand) Help() string {
	return "What is not given stays as it is. What it withdraws ends with the next request, what it permits begins within 2 s; sessions that have begun go on."
}

// Run changes an identity provider.
func (c providerUpdateCommand) Run(ctx context.Context, p *program) error {
	if err := c.check(p); err != nil {
		return err
	}
	return p.withBackend(ctx, func(b *opened) error {
		secret, err := c.secret(p, b)
		if err != nil {
			return err
		}
		if _, err := b.portal.Identity.UpdateProvider(ctx, c.Organization, c.Name, secret, c.patch); err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stderr, "The identity provider %s of %s is as you say.\n", c.Name, c.Organization)
		return err
	})
}

type providerRemoveCommand struct{ providerNamed }

// Help returns what stays.
func (providerRemoveCommand) Help() string {
	return "Its access tokens are refused from the next request on. Users and their sessions stay; who its people are is forgotten, " +
		"so that a deleted user could come in again as somebody new by a provider that is added later."
}

// Run removes an identity provider.
func (c providerRemoveCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		if err := b.portal.Identity.RemoveProvider(ctx, c.Organization, c.Name); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.stderr, "The identity provider %s of %s was removed.\n", c.Name, c.Organization)
		return err
	})
}

type providerLinkCommand struct {
	providerNamed
	Subject string `required:"" help:"The person's id at the provider: its claim sub, or the one that was set."`
	Email   string `required:"" placeholder:"ADDRESS" help:"The address of the user who the person is."`
}

// Help returns what it is for.
func (providerLinkCommand) Help() string {
	return "The user comes in by the provider from now on. So it is said who somebody is, without believing the provider's addresses (--link-by-email)."
}

// Run says who a person is.
func (c providerLinkCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		if err := b.portal.Identity.LinkIdentity(ctx, c.Organization, c.Name, c.Subject, address.ParseEmail(c.Email)); err != nil {
			return err
		}
		_, err := fmt.Fprintln(p.stderr, "The two are linked. An administrator or approver also needs a claim that says so: --role-claim.")
		return err
	})
}

type providerUnlinkCommand struct {
	providerNamed
	Subject string `required:"" help:"The person's id at the provider: its claim sub, or the one that was set."`
}

// Help returns what it is for.
func (providerUnlinkCommand) Help() string {
	return "The next time the person arrives as at first sight: a deleted user may come in again as somebody new. The user stays, and sessions too."
}

// Run forgets who a person is.
func (c providerUnlinkCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		if err := b.portal.Identity.UnlinkIdentity(ctx, c.Organization, c.Name, c.Subject); err != nil {
			return err
		}
		_, err := fmt.Fprintln(p.stderr, "The two are unlinked.")
		return err
	})
}

type providerListCommand struct {
	Organization string `required:"" placeholder:"SLUG" help:"The organization's slug."`
}

// Run lists an organization's identity providers.
func (c providerListCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		all, err := b.portal.Identity.Providers(ctx, c.Organization)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			_, err := fmt.Fprintf(p.stderr, "The organization %s has no identity providers.\n", c.Organization)
			return err
		}
		for i, one := range all {
			if i > 0 {
				_, _ = fmt.Fprintln(p.stdout) // the last write reports errors
			}
			for _, v := range one.Values() {
				_, _ = fmt.Fprintf(p.stdout, "%-15s %v\n", v.Name, v.Value)
			}
			if _, err := fmt.Fprintf(p.stdout, "%-15s %v\n", "clientSecret", map[bool]string{true: "stored", false: "none"}[len(one.Secret) > 0]); err != nil {
				return err
			}
		}
		return nil
	})
}
