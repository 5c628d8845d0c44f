package oidc

import (
	"context"
	"crypto/rsa"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

const (
	// keysFresh is after what time a provider is asked again when its keys are needed, so
	// that a key that it has given up is refused.
	keysFresh = 5 * time.Minute
	// keysLive is how long keys are used of a provider that does not answer any more.
	keysLive = time.Hour
	// retryAfter is the pause between two questions, whatever tokens say: an unknown key
	// costs a provider no more than this.
	retryAfter = 5 * time.Second
	// maxKeys is more than any provider has.
	maxKeys = 100
	// leastRSA is how long RSA keys must be, in bits (RFC 7518, 3.3).
	leastRSA = 2048
)

// source is a provider's keys and addresses, as they were read last.
type source struct {
	client *Client
	issuer string

	mu   sync.Mutex
	meta metadata
	keys jwk.Set
	// read is when they were read, tried when that was tried last, and err what came of it.
	read, tried time.Time
	err         error
	// flight is closed when the question that is under way is answered; nil: none is.
	flight chan struct{}
}

func (c *Client) source(issuer string) *source {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sources[issuer]
	if s == nil {
		s = &source{client: c, issuer: issuer}
		c.sources[issuer] = s
	}
	return s
}

// key returns the key that a token says it is signed with. Keys that are fresh are used
// at once, and others of a provider that has failed to answer. Otherwise the provider is asked, by one request at a time, for which all wait.
func (s *source) key(ctx context.Context, kid string, alg jwa.SignatureAlgorithm) (out jwk.Key, err error) {
	err = s.await(ctx, func() error {
		var ok bool
		if out, ok = find(s.keys, kid, alg); ok {
			return nil
		}
		return invalid("its key is unknown")
	})
	return out, err
}

// addresses returns what the provider says of itself.
func (s *source) addresses(ctx context.Context) (out metadata, err error) {
	err = s.await(ctx, func() error {
		out = s.meta
		return nil
	})
	return out, err
}

// await calls look, which is satisfied or not with what is known of the provider, and
// again after the provider was asked.
func (s *source) await(ctx context.Context, look func() error) error {
	for asked := false; ; asked = true {
		s.mu.Lock()
		now := s.client.clock.Now()
		age := elapsed(s.read, now)
		known := s.keys != nil && age < keysLive
		var err error
		if known {
			if err = look(); err == nil && (age < keysFresh || s.err != nil || asked) {
				if age >= keysFresh {
					s.ask(now) // beside the request, which does not wait for who does not answer
				}
				s.mu.Unlock()
				return nil
			}
		}
		flight := s.flight
		if flight == nil && !asked {
			flight = s.ask(now)
		}
		if flight == nil || asked {
			failed := s.err
			s.mu.Unlock()
			if known && (failed == nil || err == nil) {
				return err
			}
			return errUnavailable(failed) // whether the token is valid is unknown
		}
		s.mu.Unlock()
		select {
		case <-flight:
		case <-ctx.Done():
			return errUnavailable(ctx.Err())
		}
	}
}

// elapsed returns how long ago a time was; for ever, if it is none or in the future: then
// the clock was set back.
func elapsed(since, now time.Time) time.Duration {
	if since.IsZero() || since.After(now) {
		return math.MaxInt64
	}
	return now.Sub(since)
}

// ask begins to ask the provider, unless that is under way or was tried just now. It
// returns nil then, and else what is closed at the end. The lock is held.
func (s *source) ask(now time.Time) chan struct{} {
	if s.flight != nil {
		return s.flight
	}
	if elapsed(s.tried, now) < retryAfter {
		return nil
	}
	s.tried = now
	flight := make(chan struct{})
	s.flight = flight
	go func() {
		// Of no request: those that wait may give up, and others need the answer.
		ctx, cancel := context.WithTimeout(context.Background(), fetchTime)
		defer cancel()
		meta, keys, err := s.fetch(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.err = err; err == nil {
			s.meta, s.keys, s.read = meta, keys, now
		}
		s.flight = nil
		close(flight)
	}()
	return flight
}

func (s *source) fetch(ctx context.Context) (metadata, jwk.Set, error) {
	meta, err := s.client.discover(ctx, s.issuer)
	if err != nil {
		return meta, nil, err
	}
	var body []byte
	if err := s.client.get(ctx, meta.JWKS, "", &body); err != nil {
		return meta, nil, err
	}
	keys, err := jwk.Parse(body, jwk.WithIgnoreParseError(true))
	if err != nil || keys.Len() == 0 || keys.Len() > maxKeys {
		return meta, nil, errors.New(meta.JWKS + " has no usable keys")
	}
	return meta, keys, nil
}

// find returns the key with this id that signs by this algorithm; without an id, the only
// one that does.
func find(keys jwk.Set, kid string, alg jwa.SignatureAlgorithm) (out jwk.Key, ok bool) {
	for i := range keys.Len() {
		k, _ := keys.Key(i)
		if kid != "" && k.KeyID() != kid || !signsBy(k, alg) {
			continue
		}
		if out != nil {
			return nil, false
		}
		out = k
	}
	return out, out != nil
}

// signsBy reports whether a key may verify signatures by an algorithm: one for something
// else, a short one and a private one may not.
func signsBy(k jwk.Key, alg jwa.SignatureAlgorithm) bool {
	if k.KeyUsage() != "" && k.KeyUsage() != string(jwk.ForSignature) {
		return false
	}
	if a := k.Algorithm().String(); a != "" && a != alg.String() {
		return false
	}
	switch k := k.(type) {
	case jwk.RSAPublicKey:
		var raw rsa.PublicKey
		return isOneOf(alg, jwa.RS256, jwa.RS384, jwa.RS512, jwa.PS256, jwa.PS384, jwa.PS512) && k.Raw(&raw) == nil && raw.N.BitLen() >= leastRSA
	case jwk.ECDSAPublicKey:
		curve := map[jwa.SignatureAlgorithm]jwa.EllipticCurveAlgorithm{jwa.ES256: jwa.P256, jwa.ES384: jwa.P384, jwa.ES512: jwa.P521}
		return k.Crv() == curve[alg]
	case jwk.OKPPublicKey:
		return alg == jwa.EdDSA && k.Crv() == jwa.Ed25519
	}
	return false
}

func isOneOf(alg jwa.SignatureAlgorithm, all ...jwa.SignatureAlgorithm) bool {
	for _, one := range all {
		if alg == one {
			return true
		}
	}
	return false
}
