package oidc

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/lestrrat-go/jwx/v2/jwt"
)

const (
	// Skew is how far a provider's clock may be from this one.
	Skew = 30 * time.Second
	// MaxToken is the longest token that is looked at, in bytes: those with a group for
	// each right are long.
	MaxToken = 16 << 10
)

// Claims is what a token says of a person.
type Claims struct {
	IssuedAt, ExpiresAt time.Time
	// All has every claim, as JSON says it; numbers are json.Number.
	All map[string]any
}

// header is that of a token whose signature is not verified yet.
type header struct {
	Algorithm string          `json:"alg"`
	KeyID     string          `json:"kid"`
	Type      string          `json:"typ"`
	Critical  json.RawMessage `json:"crit"`
}

// Issuer returns what a token says of its issuer and its audiences, without verifying
// anything; ok is false for what is no token.
func Issuer(token string) (issuer string, audience []string, ok bool) {
	var claims struct {
		Issuer   string          `json:"iss"`
		Audience json.RawMessage `json:"aud"`
	}
	parts, ok := split(token)
	if !ok || json.Unmarshal(parts[1], &claims) != nil || claims.Issuer == "" {
		return "", nil, false
	}
	if json.Unmarshal(claims.Audience, &audience) != nil {
		var one string
		_ = json.Unmarshal(claims.Audience, &one) // none, if it is no text either
		audience = []string{one}
	}
	return claims.Issuer, audience, true
}

// split returns the decoded parts of a token in its compact form, which has one spelling.
func split(token string) (parts [][]byte, ok bool) {
	if len(token) > MaxToken {
		return nil, false
	}
	texts := strings.SplitN(token, ".", 4) //nolint:mnd // header, claims, signature, and too much
	if len(texts) != 3 {                   //nolint:mnd // as above
		return nil, false
	}
	for _, text := range texts {
		part, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil || len(part) == 0 || base64.RawURLEncoding.EncodedLen(len(part)) != len(text) {
			return nil, false
		}
		parts = append(parts, part)
	}
	return parts, true
}

// VerifyAccess verifies an access token of a provider (RFC 9068, but for its type, which
// few providers set). A token that is not valid is ErrInvalid, whatever the reason.
func (c *Client) VerifyAccess(ctx context.Context, p Provider, token string) (Claims, error) {
	if p.Audience == "" {
		return Claims{}, invalid("access tokens of this provider are not accepted")
	}
	claims, typ, err := c.verify(ctx, p, p.Audience, token)
	if err != nil {
		return claims, err
	}
	switch strings.TrimPrefix(strings.ToLower(typ), "application/") {
	case "", "jwt", "at+jwt":
	default:
		return Claims{}, invalid("its type is that of something else")
	}
	if claims.All["cnf"] != nil {
		return Claims{}, invalid("it is bound to a key that the request does not show")
	}
	// Those of ID tokens (OpenID Connect Core 1.0, 3.1.3.6 and 3.3.2.11).
	if claims.All["at_hash"] != nil || claims.All["c_hash"] != nil {
		return Claims{}, invalid("it is an ID token")
	}
	return claims, nil
}

// verifyID verifies the ID token of a sign-in (OpenID Connect Core 1.0, 3.1.3.7).
func (c *Client) verifyID(ctx context.Context, p Provider, token, nonce string) (Claims, error) {
	claims, _, err := c.verify(ctx, p, p.ClientID, token)
	if err != nil {
		return claims, err
	}
	if claims.All["nonce"] != nonce {
		return Claims{}, invalid("it is of another sign-in")
	}
	audiences, _ := claims.All["aud"].([]any)
	if by, ok := claims.All["azp"]; ok && by != p.ClientID || !ok && len(audiences) > 1 {
		return Claims{}, invalid("it is for another client")
	}
	return claims, nil
}

// verify verifies everything about a token but what its kind asks for.
func (c *Client) verify(ctx context.Context, p Provider, audience, token string) (Claims, string, error) {
	parts, ok := split(token)
	if !ok {
		return Claims{}, "", invalid("it is no token")
	}
	var h header
	if json.Unmarshal(parts[0], &h) != nil || h.Critical != nil {
		return Claims{}, "", invalid("its header is not understood")
	}
	// By name, and before any key is looked for: none and HS256 are on no list.
	if !slices.Contains(p.Algorithms, h.Algorithm) {
		return Claims{}, "", invalid("its algorithm is not one of the provider's")
	}
	// What would be refused anyway asks no provider.
	parsed, err := jwt.ParseInsecure([]byte(token))
	if err != nil {
		return Claims{}, "", invalid("its claims are not understood")
	}
	if err := jwt.Validate(parsed, c.rules(p.Issuer, audience)...); err != nil {
		return Claims{}, "", invalid(err.Error())
	}
	alg := jwa.SignatureAlgorithm(h.Algorithm)
	key, err := c.source(p.Issuer).key(ctx, h.KeyID, alg)
	if err != nil {
		return Claims{}, "", err
	}
	if _, err := jws.Verify([]byte(token), jws.WithKey(alg, key)); err != nil {
		return Claims{}, "", invalid("its signature is wrong")
	}
	claims := Claims{IssuedAt: parsed.IssuedAt(), ExpiresAt: parsed.Expiration()}
	if err := readClaims(parts[1], &claims.All); err != nil {
		return Claims{}, "", invalid("its claims are not understood")
	}
	return claims, h.Type, nil
}

// readClaims reads claims as Claims has them.
func readClaims(text []byte, into *map[string]any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// rules are the checks of a token's claims.
func (c *Client) rules(issuer, audience string) []jwt.ValidateOption {
	return []jwt.ValidateOption{
		jwt.WithClock(c.clock), jwt.WithAcceptableSkew(Skew),
		jwt.WithRequiredClaim(jwt.ExpirationKey), jwt.WithRequiredClaim(jwt.IssuedAtKey), jwt.WithRequiredClaim(jwt.SubjectKey),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithValidator(jwt.ValidatorFunc(hasTimes)),
	}
}

// hasTimes refuses the times that jwx takes for none: the beginning of 1970.
func hasTimes(_ context.Context, token jwt.Token) jwt.ValidationError {
	if token.Expiration().Unix() <= 0 || token.IssuedAt().Unix() <= 0 {
		return jwt.NewValidationError(errors.New("its times are none"))
	}
	return nil
}

// IsInvalid reports whether an error is about a token or a code that is not valid.
func IsInvalid(err error) bool { return errors.Is(err, ErrInvalid) }
