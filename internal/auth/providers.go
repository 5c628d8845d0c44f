package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"portico/internal/clock"
	"portico/internal/identity"
	"portico/internal/oidc"
	"portico/internal/viewer"
)

const (
	// providersLive is how old the list of providers may be: after that time all is
	// permitted that was added. What was withdrawn is found out with each request.
	providersLive = 2 * time.Second
	// providersTime is how long reading it may take, and providersPause how long it is not
	// read again after that has failed.
	providersTime, providersPause = 2 * time.Second, 500 * time.Millisecond
	// clientSecret is what client secrets are encrypted for.
	clientSecret = "client secret of an identity provider"
)

// ProvidersOptions configures NewProviders. All fields are required.
type ProvidersOptions struct {
	Identity  *identity.Service
	Directory *identity.Directory
	Client    *oidc.Client
	Vault     *Vault
	Clock     clock.Clock
}

// Providers accepts what identity providers say of people: access tokens, and sign-ins by
// a browser. It is safe for concurrent use.
type Providers struct {
	ProvidersOptions

	flight singleflight.Group
	// last is what was read of providers last.
	last atomic.Pointer[providerList]
}

// providerList is the providers of all organizations at a time, or why they are unknown.
type providerList struct {
	all []identity.Provider
	err error
	at  time.Time
}

// NewProviders returns Providers.
func NewProviders(o ProvidersOptions) *Providers { return &Providers{ProvidersOptions: o} }

// Viewer returns the viewer of an access token of an identity provider; account is as in
// Directory. known is false for a token of none that is configured.
func (p *Providers) Viewer(ctx context.Context, token string, account uuid.UUID) (v viewer.Viewer, known bool, err error) {
	known, err = p.arrives(ctx, token, func(identity.Provider) bool { return true }, func(from identity.Provider, a identity.Arrival, _ time.Time) error {
		v, err = p.find(ctx, from, a, account, nil)
		return err
	})
	return v, known, err
}

// Vouch returns for which developer an access token of a provider of an organization
// vouches; account is as in Directory. Who is no developer with such an account, and
// a token that is not valid, is one error for all.
func (p *Providers) Vouch(ctx context.Context, organization uuid.UUID, token string, account uuid.UUID) (who identity.Vouched, err error) {
	own := func(from identity.Provider) bool { return from.OrganizationID == organization }
	known, err := p.arrives(ctx, token, own, func(from identity.Provider, a identity.Arrival, until time.Time) error {
		// What will be refused makes nobody a user.
		v, err := p.find(ctx, from, a, account, func() error {
			isNew, staff, err := p.Identity.Newcomer(ctx, from, a)
			if err == nil && (staff || isNew && account != uuid.Nil && !slices.Contains(a.Accounts, account)) {
				err = errUnauthenticated(errors.New("somebody new is no developer with the account"))
			}
			return err
		})
		switch {
		case err != nil:
			return err
		case v.ActsForOrganization() || v.AccountID == uuid.Nil || account != uuid.Nil && v.AccountID != account:
			return errUnauthenticated(errors.New("the token is of no developer with the account"))
		case !until.After(p.Clock.Now()): // within the skew
			return errUnauthenticated(errors.New("the token has expired"))
		}
		who = identity.Vouched{Provider: from, User: v.UserID, Account: v.AccountID, Until: until}
		return nil
	})
	switch {
	case err == nil && !known:
		err = errUnauthenticated(errors.New("the token is of no provider of the organization"))
	case oidc.IsInvalid(err):
		err = errUnauthenticated(err)
	}
	return who, err
}

// find returns the viewer of somebody who has arrived by a provider, and lets in who has
// not yet, unless may returns an error; it may be nil.
func (p *Providers) find(ctx context.Context, from identity.Provider, a identity.Arrival, account uuid.UUID, may func() error) (viewer.Viewer, error) {
	v, ok, err := p.Directory.External(ctx, from, a, account)
	if ok || err != nil {
		return v, err
	}
	if may != nil {
		if err := may(); err != nil {
			return v, err
		}
	}
	if _, err = p.Identity.Arrive(ctx, from, a); err != nil {
		return v, err
	}
	if v, ok, err = p.Directory.External(ctx, from, a, account); err == nil && !ok {
		err = errUnauthenticated(identity.ErrProviderChanged)
	}
	return v, err
}

