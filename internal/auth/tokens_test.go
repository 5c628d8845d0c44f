package auth

import (
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/keyring"
)

const (
	issuer   = "https://portico.example"
	audience = "portico-api"
)

var (
	start        = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	user         = uuid.MustParse("11111111-1111-4111-8111-111111111111")
	organization = uuid.MustParse("22222222-2222-4222-8222-222222222222")
	session      = uuid.MustParse("44444444-4444-4444-8444-444444444444")
)

func newTokens() (*Tokens, *keyring.Ring, *clock.Fake) {
	ring, c := keyring.ForTest(), clock.NewFake(start)
	return NewTokens(ring, c, issuer, audience), ring, c
}

func mustIssue(t testing.TB, tokens *Tokens) string {
	t.Helper()
	token, _, err := tokens.Issue(user, organization, session)
	require.NoError(t, err)
	return token
}

// requireUnauthenticated asserts the one error for every invalid token.
func requireUnauthenticated(t *testing.T, err error) {
	t.Helper()
	require.True(t, fault.Is(err, fault.CodeUnauthenticated), "%v", err)
	require.Equal(t, "You are not signed in, or your sign-in has ended.", fault.From(err).Message)
}

func TestIssueAndVerify(t *testing.T) {
	tokens, _, c := newTokens()
	c.Advance(300 * time.Millisecond)
	token, expiresAt, err := tokens.Issue(user, organization, session)
	require.NoError(t, err)
	require.Equal(t, start.Add(TokenLife), expiresAt)

	claims, err := tokens.Verify(token)
	require.NoError(t, err)
	_, err = uuid.Parse(claims.ID)
	require.NoError(t, err)
	claims.ID = ""
	require.Equal(t, Claims{
		User: user, Organization: organization, Session: session, IssuedAt: start, ExpiresAt: expiresAt,
	}, claims)

	second, err := tokens.Verify(mustIssue(t, tokens))
	require.NoError(t, err)
	require.NotEqual(t, claims.ID, second.ID)
}

func TestATokenHasTheRequiredClaims(t *testing.T) {
	tokens, ring, _ := newTokens()
	parts := strings.Split(mustIssue(t, tokens), ".")
	header, claims := decode(t, parts[0]), decode(t, parts[1])
	require.Equal(t, map[string]any{"alg": "HS256", "kid": ring.Current(keyring.JWT).ID, "typ": "JWT"}, header)
	require.Contains(t, claims, "jti")
	delete(claims, "jti")
	require.Equal(t, map[string]any{
		"iss": issuer, "aud": []any{audience}, "sub": user.String(), "org": organization.String(),
		"sid": session.String(), "iat": float64(start.Unix()), "exp": float64(start.Add(TokenLife).Unix()),
	}, claims)
}

func decode(t *testing.T, part string) map[string]any {
	t.Helper()
	content, err := base64.RawURLEncoding.DecodeString(part)
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(content, &fields))
	return fields
}

func TestATokenExpiresToTheSecond(t *testing.T) {
	tokens, _, c := newTokens()
	token := mustIssue(t, tokens)
	c.Advance(TokenLife - time.Microsecond)
	_, err := tokens.Verify(token)
	require.NoError(t, err)
	c.Advance(time.Microsecond)
	_, err = tokens.Verify(token)
	requireUnauthenticated(t, err)
}

func TestATokenFromANodeWhoseClockIsAhead(t *testing.T) {
	tokens, _, c := newTokens()
	token := mustIssue(t, tokens)
	c.Advance(-skew)
	_, err := tokens.Verify(token)
	require.NoError(t, err)
	c.Advance(-time.Second)
	_, err = tokens.Verify(token)
	requireUnauthenticated(t, err)
}

func TestRotation(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "ring.json"), clock.NewFake(start)
	require.NoError(t, keyring.Create(path, c))
	load := func() *Tokens {
		ring, err := keyring.Load(path, c)
		require.NoError(t, err)
		return NewTokens(ring, c, issuer, audience)
	}
	slow := load() // a node that does not watch the file
	before := mustIssue(t, slow)
	_, err := keyring.Rotate(path, c, keyring.JWT, time.Time{})
	require.NoError(t, err)
	quick := load()
	require.Equal(t, "j1", decode(t, strings.Split(mustIssue(t, quick), ".")[0])["kid"], "not active yet")

	c.Advance(keyring.RotationDelay)
	after := mustIssue(t, quick)
	require.Equal(t, "j2", decode(t, strings.Split(after, ".")[0])["kid"])
	for name, node := range map[string]*Tokens{"quick": quick, "slow": slow} {
		for _, token := range []string{before, after} {
			_, err := node.Verify(token)
			require.NoError(t, err, name)
		}
	}

	c.Advance(TokenLife + keyring.RotationDelay)
	_, err = keyring.Retire(path, c, TokenLife)
	require.NoError(t, err)
	alone := load()
	c.Advance(-TokenLife - keyring.RotationDelay)
	_, err = alone.Verify(before)
	requireUnauthenticated(t, err)
}

func TestATokenThatWasVerifiedBefore(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "ring.json"), clock.NewFake(start)
	require.NoError(t, keyring.Create(path, c))
	ring, err := keyring.Load(path, c)
	require.NoError(t, err)
	tokens := NewTokens(ring, c, issuer, audience)
	token := mustIssue(t, tokens)
	first, err := tokens.Verify(token)
	require.NoError(t, err)
	require.Equal(t, 1, tokens.cache.tokens.Len())
	again, err := tokens.Verify(token)
	require.NoError(t, err)
	require.Equal(t, first, again)

	for i := range token {
		_, err := tokens.Verify(token[:i] + token[i+1:])
		requireUnauthenticated(t, err)
	}
	require.Equal(t, 1, tokens.cache.tokens.Len(), "junk is not remembered")

	_, err = keyring.Rotate(path, c, keyring.JWT, start.Add(-time.Hour))
	require.NoError(t, err)
	_, err = keyring.Retire(path, c, TokenLife)
	require.NoError(t, err)
	_, err = ring.Reload()
	require.NoError(t, err)
	_, err = tokens.Verify(token)
	requireUnauthenticated(t, err)
}

func TestAKeyThatWasReplacedUnderItsID(t *testing.T) {
	tokens, _, _ := newTokens()
	old := mustIssue(t, tokens)
	_, err := tokens.Verify(old)
	require.NoError(t, err)
	tokens.ring = keyring.ForTest() // another secret, the same id
	_, err = tokens.Verify(old)
	requireUnauthenticated(t, err)
	_, err = tokens.Verify(mustIssue(t, tokens))
	require.NoError(t, err)
}

// A key without a secret signs nothing, and the error names it.
func TestSigner_ErrEmptySecret(t *testing.T) {
	tokens, _, _ := newTokens()
	_, err := tokens.signer(keyring.Key{ID: "j7"})
	require.ErrorContains(t, err, "j7")
}

func TestConcurrentVerifications(t *testing.T) {
	tokens, _, _ := newTokens()
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for range 20 {
				token, _, err := tokens.Issue(user, organization, session)
				if err == nil {
					_, err = tokens.Verify(token)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

func BenchmarkVerifyToken(b *testing.B) {
	tokens, _, _ := newTokens()
	token := mustIssue(b, tokens)
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := tokens.verifyUncached(token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("again", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := tokens.Verify(token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
