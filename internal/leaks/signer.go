package leaks

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
	"time"

	"portico/clients/go/gate/keyheader"
	"portico/internal/clock"
	"portico/internal/fault"
)

const (
	// keysFresh is after what time the keys are read again, so that one that the programme
	// has given up is refused.
	keysFresh = time.Hour
	// keysLive is how long keys are used while the programme does not say them any more.
	keysLive = 24 * time.Hour
	// retryAfter is the pause between two attempts to read them, whatever requests say: an
	// unknown identifier costs the programme no more than this.
	retryAfter = time.Minute
	// fetchTime is how long it may take to read them, less than a request may take.
	fetchTime = 3 * time.Second
	// maxKeys and maxDocument, in bytes, are more than any programme has.
	maxKeys     = 100
	maxDocument = 256 << 10
)

// Programme knows with which keys a programme that scans for secrets signs its requests. It
// is safe for concurrent use.
type Programme struct {
	address string
	clock   clock.Clock
	http    *http.Client

	mu   sync.Mutex
	keys map[string]*ecdsa.PublicKey
	// read is when keys were read, tried when that was tried last, and err what came of it.
	read, tried time.Time
	err         error
	// flight is closed when the attempt that is under way ends; nil: none is.
	flight chan struct{}
}

// NewProgramme returns the programme whose keys are at an address.
func NewProgramme(address string, c clock.Clock) *Programme {
	return &Programme{address: address, clock: c, http: &http.Client{
		Timeout: fetchTime,
		// Whoever may send elsewhere could say which keys are right.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Verify returns an error unless the programme has signed a body: in base 64, an ASN.1
// signature by ECDSA P-256 over its SHA-256, with the key that has this identifier and is a
// current one. fault.CodeUnauthenticated says that it has not, fault.CodeUnavailable that
// its keys cannot be read.
func (p *Programme) Verify(ctx context.Context, identifier, signature string, body []byte) error {
	raw, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil || identifier == "" || !keyheader.Visible(signature) { // the decoder skips line breaks
		return errNotSigned()
	}
	key, err := p.key(ctx, identifier)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(body)
	if key == nil || !ecdsa.VerifyASN1(key, hash[:], raw) {
		return errNotSigned()
	}
	return nil
}

func errNotSigned() error {
	return fault.New(fault.CodeUnauthenticated, fault.ReasonWrongCredentials, "The request is not signed by a current key of the programme.")
}

func errUnreadable(cause error) error {
	err := fault.Wrap(fault.CodeUnavailable, fault.ReasonIdentityProvider, cause, "The keys of the programme cannot be read at the moment.")
	err.RetryAfter = retryAfter
	return err
}

// key returns the current key with an identifier; nil if there is none. Keys that are fresh,
// and others while the programme does not answer, are used at once; else they are read, by
// one attempt at a time, for which all wait.
func (p *Programme) key(ctx context.Context, identifier string) (*ecdsa.PublicKey, error) {
	for asked := false; ; asked = true {
		p.mu.Lock()
		now := p.clock.Now()
		age := elapsed(p.read, now)
		known := p.keys != nil && age < keysLive
		key := p.keys[identifier]
		if known && key != nil && age < keysFresh {
			p.mu.Unlock()
			return key, nil
		}
		var flight chan struct{}
		if !asked {
			flight = p.ask(now)
		}
		failed := p.err
		p.mu.Unlock()
		switch {
		case flight == nil && known:
			return key, nil
		case flight == nil:
			return nil, errUnreadable(failed)
		}
		select {
		case <-flight:
		case <-ctx.Done():
			return nil, errUnreadable(ctx.Err())
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

// ask begins to read the keys, unless that is under way or was tried just now. It returns
// what is closed at the end; nil if nothing is under way. The lock is held.
func (p *Programme) ask(now time.Time) chan struct{} {
	if p.flight != nil {
		return p.flight
	}
	if elapsed(p.tried, now) < retryAfter {
		return nil
	}
	flight := make(chan struct{})
	p.tried, p.flight = now, flight
	go func() {
		// Of no request: those that wait may give up, and others need the answer.
		ctx, cancel := context.WithTimeout(context.Background(), fetchTime)
		defer cancel()
		keys, err := p.fetch(ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.err = err; err == nil {
			p.keys, p.read = keys, now
		}
		p.flight = nil
		close(flight)
	}()
	return flight
}

// document is what a programme says of its keys.
type document struct {
	Keys []struct {
		Identifier string `json:"key_identifier"`
		Key        string `json:"key"`
		IsCurrent  bool   `json:"is_current"`
	} `json:"public_keys"`
}

// fetch reads the current keys by their identifiers. Keys of another kind are left out.
func (p *Programme) fetch(ctx context.Context) (map[string]*ecdsa.PublicKey, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.address, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	answer, err := p.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", p.address, answer.Status)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxDocument+1))
	if err != nil {
		return nil, err
	}
	var d document
	if len(body) > maxDocument || json.Unmarshal(body, &d) != nil || len(d.Keys) > maxKeys {
		return nil, fmt.Errorf("%s has no usable keys", p.address)
	}
	keys := map[string]*ecdsa.PublicKey{}
	for _, k := range d.Keys {
		if key := parseKey(k.Key); key != nil && k.IsCurrent && k.Identifier != "" {
			keys[k.Identifier] = key
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s has no current key", p.address)
	}
	return keys, nil
}

// parseKey parses a public key of P-256; nil for anything else.
func parseKey(text string) *ecdsa.PublicKey {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	any, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, ok := any.(*ecdsa.PublicKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil
	}
	return key
}