// arrives verifies an access token of one of the eligible providers, and calls f with who
// arrives, and until when the token is valid. f is called once more if the provider was
// changed meanwhile.
func (p *Providers) arrives(ctx context.Context, token string, eligible func(identity.Provider) bool, f func(identity.Provider, identity.Arrival, time.Time) error) (known bool, err error) {
	issuer, audience, ok := oidc.Issuer(token)
	if !ok {
		return false, nil
	}
	for again := false; ; again = true {
		all, err := p.list(ctx, again)
		if err != nil {
			return false, err
		}
		from, known, err := providerFor(all, issuer, audience)
		if !known || err != nil {
			return known, err
		}
		if !eligible(from) {
			return true, errUnauthenticated(errors.New("the token is of another organization's provider"))
		}
		claims, err := p.Client.VerifyAccess(ctx, settings(from, ""), token)
		if err != nil {
			return true, err
		}
		a, err := from.ReadArrival(claims.IssuedAt, claims.All)
		if err == nil {
			err = f(from, a, claims.ExpiresAt)
		}
		if again || !errors.Is(err, identity.ErrProviderChanged) {
			return true, err
		}
	}
}

// providerFor returns the provider whose tokens name this issuer and one of these
// audiences. known is false for an issuer that is configured nowhere. A token that fits
// several leads into no organization.
func providerFor(all []identity.Provider, issuer string, audience []string) (out identity.Provider, known bool, err error) {
	n := 0
	for _, one := range all {
		if one.Issuer != issuer {
			continue
		}
		known = true
		if one.Audience != "" && slices.Contains(audience, one.Audience) {
			out, n = one, n+1
		}
	}
	switch {
	case known && n == 0:
		err = errUnauthenticated(errors.New("the token is for another audience"))
	case n > 1:
		err = errUnauthenticated(errors.New("the token is for several providers"))
	}
	return out, known, err
}

// list returns the providers of all organizations. Strangers make it read them at most
// once in a while, and one at a time.
func (p *Providers) list(ctx context.Context, anew bool) ([]identity.Provider, error) {
	if last := p.last.Load(); last != nil {
		age, live := p.Clock.Now().Sub(last.at), providersLive
		if last.err != nil {
			live = providersPause
		}
		if age >= 0 && age < live && (!anew || last.err != nil) {
			return last.all, last.err
		}
	}
	read := p.flight.DoChan("", func() (any, error) {
		// Of no request: those that wait may give up, and others need the answer.
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), providersTime)
		defer cancel()
		now := &providerList{at: p.Clock.Now()}
		if now.all, now.err = p.Identity.AllProviders(limited); now.err != nil {
			now.err = errUnavailable(now.err)
		}
		p.last.Store(now)
		return now, nil
	})
	select {
	case r := <-read:
		now := r.Val.(*providerList)
		return now.all, now.err
	case <-ctx.Done():
		return nil, errUnavailable(ctx.Err())
	}
}

// Begin returns where a browser goes to sign in at a provider of an organization; known is
// false if there is none.
func (p *Providers) Begin(ctx context.Context, organization, name string, s oidc.Sent) (to string, known bool, err error) {
	at, known, err := p.Identity.ProviderAt(ctx, organization, name)
	if err != nil || !known {
		return "", known, err
	}
	to, err = p.Client.StartURL(ctx, settings(at, ""), s)
	return to, true, err
}

// Finish redeems the code with which a browser comes back, and begins its session; issuer
// is the provider's name for itself.
func (p *Providers) Finish(ctx context.Context, organization, name string, s oidc.Sent, code, issuer string) (identity.SignedIn, error) {
	at, known, err := p.Identity.ProviderAt(ctx, organization, name)
	if err == nil && !known {
		err = errUnauthenticated(errors.New("the provider was removed"))
	}
	if err != nil {
		return identity.SignedIn{}, err
	}
	var secret []byte
	if len(at.Secret) > 0 {
		if secret, err = p.Vault.Open(clientSecret, at.Secret); err != nil {
			return identity.SignedIn{}, err
		}
	}
	claims, err := p.Client.Redeem(ctx, settings(at, string(secret)), s, code, issuer)
	if err != nil {
		return identity.SignedIn{}, err
	}
	a, err := at.ReadArrival(claims.IssuedAt, claims.All)
	if err != nil {
		return identity.SignedIn{}, err
	}
	return p.Identity.SignInExternal(ctx, at, a)
}

// settings returns what package oidc knows of a provider.
func settings(p identity.Provider, secret string) oidc.Provider {
	return oidc.Provider{Issuer: p.Issuer, Audience: p.Audience, ClientID: p.ClientID, ClientSecret: secret,
		Algorithms: strings.Fields(p.Algorithms), Scopes: strings.Fields(p.Scopes)}
}

// SealClientSecret encrypts the secret by which Portico is known to a provider.
func SealClientSecret(v *Vault, secret string) ([]byte, error) {
	if secret == "" {
		return []byte{}, nil
	}
	return v.Seal(clientSecret, []byte(secret))
}
