// Package oidc speaks with OpenID providers: it reads which keys they sign with, verifies
// their tokens, and redeems the codes of sign-ins by a browser. It decides about tokens,
// not about people: who somebody is, and whether they may come in, is for package identity.
//
// Signatures and claims are verified by jwx, the code flow is golang.org/x/oauth2's. What
// is here is what neither has: bounds on what a provider may make Portico wait for and
// read, and the rules of when to ask it again.
package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"portico/internal/clock"
	"portico/internal/fault"
)

const (
	// fetchTime is how long a provider may take to say its keys; less than a request may.
	fetchTime = 3 * time.Second
	// maxBody is more than any provider's documents have.
	maxBody = 256 << 10
)

// Provider is what must be known of an OpenID provider.
type Provider struct {
	Issuer string
	// Audience is what access tokens are for, ClientID what ID tokens are.
	Audience, ClientID, ClientSecret string
	Algorithms, Scopes               []string
}

// Client speaks with providers. It is safe for concurrent use.
type Client struct {
	clock clock.Clock
	http  *http.Client
	// loopback permits providers on this machine without TLS.
	loopback bool

	mu      sync.Mutex
	sources map[string]*source
}

// NewClient returns a Client. In development, providers on this machine need no TLS.
func NewClient(c clock.Clock, development bool) *Client {
	return &Client{
		clock: c, loopback: development, sources: map[string]*source{},
		http: &http.Client{
			Timeout: fetchTime,
			// A provider that moves says so in its metadata.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// CheckURL returns an error for an address that secrets and keys must not be exchanged
// with.
func CheckURL(address string, development bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.RawQuery != "":
		return errors.New("it must be an address such as https://login.example.com/realms/main")
	case u.Scheme == "https", u.Scheme == "http" && development && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("it must begin with https://")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// metadata is what a provider says of itself (OpenID Connect Discovery 1.0).
type metadata struct {
	Issuer        string   `json:"issuer"`
	JWKS          string   `json:"jwks_uri"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	UserInfo      string   `json:"userinfo_endpoint"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	// NamesItself: the provider says who it is when it sends a browser back (RFC 9207).
	NamesItself bool `json:"authorization_response_iss_parameter_supported"`
}

// discover reads what the provider says of itself.
func (c *Client) discover(ctx context.Context, issuer string) (metadata, error) {
	var m metadata
	address, err := url.JoinPath(issuer, ".well-known/openid-configuration")
	if err != nil {
		return m, err
	}
	if err := c.get(ctx, address, "", &m); err != nil {
		return m, err
	}
	if m.Issuer != issuer {
		return m, fmt.Errorf("the metadata at %s is of another issuer", address)
	}
	for _, one := range []string{m.JWKS, m.Authorization, m.Token, m.UserInfo} {
		if err := c.checkEndpoint(one); one != "" && err != nil {
			return m, fmt.Errorf("%s names %q: %w", address, one, err)
		}
	}
	return m, nil
}

func (c *Client) checkEndpoint(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("it is no address")
	}
	u.RawQuery = "" // endpoints may have one
	return CheckURL(u.String(), c.loopback)
}

// get reads a JSON document, with an access token if it is not empty.
func (c *Client) get(ctx context.Context, address, token string, into any) error {
	if err := c.checkEndpoint(address); err != nil {
		return fmt.Errorf("%q: %w", address, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, answer.Status)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	if err != nil {
		return err
	}
	if len(body) > maxBody {
		return fmt.Errorf("%s answers more than %d bytes", address, maxBody)
	}
	if raw, ok := into.(*[]byte); ok {
		*raw = body
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s answers what is not its JSON", address)
	}
	return nil
}

// ErrInvalid is the cause of every error about a token or a code that is not valid, rather
// than about a provider that does not answer.
var ErrInvalid = errors.New("not valid")

func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }

// errUnavailable returns the error for a provider that does not answer as it should.
func errUnavailable(cause error) error {
	var network net.Error
	if errors.As(cause, &network) && network.Timeout() {
		cause = fmt.Errorf("it took too long: %w", cause)
	}
	f := fault.Wrap(fault.CodeUnavailable, fault.ReasonIdentityProvider, fmt.Errorf("an identity provider: %w", cause),
		"The identity provider does not answer at the moment. Please try again.")
	f.RetryAfter = retryAfter
	return f
}
