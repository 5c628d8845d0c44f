package auth

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwt"

	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/nodeid"
)

// IssueActing returns a new token with which a service token acts for a user, valid for
// TokenLife, and until then at the latest, if that is not zero.
func (t *Tokens) IssueActing(a identity.Acting, until time.Time) (text string, expiresAt time.Time, err error) {
	claims := map[string]any{
		accountClaim: a.Account.String(), scopeClaim: a.Scopes.Spelled(),
		actorClaim: map[string]any{jwt.SubjectKey: nodeid.Encode(nodeid.ServiceToken, a.Token)},
	}
	if a.Provider != uuid.Nil {
		claims[providerClaim], claims[providerVersionClaim] = a.Provider.String(), a.ProviderVersion
	}
	return t.issue(a.User, a.Organization, until, claims)
}

// readActing reads the claims of a token with which a service token acts for a user.
func readActing(token jwt.Token, c Claims, act any) (Claims, error) {
	a := identity.Acting{Organization: c.Organization, User: c.User}
	actor, _ := act.(map[string]any)
	subject, _ := actor[jwt.SubjectKey].(string)
	var ok bool
	if a.Token, ok = nodeid.Decode(nodeid.ServiceToken, subject); !ok || a.Token == uuid.Nil {
		return Claims{}, errors.New("the token's actor is none")
	}
	var err error
	if a.Account, err = idClaim(token, accountClaim); err != nil {
		return Claims{}, errors.New("the token has no account")
	}
	scope, _ := token.PrivateClaims()[scopeClaim].(string)
	if a.Scopes, ok = domain.ParseActing(scope); !ok {
		return Claims{}, errors.New("the token's scopes are not those of one who acts")
	}
	if _, vouched := token.PrivateClaims()[providerClaim]; vouched {
		version, _ := token.PrivateClaims()[providerVersionClaim].(float64)
		a.ProviderVersion = int(version)
		if a.Provider, err = idClaim(token, providerClaim); err != nil || a.ProviderVersion == 0 {
			return Claims{}, errors.New("the token's provider is none")
		}
	}
	c.Acting = &a
	return c, nil
}
