package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/jwtauth/v5"
	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jwt"

	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/keyring"
)

const (
	// TokenLife is how long an access token is valid.
	TokenLife = 10 * time.Minute
	// skew is how far in the future a token may have been issued, because the
	// nodes' clocks differ. It never extends a token's life.
	skew = 30 * time.Second
	// maxTokenBytes is about ten times the length of a real token.
	maxTokenBytes = 4096
)

// The claims beside the registered ones.
const (
	organizationClaim = "org"
	sessionClaim      = "sid"
	accountClaim      = "acc"
	// actorClaim is who acts for the subject (RFC 8693), with a subject of its own.
	actorClaim = "act"
	// scopeClaim is what who acts may do, as OAuth spells it.
	scopeClaim = "scope"
	// providerClaim and providerVersionClaim are the identity provider that vouches for the
	// subject to whom acts.
	providerClaim, providerVersionClaim = "idp", "idpv"
)

// Claims are the claims of a verified access token.
type Claims struct {
	// ID identifies the token ("jti").
	ID           string
	User         uuid.UUID
	Organization uuid.UUID
	// Session must not have ended: the token is valid no longer than it. It is all zero
	// if a service token acts for the user.
	Session uuid.UUID
	// Acting is how a service token acts for the user; nil if none does.
	Acting    *identity.Acting
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// Tokens issues and verifies access tokens: JWTs, HS256, with the ring's keys. It
// also issues and parses the refresh tokens that access tokens are renewed with. It is
// safe for concurrent use.
type Tokens struct {
	ring             *keyring.Ring
	clock            clock.Clock
	issuer, audience string
	signers          sync.Map // key id → *signer
	cache            tokenCache
}

// signer is the jwtauth of one key. Creating one costs more than using it.
type signer struct {
	secret []byte
	*jwtauth.JWTAuth
}

// NewTokens returns the Tokens of one installation. Only tokens that name this
// issuer and this audience are valid.
func NewTokens(ring *keyring.Ring, c clock.Clock, issuer, audience string) *Tokens {
	return &Tokens{ring: ring, clock: c, issuer: issuer, audience: audience, cache: newTokenCache()}
}

// Issue returns a new token for a session of a user, valid for TokenLife.
func (t *Tokens) Issue(user, organization, session uuid.UUID) (token string, expiresAt time.Time, err error) {
	return t.issue(user, organization, time.Time{}, map[string]any{sessionClaim: session.String()})
}

// issue returns a new token with more claims than all tokens have. It ends at until at the
// latest, if that is not zero.
func (t *Tokens) issue(user, organization uuid.UUID, until time.Time, more map[string]any) (token string, expiresAt time.Time, err error) {
	key, err := t.signer(t.ring.Current(keyring.JWT))
	if err != nil {
		return "", time.Time{}, err
	}
	// A JWT counts whole seconds.
	now := t.clock.Now().Truncate(time.Second)
	expiresAt = now.Add(TokenLife)
	if until = until.Truncate(time.Second); !until.IsZero() && until.Before(expiresAt) {
		expiresAt = until
	}
	claims := map[string]any{
		jwt.IssuerKey:     t.issuer,
		jwt.AudienceKey:   t.audience,
		jwt.SubjectKey:    user.String(),
		jwt.IssuedAtKey:   now,
		jwt.ExpirationKey: expiresAt,
		jwt.JwtIDKey:      uuid.NewString(),
		organizationClaim: organization.String(),
	}
	maps.Copy(claims, more)
	_, token, err = key.Encode(claims)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("issuing a token: %w", err)
	}
	return token, expiresAt, nil
}

// Verify returns the claims of a token. Every invalid token yields the same
// fault.CodeUnauthenticated; the reason is its cause, for the log.
func (t *Tokens) Verify(token string) (Claims, error) {
	_, claims, err := t.verify(token)
	if err != nil {
		return Claims{}, errUnauthenticated(err)
	}
	return claims, nil
}

func (t *Tokens) verify(token string) (jwt.Token, Claims, error) {
	if len(token) > maxTokenBytes {
		return nil, Claims{}, errors.New("this is no token")
	}
	sum := sha256.Sum256([]byte(token))
	p, ok, err := t.cached(sum)
	if err == nil && !ok {
		if p, err = t.verifyUncached(token); err == nil {
			t.cache.tokens.Add(sum, p)
		}
	}
	if err != nil {
		return nil, Claims{}, err
	}
	return p.token, p.claims, nil
}

// verifyUncached checks everything about a token, its signature first.
func (t *Tokens) verifyUncached(token string) (verifiedToken, error) {
	id, err := keyID(token)
	if err != nil {
		return verifiedToken{}, err
	}
	key, ok := t.ring.Lookup(keyring.JWT, id)
	if !ok {
		return verifiedToken{}, errors.New("the token's key is unknown")
	}
	signer, err := t.signer(key)
	if err != nil {
		return verifiedToken{}, err
	}
	// VerifyToken may return a token along with an error: never use that one.
	verified, err := jwtauth.VerifyToken(signer.JWTAuth, token)
	if err != nil {
		return verifiedToken{}, err
	}
	claims, err := readClaims(verified)
	return verifiedToken{id, signer, verified, claims}, err
}

