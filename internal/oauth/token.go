// Package oauth serves POST /oauth/token, where a portal's own back end exchanges the
// access token that an identity provider has given to a developer for one with which it
// acts for that developer (RFC 8693). The client is a service token.
package oauth

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"portico/internal/clock"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// TokenPath is where tokens are exchanged.
const TokenPath = "/oauth/token"

// Options configures Handler. All fields are required.
type Options struct {
	// Authenticate returns ctx with the viewer of a service token.
	Authenticate func(ctx context.Context, token string) (context.Context, error)
	// Vouch returns for whom a provider's access token vouches.
	Vouch func(ctx context.Context, organization uuid.UUID, token string, account uuid.UUID) (identity.Vouched, error)
	// Identity makes the exchange.
	Identity Exchanger
	// Pay charges the client for an exchange, and sets the headers of what is left.
	Pay   func(ctx context.Context, h http.Header) error
	Clock clock.Clock
	Log   *slog.Logger
}

// Exchanger gives service tokens access for developers.
type Exchanger interface {
	CheckExchange(ctx context.Context) error
	Exchange(ctx context.Context, who identity.Vouched, scopes domain.Scopes) (identity.ActingToken, error)
}

// answer is the body of a successful exchange (RFC 8693, 2.2.1).
type answer struct {
	AccessToken     string `json:"access_token"`
	IssuedTokenType string `json:"issued_token_type"`
	TokenType       string `json:"token_type"`
	// ExpiresIn is in seconds.
	ExpiresIn int    `json:"expires_in"`
	Scope     string `json:"scope"`
}

// Handler returns the handler of TokenPath. The viewer in its requests' context is
// anonymous.
func Handler(o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := o.exchange(w, r)
		if err != nil {
			o.refuse(w, r, err)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("Pragma", "no-cache")
		_ = json.NewEncoder(w).Encode(a) // the client may have gone
	})
}

// exchange refuses strangers first, then clients that may not, and then looks at what they
// ask for.
func (o Options) exchange(w http.ResponseWriter, r *http.Request) (a answer, err error) {
	ctx, err := o.client(r)
	if err != nil {
		return a, err
	}
	if err := o.Identity.CheckExchange(ctx); err != nil {
		return a, &refusal{error: UnauthorizedClient, status: http.StatusBadRequest, why: err, text: "The service token lacks the scope users:act-as."}
	}
	if err := o.Pay(ctx, w.Header()); err != nil {
		return a, err
	}
	q, err := read(w, r)
	if err != nil {
		return a, err
	}
	// Who arrives makes the changes that follow from that.
	who, err := o.Vouch(r.Context(), viewer.Current(ctx).OrganizationID, q.subject, q.account)
	if err != nil {
		return a, subjectError(err)
	}
	out, err := o.Identity.Exchange(ctx, who, q.scopes)
	if err != nil {
		return a, subjectError(err)
	}
	return answer{
		AccessToken: out.AccessToken, IssuedTokenType: accessTokenType, TokenType: "Bearer",
		ExpiresIn: max(0, int(out.ExpiresAt.Sub(o.Clock.Now()).Truncate(time.Second).Seconds())), Scope: q.scopes.Spelled(),
	}, nil
}

// client returns the context of the service token that makes a request: the id and the
// token, by HTTP Basic (RFC 6749, 2.3.1).
func (o Options) client(r *http.Request) (context.Context, error) {
	refused := func(why error) error {
		return &refusal{error: InvalidClient, status: http.StatusUnauthorized, why: why, text: "Send the id and the secret of a service token by HTTP Basic."}
	}
	id, secret, ok := r.BasicAuth()
	if !ok || len(r.Header.Values("Authorization")) != 1 {
		return nil, refused(nil)
	}
	ctx, err := o.Authenticate(r.Context(), secret)
	switch {
	case fault.Is(err, fault.CodeUnauthenticated):
		return nil, refused(err)
	case err != nil:
		return nil, err
	case nodeid.Encode(nodeid.ServiceToken, viewer.Current(ctx).TokenID) != id:
		return nil, refused(nil)
	}
	return ctx, nil
}

// subjectError returns the one error for every subject token that leads to no access.
func subjectError(err error) error {
	if fault.Is(err, fault.CodeUnauthenticated) || fault.Is(err, fault.CodeNotFound) || fault.Problems(err) != nil {
		return &refusal{error: InvalidRequest, status: http.StatusBadRequest, why: err,
			text: "The subject token is not valid, or it is of nobody for whom this client may act in the account."}
	}
	return err
}
