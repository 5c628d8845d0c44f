package auth

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/stretchr/testify/require"

	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/keyring"
	"portico/internal/nodeid"
)

var serviceToken = uuid.MustParse("55555555-5555-4555-8555-555555555555")

// acts is a service token that acts for the one developer.
func acts() identity.Acting {
	return identity.Acting{Organization: organization, User: user, Account: account, Token: serviceToken, Scopes: domain.NewScopes(domain.PortalRead, domain.PortalWrite)}
}

func mustIssueActing(t *testing.T, tokens *Tokens) string {
	t.Helper()
	text, expiresAt, err := tokens.IssueActing(acts(), time.Time{})
	require.NoError(t, err)
	require.Equal(t, start.Add(TokenLife), expiresAt)
	return text
}

func TestIssueActing(t *testing.T) {
	tokens, _, c := newTokens()
	text := mustIssueActing(t, tokens)
	claims, err := tokens.Verify(text)
	require.NoError(t, err)
	claims.ID = ""
	require.Equal(t, Claims{User: user, Organization: organization, Acting: new(acts()), IssuedAt: start, ExpiresAt: start.Add(TokenLife)}, claims)

	content := decode(t, strings.Split(text, ".")[1])
	require.Equal(t, map[string]any{"sub": nodeid.Encode(nodeid.ServiceToken, serviceToken)}, content["act"])
	require.Equal(t, "portal:read portal:write", content["scope"])
	require.NotContains(t, content, "sid")
	require.NotContains(t, content, "idp")
	c.Advance(TokenLife)
	_, err = tokens.Verify(text)
	requireUnauthenticated(t, err)
}

// What an identity provider vouches for ends when the provider says so, and names it.
func TestIssueActing_Vouched(t *testing.T) {
	tokens, _, c := newTokens()
	a := acts()
	a.Provider, a.ProviderVersion, a.Scopes = uuid.New(), 3, domain.NewScopes(domain.PortalRead)
	text, expiresAt, err := tokens.IssueActing(a, start.Add(90*time.Second+time.Millisecond))
	require.NoError(t, err)
	require.Equal(t, start.Add(90*time.Second), expiresAt)
	claims, err := tokens.Verify(text)
	require.NoError(t, err)
	require.Equal(t, a, *claims.Acting)
	c.Advance(90 * time.Second)
	_, err = tokens.Verify(text)
	requireUnauthenticated(t, err)
	_, expiresAt, err = tokens.IssueActing(a, c.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, c.Now().Add(TokenLife), expiresAt, "no longer than others")
}

// A token with a broken actor is not taken for that of a session.
func TestABrokenActor(t *testing.T) {
	tokens, ring, _ := newTokens()
	key, err := tokens.signer(ring.Current(keyring.JWT))
	require.NoError(t, err)
	good := func() map[string]any {
		return map[string]any{
			jwt.IssuerKey: issuer, jwt.AudienceKey: audience, jwt.SubjectKey: user.String(), jwt.IssuedAtKey: start, jwt.ExpirationKey: start.Add(time.Minute),
			"org": organization.String(), "sid": session.String(), "acc": account.String(), "scope": "portal:read",
			"act": map[string]any{"sub": nodeid.Encode(nodeid.ServiceToken, serviceToken)},
		}
	}
	for name, spoil := range map[string]func(map[string]any){
		"null":            func(c map[string]any) { c["act"] = nil },
		"a text":          func(c map[string]any) { c["act"] = "tok" },
		"no subject":      func(c map[string]any) { c["act"] = map[string]any{} },
		"another subject": func(c map[string]any) { c["act"] = map[string]any{"sub": nodeid.Encode(nodeid.User, user)} },
		"nobody":          func(c map[string]any) { c["act"] = map[string]any{"sub": nodeid.Encode(nodeid.ServiceToken, uuid.Nil)} },
		"no account":      func(c map[string]any) { delete(c, "acc") },
		"no scope":        func(c map[string]any) { delete(c, "scope") },
		"too much":        func(c map[string]any) { c["scope"] = "portal:read admin:read" },
		"no provider":     func(c map[string]any) { c["idp"] = nil },
		"no version":      func(c map[string]any) { c["idp"] = uuid.NewString() },
		"":                func(map[string]any) {},
	} {
		claims := good()
		spoil(claims)
		_, text, err := key.Encode(claims)
		require.NoError(t, err)
		got, err := tokens.Verify(text)
		if name != "" {
			requireUnauthenticated(t, err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, serviceToken, got.Acting.Token)
		require.Equal(t, uuid.Nil, got.Session, "one who acts has no session")
	}
}

func TestMiddlewareAcceptsAnActingToken(t *testing.T) {
	w := newHarness()
	text := mustIssueActing(t, w.Tokens)
	_, seen := w.send(withBearer(text))
	require.Equal(t, user, seen.UserID)
	require.Equal(t, serviceToken, seen.TokenID)
	require.Equal(t, account, seen.AccountID)

	answer, seen := w.send(func(r *http.Request) {
		withBearer(text)(r)
		r.Header.Set("X-Portico-Account", nodeid.Encode(nodeid.Account, uuid.New()))
	})
	require.Nil(t, seen)
	requireRefused(t, answer, http.StatusForbidden, "FORBIDDEN")

	elsewhere := acts()
	elsewhere.Account = uuid.New()
	other, _, err := w.Tokens.IssueActing(elsewhere, time.Time{})
	require.NoError(t, err)
	answer, seen = w.send(withBearer(other))
	require.Nil(t, seen)
	requireRefused(t, answer, http.StatusUnauthorized, "UNAUTHENTICATED")
}
