package oidc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/stretchr/testify/require"

	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/oidc"
)

// provider is a provider whose answers a test chooses.
type provider struct {
	*httptest.Server
	clock  *clock.Fake
	client *oidc.Client
	// asked counts the questions for keys; answer answers them.
	asked  atomic.Int64
	mu     sync.Mutex
	answer http.HandlerFunc
	meta   map[string]any
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{clock: clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), meta: map[string]any{}}
	p.client = oidc.NewClient(p.clock, true)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/.well-known/openid-configuration" {
			p.mu.Lock()
			defer p.mu.Unlock()
			meta := map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/keys"}
			for k, v := range p.meta {
				meta[k] = v
			}
			_ = json.NewEncoder(w).Encode(meta)
			return
		}
		p.asked.Add(1)
		p.mu.Lock()
		answer := p.answer
		p.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(p.Server.Close)
	return p
}

// answers sets how questions for keys are answered.
func (p *provider) answers(f http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = f
}

// publishes answers with the public parts of keys.
func (p *provider) publishes(t *testing.T, keys ...jwk.Key) {
	set := jwk.NewSet()
	for _, k := range keys {
		public, err := k.PublicKey()
		require.NoError(t, err)
		require.NoError(t, set.AddKey(public))
	}
	body, err := json.Marshal(set)
	require.NoError(t, err)
	p.answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
}

func (p *provider) settings() oidc.Provider {
	return oidc.Provider{Issuer: p.URL, Audience: "api", ClientID: "portico", Algorithms: []string{"RS256", "ES256"}}
}

// token returns a token that is valid for ten minutes from now.
func (p *provider) token(t *testing.T, k jwk.Key, alg jwa.SignatureAlgorithm) string {
	t.Helper()
	made, err := jwt.NewBuilder().Issuer(p.URL).Audience([]string{"api"}).Subject("ada").IssuedAt(p.clock.Now()).Expiration(p.clock.Now().Add(10 * time.Minute)).Build()
	require.NoError(t, err)
	signed, err := jwt.Sign(made, jwt.WithKey(alg, k))
	require.NoError(t, err)
	return string(signed)
}

func (p *provider) verify(t *testing.T, token string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := p.client.VerifyAccess(ctx, p.settings(), token)
	return err
}

func rsaKey(t *testing.T, bits int, id string) jwk.Key {
	t.Helper()
	raw, err := rsa.GenerateKey(rand.Reader, bits)
	require.NoError(t, err)
	return withID(t, raw, id)
}

func ecKey(t *testing.T, id string) jwk.Key {
	t.Helper()
	raw, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return withID(t, raw, id)
}

func withID(t *testing.T, raw any, id string) jwk.Key {
	t.Helper()
	k, err := jwk.FromRaw(raw)
	require.NoError(t, err)
	if id != "" {
		require.NoError(t, k.Set(jwk.KeyIDKey, id))
	}
	return k
}

// requireUnavailable requires the error for a provider that does not say its keys.
func requireUnavailable(t *testing.T, err error) {
	t.Helper()
	require.True(t, fault.Is(err, fault.CodeUnavailable), "%v", err)
	require.Equal(t, fault.ReasonIdentityProvider, fault.From(err).Reason)
	require.Positive(t, fault.From(err).RetryAfter)
	require.False(t, oidc.IsInvalid(err))
}

// Whatever a provider answers in the place of keys, and if it never does, the error is the
// same, in time, and the keys that come later are used.
func TestProviderThatDoesNotSayItsKeys(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	for name, answer := range map[string]http.HandlerFunc{
		"garbage":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>maintenance</html>")) },
		"nothing":   func(http.ResponseWriter, *http.Request) {},
		"no keys":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys": []}`)) },
		"junk keys": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys": [{"kty": "RSA"}, 7]}`)) },
		"an error":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"elsewhere": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/more", http.StatusFound) },
		"never":     func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"drop by drop": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = fmt.Fprint(w, " ")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		},
		"without end": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte(strings.Repeat(" ", 1<<16))); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, key := newProvider(t), ecKey(t, "first")
			p.answers(answer)
			token := p.token(t, key, jwa.ES256)
			started := time.Now()
			requireUnavailable(t, p.verify(t, token))
			require.Less(t, time.Since(started), 4*time.Second)
			requireUnavailable(t, p.verify(t, token))
			require.EqualValues(t, 1, p.asked.Load(), "it is left in peace for a while")
			p.publishes(t, key)
			p.clock.Advance(5 * time.Second)
			require.NoError(t, p.verify(t, token))
		})
	}
}

