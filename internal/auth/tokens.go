package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
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
	"portico/internal/keyring"
)

const (
	// TokenLife is how long an access token is good for.
	TokenLife = 10 * time.Minute
	// skew is how far in the future a token may have been issued, because the
	// nodes' clocks differ. It never lengthens a token's life.
	skew = 30 * time.Second
	// longestToken, in bytes, is about ten times the length of a real one.
	longestToken = 4096
)

// The claims beside the registered ones.
const (
	organizationClaim = "org"
	versionClaim      = "tv"
)

// Claims is what a verified access token says.
type Claims struct {
	// ID names the token ("jti").
	ID           string
	User         uuid.UUID
	Organization uuid.UUID
	// TokenVersion must equal the user's: raising that one ends all tokens.
	TokenVersion int
	IssuedAt     time.Time
	ExpiresAt    time.Time
}

// Tokens issues and verifies access tokens: JWTs, HS256, under the ring's keys.
// It is safe for concurrent use.
type Tokens struct {
	ring             *keyring.Ring
	clock            clock.Clock
	issuer, audience string
	signers          sync.Map // key id → *signer
	proven           proven
}

// signer is the jwtauth of one key. Making one costs more than using it.
type signer struct {
	secret []byte
	*jwtauth.JWTAuth
}

// NewTokens returns the tokens of one installation. Only tokens that name this
// issuer and this audience are believed.
func NewTokens(ring *keyring.Ring, c clock.Clock, issuer, audience string) *Tokens {
	return &Tokens{ring: ring, clock: c, issuer: issuer, audience: audience, proven: newProven()}
}

// Issue makes a token for a user, good for TokenLife.
func (t *Tokens) Issue(user, organization uuid.UUID, tokenVersion int) (token string, expiresAt time.Time, err error) {
	key, err := t.signer(t.ring.Current(keyring.JWT))
	if err != nil {
		return "", time.Time{}, err
	}
	// A JWT counts whole seconds.
	now := t.clock.Now().Truncate(time.Second)
	expiresAt = now.Add(TokenLife)
	_, token, err = key.Encode(map[string]any{
		jwt.IssuerKey:     t.issuer,
		jwt.AudienceKey:   t.audience,
		jwt.SubjectKey:    user.String(),
		jwt.IssuedAtKey:   now,
		jwt.ExpirationKey: expiresAt,
		jwt.JwtIDKey:      uuid.NewString(),
		organizationClaim: organization.String(),
		versionClaim:      tokenVersion,
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("issuing a token: %w", err)
	}
	return token, expiresAt, nil
}

// Verify returns what a token says. Whatever is wrong with it, the answer is the
// same fault.Unauthenticated; the reason is its cause, for the log.
func (t *Tokens) Verify(token string) (Claims, error) {
	_, claims, err := t.verify(token)
	if err != nil {
		return Claims{}, unbelieved(err)
	}
	return claims, nil
}

func (t *Tokens) verify(token string) (jwt.Token, Claims, error) {
	if len(token) > longestToken {
		return nil, Claims{}, errors.New("this is no token")
	}
	sum := sha256.Sum256([]byte(token))
	p, ok, err := t.recall(sum)
	if err == nil && !ok {
		if p, err = t.prove(token); err == nil {
			t.proven.tokens.Add(sum, p)
		}
	}
	if err != nil {
		return nil, Claims{}, err
	}
	return p.token, p.claims, nil
}

// prove checks everything about a token, its signature first.
func (t *Tokens) prove(token string) (proof, error) {
	id, err := keyID(token)
	if err != nil {
		return proof{}, err
	}
	key, ok := t.ring.Lookup(keyring.JWT, id)
	if !ok {
		return proof{}, errors.New("the token's key is unknown")
	}
	signer, err := t.signer(key)
	if err != nil {
		return proof{}, err
	}
	// On an error VerifyToken may give the token nevertheless: never look at it.
	verified, err := jwtauth.VerifyToken(signer.JWTAuth, token)
	if err != nil {
		return proof{}, err
	}
	claims, err := readClaims(verified)
	return proof{id, signer, verified, claims}, err
}

// signer returns the jwtauth of a key, made on its first use. The secret is
// compared because a ring that was mended by hand may use an id again.
func (t *Tokens) signer(key keyring.Key) (*signer, error) {
	if known, ok := t.signers.Load(key.ID); ok && bytes.Equal(known.(*signer).secret, key.Secret) {
		return known.(*signer), nil
	}
	signing, err := jwk.FromRaw(key.Secret)
	if err != nil {
		return nil, fmt.Errorf("reading key %s: %w", key.ID, err)
	}
	// A key that knows its id writes it into the header of what it signs.
	if err := signing.Set(jwk.KeyIDKey, key.ID); err != nil {
		return nil, fmt.Errorf("reading key %s: %w", key.ID, err)
	}
	made := &signer{key.Secret, jwtauth.New(jwa.HS256.String(), signing, key.Secret, t.rules()...)}
	t.signers.Store(key.ID, made)
	return made, nil
}

// rules are what a token must say. Without them jwtauth requires nothing: a
// claim that is absent would pass.
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

// unexpired takes back the skew that jwx also grants to an expired token.
func (t *Tokens) unexpired(_ context.Context, token jwt.Token) jwt.ValidationError {
	if t.clock.Now().Before(token.Expiration()) {
		return nil
	}
	return jwt.ErrTokenExpired()
}

// keyID reads the header of a token whose signature nobody has checked yet.
// jwtauth verifies with HS256 whatever the header says; that the header must
// say so too is decided here.
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

// headerOf returns the header of what is written as tokens are: three parts in
// base64url, each as an encoder writes it. A token has one spelling. The
// libraries beneath also read others, with padding, line breaks or other unused
// bits, and take them for the same token.
func headerOf(token string) (header []byte, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 { //nolint:mnd // header, claims, signature
		return nil, errors.New("this is no token")
	}
	for i, part := range parts {
		content, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || len(content) == 0 || base64.RawURLEncoding.EncodedLen(len(content)) != len(part) { // as it passes over line breaks
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
	organizationText, _ := token.PrivateClaims()[organizationClaim].(string)
	organization, err := uuid.Parse(organizationText)
	if err != nil {
		return Claims{}, errors.New("the token has no organization")
	}
	version, ok := token.PrivateClaims()[versionClaim].(float64) // as every number of JSON
	if !ok || version != float64(int(version)) {
		return Claims{}, errors.New("the token has no version")
	}
	return Claims{
		ID: token.JwtID(), User: user, Organization: organization, TokenVersion: int(version),
		IssuedAt: token.IssuedAt(), ExpiresAt: token.Expiration(),
	}, nil
}

// unbelieved is the one answer to every access token that is not believed.
func unbelieved(cause error) *fault.Error {
	return fault.Wrap(fault.CodeUnauthenticated, fault.ReasonSessionExpired, cause, "You are not signed in, or your sign-in has ended.")
}

// unknownToken is the one answer to every machine's token that is not believed.
func unknownToken(cause error) *fault.Error {
	return fault.Wrap(fault.CodeUnauthenticated, fault.ReasonInvalidToken, cause, "You are not signed in, or your sign-in has ended.")
}