// signer returns the jwtauth of a key, created on first use. The secret is
// compared because a ring that was edited by hand may reuse an id.
func (t *Tokens) signer(key keyring.Key) (*signer, error) {
	if known, ok := t.signers.Load(key.ID); ok && bytes.Equal(known.(*signer).secret, key.Secret) {
		return known.(*signer), nil
	}
	signing, err := jwk.FromRaw(key.Secret)
	if err != nil {
		return nil, fmt.Errorf("reading key %s: %w", key.ID, err)
	}
	// A JWK with an id writes it into the header of the tokens it signs.
	if err := signing.Set(jwk.KeyIDKey, key.ID); err != nil {
		return nil, fmt.Errorf("reading key %s: %w", key.ID, err)
	}
	created := &signer{key.Secret, jwtauth.New(jwa.HS256.String(), signing, key.Secret, t.rules()...)}
	t.signers.Store(key.ID, created)
	return created, nil
}

// rules are the checks of a token's claims. Without them jwtauth requires
// nothing: a token without the claim would pass.
func (t *Tokens) rules() []jwt.ValidateOption {
	return []jwt.ValidateOption{
		jwt.WithClock(t.clock),
		jwt.WithAcceptableSkew(skew),
		jwt.WithRequiredClaim(jwt.ExpirationKey),
		jwt.WithRequiredClaim(jwt.IssuedAtKey),
		jwt.WithIssuer(t.issuer),
		jwt.WithAudience(t.audience),
		jwt.WithMaxDelta(TokenLife, jwt.ExpirationKey, jwt.IssuedAtKey),
		jwt.WithValidator(jwt.ValidatorFunc(t.unexpired)),
	}
}

// unexpired fails for an expired token, because jwx applies the skew to the
// expiration too.
func (t *Tokens) unexpired(_ context.Context, token jwt.Token) jwt.ValidationError {
	if t.clock.Now().Before(token.Expiration()) {
		return nil
	}
	return jwt.ErrTokenExpired()
}

// keyID returns the key's id from the header of a token whose signature is not
// verified yet. jwtauth verifies with HS256 whatever the header says; keyID
// also requires the header to say so.
func keyID(token string) (string, error) {
	content, err := headerOf(token)
	if err != nil {
		return "", err
	}
	var header struct {
		Algorithm string          `json:"alg"`
		KeyID     string          `json:"kid"`
		Critical  json.RawMessage `json:"crit"`
	}
	if err := json.Unmarshal(content, &header); err != nil {
		return "", errors.New("the token's header is broken")
	}
	if header.Algorithm != jwa.HS256.String() || header.Critical != nil {
		return "", errors.New("the token is signed in another way")
	}
	return header.KeyID, nil
}

// headerOf returns the header of a token in its canonical form: three parts in
// base64url, each as an encoder writes it. A token has one spelling. The
// libraries beneath also accept others, with padding, line breaks or other
// unused bits, as the same token.
func headerOf(token string) (header []byte, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 { //nolint:mnd // header, claims, signature
		return nil, errors.New("this is no token")
	}
	for i, part := range parts {
		content, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || len(content) == 0 || base64.RawURLEncoding.EncodedLen(len(content)) != len(part) { // the decoder ignores line breaks
			return nil, errors.New("the token is not written as tokens are")
		}
		if i == 0 {
			header = content
		}
	}
	return header, nil
}

func readClaims(token jwt.Token) (Claims, error) {
	user, err := uuid.Parse(token.Subject())
	if err != nil {
		return Claims{}, errors.New("the token has no subject")
	}
	organization, err := idClaim(token, organizationClaim)
	if err != nil {
		return Claims{}, errors.New("the token has no organization")
	}
	c := Claims{ID: token.JwtID(), User: user, Organization: organization, IssuedAt: token.IssuedAt(), ExpiresAt: token.Expiration()}
	if act, ok := token.PrivateClaims()[actorClaim]; ok {
		return readActing(token, c, act)
	}
	if c.Session, err = idClaim(token, sessionClaim); err != nil {
		return Claims{}, errors.New("the token has no session")
	}
	return c, nil
}

// idClaim returns the id in a claim.
func idClaim(token jwt.Token, name string) (uuid.UUID, error) {
	text, _ := token.PrivateClaims()[name].(string)
	return uuid.Parse(text)
}

// errUnauthenticated returns the one error for every access token that is not
// valid.
func errUnauthenticated(cause error) *fault.Error {
	return fault.Wrap(fault.CodeUnauthenticated, fault.ReasonSessionExpired, cause, "You are not signed in, or your sign-in has ended.")
}

// errUnknownServiceToken returns the one error for every service token that is
// not valid.
func errUnknownServiceToken(cause error) *fault.Error {
	return fault.Wrap(fault.CodeUnauthenticated, fault.ReasonInvalidToken, cause, "You are not signed in, or your sign-in has ended.")
}