// Metadata that is another issuer's, or that leads to where anybody could answer, is not
// believed.
func TestMetadataThatIsNotBelieved(t *testing.T) {
	for name, meta := range map[string]map[string]any{
		"another issuer":       {"issuer": "https://login.example.com"},
		"keys without TLS":     {"jwks_uri": "http://login.example.com/keys"},
		"token without TLS":    {"token_endpoint": "http://login.example.com/token"},
		"userinfo in a file":   {"userinfo_endpoint": "file:///etc/passwd"},
		"browser to a program": {"authorization_endpoint": "javascript:alert(1)"},
		"no keys":              {"jwks_uri": ""},
		"a list":               {"issuer": []string{"x"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, key := newProvider(t), ecKey(t, "first")
			p.publishes(t, key)
			p.meta = meta
			requireUnavailable(t, p.verify(t, p.token(t, key, jwa.ES256)))
		})
	}
}

// While one question is under way, all who need its answer wait for it, and others do not.
func TestOneQuestionAtATime(t *testing.T) {
	p, key := newProvider(t), ecKey(t, "first")
	arrived, goOn := make(chan struct{}, 1), make(chan struct{})
	p.publishes(t, key)
	published := p.answer
	p.answers(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-goOn
		published(w, r)
	})
	token := p.token(t, key, jwa.ES256)
	var waiting sync.WaitGroup
	for range 20 {
		waiting.Go(func() {
			if err := p.verify(t, token); err != nil {
				t.Error(err)
			}
		})
	}
	<-arrived
	hurried, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.client.VerifyAccess(hurried, p.settings(), token)
	requireUnavailable(t, err)
	other, its := newProvider(t), ecKey(t, "its")
	other.publishes(t, its)
	_, err = p.client.VerifyAccess(t.Context(), other.settings(), func() string { p.clock.Advance(0); return other.token(t, its, jwa.ES256) }())
	require.NoError(t, err, "another provider is not waited for")
	close(goOn)
	waiting.Wait()
	require.EqualValues(t, 1, p.asked.Load())
}

// A key that a provider takes into use is asked for, at most once in a while, one that it
// gives up is soon refused, and an outage is survived for an hour.
func TestRotationAndOutage(t *testing.T) {
	p, first, second := newProvider(t), ecKey(t, "first"), rsaKey(t, 2048, "second")
	p.publishes(t, first)
	require.NoError(t, p.verify(t, p.token(t, first, jwa.ES256)))
	p.publishes(t, second)
	for range 100 {
		require.True(t, oidc.IsInvalid(p.verify(t, p.token(t, second, jwa.RS256))))
	}
	require.EqualValues(t, 1, p.asked.Load(), "unknown keys do not make it ask again at once")
	p.clock.Advance(5 * time.Second)
	require.NoError(t, p.verify(t, p.token(t, second, jwa.RS256)))
	require.EqualValues(t, 2, p.asked.Load())
	require.True(t, oidc.IsInvalid(p.verify(t, p.token(t, first, jwa.ES256))), "given up")

	p.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	p.clock.Advance(59 * time.Minute)
	require.NoError(t, p.verify(t, p.token(t, second, jwa.RS256)), "known keys serve")
	require.Eventually(t, func() bool { return p.asked.Load() == 3 }, 5*time.Second, time.Millisecond, "and it is asked beside the requests")
	// Whether it is signed by a newer key cannot be known.
	unknown := p.verify(t, p.token(t, first, jwa.ES256))
	requireUnavailable(t, unknown)
	require.False(t, oidc.IsInvalid(unknown))
	p.clock.Advance(time.Minute)
	requireUnavailable(t, p.verify(t, p.token(t, second, jwa.RS256)))
	p.publishes(t, second)
	p.clock.Advance(5 * time.Second)
	require.NoError(t, p.verify(t, p.token(t, second, jwa.RS256)))
}

// Keys that are too short, for something else or of another kind verify nothing.
func TestKeysThatVerifyNothing(t *testing.T) {
	encrypts := rsaKey(t, 2048, "k")
	require.NoError(t, encrypts.Set(jwk.KeyUsageKey, "enc"))
	other := rsaKey(t, 2048, "k")
	require.NoError(t, other.Set(jwk.AlgorithmKey, jwa.PS256))
	for name, published := range map[string]jwk.Key{"short": rsaKey(t, 1024, "k"), "for encryption": encrypts, "for another algorithm": other, "of another kind": ecKey(t, "k")} {
		t.Run(name, func(t *testing.T) {
			p, signs := newProvider(t), published
			if name == "of another kind" {
				signs = rsaKey(t, 2048, "k")
			}
			p.publishes(t, published)
			raw, err := signs.Clone()
			require.NoError(t, err)
			require.NoError(t, raw.Remove(jwk.AlgorithmKey))
			require.NoError(t, raw.Remove(jwk.KeyUsageKey))
			require.True(t, oidc.IsInvalid(p.verify(t, p.token(t, raw, jwa.RS256))))
		})
	}
}

