package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"

	"portico/clients/go/gate/access"
	"portico/internal/clock"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/gateway/presence"
)

const (
	// maxTokenLen, in bytes, is several times the length of a real token.
	maxTokenLen = 256
	// At most maxRejected rejected tokens are remembered, each for rejectedTTL, so
	// that a gateway with an old token does not query the database with every call.
	maxRejected, rejectedTTL = 4096, 2 * time.Second
)

// Caller is a gateway whose token has been verified.
type Caller struct {
	Organization, Token uuid.UUID
	Name                string
	// Products are the only ones it may ask about.
	Products access.ProductScope
	// Environment is the only one whose credentials it accepts; "" means all.
	Environment access.Environment
	// expiresAt is from when on the token is refused; zero for never.
	expiresAt time.Time

	// presence records what the gateway does; nil for one whose token was not verified.
	presence *presence.Gateway
}

// expired reports whether the token has expired.
func (c *Caller) expired(now time.Time) bool { return !c.expiresAt.IsZero() && !c.expiresAt.After(now) }

// Follows records that a process of the gateway follows the feed, and has applied the log
// up to a position. The name distinguishes processes that share the token; those without
// one count as one.
func (c *Caller) Follows(name string, position int64) { c.presence.Follows(name, position) }

// Reported records calls that the gateway has decided on its own and reported.
func (c *Caller) Reported(code string, at time.Time, calls int64) {
	c.presence.Reported(code, at, calls)
}

// callerCache holds the callers of verified tokens by the tokens' SHA-256; the
// tokens themselves are not kept.
type callerCache struct {
	mu       sync.RWMutex
	verified map[[sha256.Size]byte]*Caller
	rejected *simplelru.LRU[[sha256.Size]byte, time.Duration]
	// changes counts the events about tokens, by organization: a token that was read
	// before such an event is read again.
	changes map[uuid.UUID]uint64
	flight  singleflight.Group
	// presence is what this node has seen of all callers, of former ones too.
	presence *presence.Tracker
}

func newCallerCache(c clock.Clock) callerCache {
	rejected, _ := simplelru.NewLRU[[sha256.Size]byte, time.Duration](maxRejected, nil) // it fails for sizes below 1 only
	return callerCache{verified: map[[sha256.Size]byte]*Caller{}, rejected: rejected, changes: map[uuid.UUID]uint64{}, presence: presence.NewTracker(c)}
}

// Caller returns the caller that a gateway's token belongs to. The error is
// fault.CodeUnauthenticated if the token is unknown or revoked, and fault.CodeUnavailable
// if it cannot be checked at the moment. A token in memory costs no statement. The
// gateway counts as seen now.
func (v *Verifier) Caller(ctx context.Context, token string) (*Caller, error) {
	if token == "" || len(token) > maxTokenLen {
		return nil, errUnknownToken()
	}
	var text [maxTokenLen]byte
	sum := sha256.Sum256(text[:copy(text[:], token)])
	c := v.callers.get(sum)
	if c == nil {
		var err error
		if c, err = v.lookUpCaller(ctx, token, sum); err != nil {
			return nil, err
		}
	}
	now := v.o.Clock.Now()
	if c.expired(now) {
		return nil, errUnknownToken()
	}
	c.presence.Seen(now)
	return c, nil
}

// lookUpCaller is Caller for a token that is not in memory. It is a function of
// its own so that sum stays on the stack in Caller.
func (v *Verifier) lookUpCaller(ctx context.Context, token string, sum [sha256.Size]byte) (*Caller, error) {
	hashes, ok := v.o.Tokens.Hashes(token)
	if !ok || v.callers.isRejected(sum, v.o.Mono()) {
		return nil, errUnknownToken()
	}
	return v.readCaller(ctx, sum, hashes)
}

// tokenCheckError returns err if it is fault.CodeUnauthenticated, and else
// fault.CodeUnavailable wrapping it: whether the token is valid is unknown.
func tokenCheckError(err error) error {
	var known *fault.Error
	if errors.As(err, &known) && known.Code == fault.CodeUnauthenticated {
		return err
	}
	return fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, err, "The gateway's token cannot be checked at the moment.")
}