// A token without a key's id is verified by the only key there is.
func TestTokenWithoutAKeyID(t *testing.T) {
	p, key := newProvider(t), ecKey(t, "")
	p.publishes(t, key)
	token := p.token(t, key, jwa.ES256)
	require.NoError(t, p.verify(t, token))
	p.publishes(t, key, ecKey(t, "another"))
	p.clock.Advance(5 * time.Minute)
	require.True(t, oidc.IsInvalid(p.verify(t, token)), "which of two is unknown")
}

// A key that was given up is refused after five minutes, however long nobody came; while
// the provider does not answer, it serves without waiting.
func TestAKeyIsGivenUp(t *testing.T) {
	p, first, second := newProvider(t), ecKey(t, "first"), ecKey(t, "second")
	p.publishes(t, first)
	require.NoError(t, p.verify(t, p.token(t, first, jwa.ES256)))
	p.publishes(t, second)
	p.clock.Advance(5*time.Minute - time.Second)
	require.NoError(t, p.verify(t, p.token(t, first, jwa.ES256)))
	p.clock.Advance(30 * time.Minute)
	require.True(t, oidc.IsInvalid(p.verify(t, p.token(t, first, jwa.ES256))))

	p.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	p.clock.Advance(6 * time.Minute)
	require.NoError(t, p.verify(t, p.token(t, second, jwa.ES256)), "it was asked, and does not answer")
	hangs := make(chan struct{})
	defer close(hangs)
	p.answers(func(http.ResponseWriter, *http.Request) { <-hangs })
	p.clock.Advance(6 * time.Second)
	started := time.Now()
	require.NoError(t, p.verify(t, p.token(t, second, jwa.ES256)))
	require.Less(t, time.Since(started), 2*time.Second, "nobody waits for it any more")
}

// After the clock was set back, a provider is asked again.
func TestAClockThatIsSetBack(t *testing.T) {
	p, first, second := newProvider(t), ecKey(t, "first"), ecKey(t, "second")
	p.publishes(t, first)
	require.NoError(t, p.verify(t, p.token(t, first, jwa.ES256)))
	p.publishes(t, second)
	p.clock.Advance(-24 * time.Hour)
	require.NoError(t, p.verify(t, p.token(t, second, jwa.ES256)))
}

// Times that say nothing are none, and an ID token is no access token.
func TestClaimsThatAreRefused(t *testing.T) {
	p, key := newProvider(t), ecKey(t, "first")
	p.publishes(t, key)
	for name, change := range map[string]func(jwt.Token) error{
		"no end":         func(x jwt.Token) error { return x.Set(jwt.ExpirationKey, 0) },
		"no beginning":   func(x jwt.Token) error { return x.Set(jwt.IssuedAtKey, 0) },
		"a half second":  func(x jwt.Token) error { return x.Set(jwt.ExpirationKey, 0.5) },
		"before 1970":    func(x jwt.Token) error { return x.Set(jwt.ExpirationKey, -5) },
		"an ID token":    func(x jwt.Token) error { return x.Set("at_hash", "x") },
		"another's code": func(x jwt.Token) error { return x.Set("c_hash", "x") },
	} {
		made, err := jwt.ParseInsecure([]byte(p.token(t, key, jwa.ES256)))
		require.NoError(t, err)
		require.NoError(t, change(made))
		signed, err := jwt.Sign(made, jwt.WithKey(jwa.ES256, key))
		require.NoError(t, err)
		require.True(t, oidc.IsInvalid(p.verify(t, string(signed))), name)
	}
}

// A signature over header parameters that must be understood and are not is worth nothing.
func TestCriticalHeader(t *testing.T) {
	p, key := newProvider(t), ecKey(t, "first")
	p.publishes(t, key)
	payload, err := jws.Parse([]byte(p.token(t, key, jwa.ES256)))
	require.NoError(t, err)
	h := jws.NewHeaders()
	require.NoError(t, h.Set(jws.CriticalKey, []string{"exp"}))
	signed, err := jws.Sign(payload.Payload(), jws.WithKey(jwa.ES256, key, jws.WithProtectedHeaders(h)))
	require.NoError(t, err)
	require.True(t, oidc.IsInvalid(p.verify(t, string(signed))))
}