func errUnknownToken() *fault.Error {
	return fault.New(fault.CodeUnauthenticated, fault.ReasonInvalidToken, "The gateway's token is missing, unknown, expired or revoked.")
}

// verifyToken finds the token, begins to follow its organization, and then reads
// the token again: from then on the event log reports its revocation.
func (v *Verifier) verifyToken(ctx context.Context, sum [sha256.Size]byte, hashes [][]byte) (*Caller, error) {
	for _, hash := range hashes {
		for range maxAttempts {
			found, err := v.findCaller(ctx, hash)
			if err != nil {
				return nil, err
			}
			if found == nil {
				break
			}
			if _, err := v.follower(ctx, found.Organization); err != nil {
				return nil, err
			}
			changes := v.callers.changeCount(found.Organization)
			if found, err = v.readToken(ctx, hash); err != nil {
				return nil, err
			}
			if found == nil {
				break
			}
			if v.callers.add(sum, found, changes) {
				return found, nil
			}
		}
	}
	v.callers.reject(sum, v.o.Mono())
	return nil, errUnknownToken()
}

// readToken reads the gateway's token with a hash. It returns nil if there is none, it
// is revoked or has expired, or it is not a gateway's.
func (v *Verifier) readToken(ctx context.Context, hash []byte) (*Caller, error) {
	t, err := v.source.Token(ctx, hash)
	if err != nil || t == nil || !slices.Contains(t.Scopes, domain.GatewayScope.Name()) {
		return nil, err
	}
	c := &Caller{Organization: t.Organization, Token: t.ID, Name: t.Name, Products: t.Products, Environment: t.Environment, expiresAt: t.ExpiresAt}
	if c.expired(v.o.Clock.Now()) {
		return nil, nil
	}
	return c, nil
}

func (c *callerCache) get(sum [sha256.Size]byte) *Caller {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.verified[sum]
}

// isValid reports whether a caller's token is still verified: it has not been
// revoked since.
func (c *callerCache) isValid(who *Caller) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.isVerified(who.Token)
}

func (c *callerCache) isVerified(token uuid.UUID) bool {
	for _, known := range c.verified {
		if known.Token == token {
			return true
		}
	}
	return false
}

// forget forgets the callers that were last seen before a time, unless their tokens are
// verified.
func (c *callerCache) forget(before time.Time) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	c.presence.Forget(before, c.isVerified)
}

func (c *callerCache) changeCount(organization uuid.UUID) uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.changes[organization]
}

// add stores a caller and reports true, unless a token of the organization has
// changed since changeCount returned seen.
func (c *callerCache) add(sum [sha256.Size]byte, who *Caller, seen uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes[who.Organization] != seen {
		return false
	}
	who.presence = c.presence.Gateway(who.Organization, who.Token)
	c.verified[sum] = who
	return true
}

// drop removes a token that has changed.
func (c *callerCache) drop(organization, token uuid.UUID) {
	c.dropWhere(organization, func(who *Caller) bool { return who.Token == token })
}

// dropAll removes all tokens of an organization that is no longer followed.
func (c *callerCache) dropAll(organization uuid.UUID) {
	c.dropWhere(organization, func(*Caller) bool { return true })
}

func (c *callerCache) dropWhere(organization uuid.UUID, gone func(*Caller) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes[organization]++
	for sum, who := range c.verified {
		if who.Organization == organization && gone(who) {
			delete(c.verified, sum)
		}
	}
}

func (c *callerCache) reject(sum [sha256.Size]byte, now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rejected.Add(sum, now)
}

func (c *callerCache) isRejected(sum [sha256.Size]byte, now time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	since, ok := c.rejected.Get(sum)
	return ok && now-since < rejectedTTL
}

// used returns the tokens that were used since written, each with the minute, since
// 1970, of its last use.
func (c *callerCache) used(written map[uuid.UUID]int64) map[uuid.UUID]int64 {
	out := map[uuid.UUID]int64{}
	for token, second := range c.presence.LastSeen() {
		if minute := second / 60; minute > written[token] {
			out[token] = minute
		}
	}
	return out
}
