package gateway

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"

	"portico/internal/domain"
	"portico/internal/fault"
)

const (
	// scope is what a gateway's token must have.
	scope = "gateway"
	// longestToken, in bytes, is a few times the length of a real one.
	longestToken = 256
	// unbelieved tokens are remembered, so many and for so long, so that a
	// gateway with an old token does not ask the database with each call.
	unbelievedKept, unbelievedFor = 4096, 2 * time.Second
)

// Caller is a believed gateway token.
type Caller struct {
	Organization, Token uuid.UUID
	Name                string
	// Products are the only ones it may ask about; nil: all.
	Products []uuid.UUID
	// Environment is the only one whose keys it lets pass; "": all.
	Environment domain.Environment

	// used is the minute, since 1970, in which it last asked.
	used atomic.Int64
}

// use notes that the token is used now.
func (c *Caller) use(now time.Time) {
	if minute := now.Unix() / 60; c.used.Load() != minute { // else its cache line stays shared
		c.used.Store(minute)
	}
}

// callers are the tokens that were asked for, by their SHA-256: the tokens
// themselves are not kept.
type callers struct {
	mu       sync.RWMutex
	believed map[[sha256.Size]byte]*Caller
	not      *simplelru.LRU[[sha256.Size]byte, time.Duration]
	// changes counts, by organization, the events about tokens: a token that
	// was read before one is read again.
	changes map[uuid.UUID]uint64
	flight  singleflight.Group
}

func newCallers() callers {
	not, _ := simplelru.NewLRU[[sha256.Size]byte, time.Duration](unbelievedKept, nil) // it fails for sizes below 1 only
	return callers{believed: map[[sha256.Size]byte]*Caller{}, not: not, changes: map[uuid.UUID]uint64{}}
}

// Caller returns who a gateway's token belongs to. A token that is not believed,
// or not any more, is fault.Unauthenticated; fault.Unavailable says that
// nobody can tell at the moment. A known token costs no statement.
func (g *Verifier) Caller(ctx context.Context, token string) (*Caller, error) {
	if token == "" || len(token) > longestToken {
		return nil, stranger()
	}
	var text [longestToken]byte
	sum := sha256.Sum256(text[:copy(text[:], token)])
	if c := g.callers.get(sum); c != nil {
		return c, nil
	}
	return g.newCaller(ctx, token, sum)
}

// newCaller is Caller for a token that is not among the believed ones. Apart
// from it, sum needs no room on the heap.
func (g *Verifier) newCaller(ctx context.Context, token string, sum [sha256.Size]byte) (*Caller, error) {
	hashes, ok := g.o.Tokens.Hashes(token)
	if !ok || g.callers.refused(sum, g.o.Mono()) {
		return nil, stranger()
	}
	return g.readCaller(ctx, sum, hashes)
}

// uncertain makes of whatever went wrong that nobody can tell.
func uncertain(err error) error {
	var known *fault.Error
	if errors.As(err, &known) && known.Code == fault.CodeUnauthenticated {
		return err
	}
	return fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, err, "The gateway's token cannot be checked at the moment.")
}

func stranger() *fault.Error {
	return fault.New(fault.CodeUnauthenticated, fault.ReasonInvalidToken, "The gateway's token is missing, unknown or revoked.")
}

// believe finds the token, follows its organization, and only then reads it
// for good: from now on the log tells of its revocation.
func (g *Verifier) believe(ctx context.Context, sum [sha256.Size]byte, hashes [][]byte) (*Caller, error) {
	for _, hash := range hashes {
		for range attempts {
			found, err := g.firstCaller(ctx, hash)
			if err != nil {
				return nil, err
			}
			if found == nil {
				break
			}
			if _, err := g.tenant(ctx, found.Organization); err != nil {
				return nil, err
			}
			changes := g.callers.seen(found.Organization)
			if found, err = g.rows.caller(ctx, hash); err != nil {
				return nil, err
			}
			if found == nil {
				break
			}
			if g.callers.add(sum, found, changes) {
				return found, nil
			}
		}
	}
	g.callers.refuse(sum, g.o.Mono())
	return nil, stranger()
}

// caller reads a token that is not revoked and is a gateway's; nil: none.
func (s source) caller(ctx context.Context, hash []byte) (out *Caller, err error) {
	err = s.each(ctx, `SELECT id, organization_id, name, scopes, product_ids, environment FROM service_tokens
		WHERE token_hash = $1 AND revoked_at IS NULL`, []any{hash}, func(r *sql.Rows) error {
		var c Caller
		var scopes, products []byte
		var environment sql.NullString
		if err := r.Scan(&c.Token, &c.Organization, &c.Name, &scopes, &products, &environment); err != nil {
			return err
		}
		var all []string
		if err := decode(scopes, &all); err != nil {
			return err
		}
		if slices.Contains(all, scope) {
			out = &c
		}
		c.Environment = domain.Environment(environment.String)
		return decode(products, &c.Products)
	})
	return out, err
}

func (c *callers) get(sum [sha256.Size]byte) *Caller {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.believed[sum]
}

// believes reports whether a caller's token has not been revoked since.
func (c *callers) believes(who *Caller) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, known := range c.believed {
		if known.Token == who.Token {
			return true
		}
	}
	return false
}

func (c *callers) seen(organization uuid.UUID) uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.changes[organization]
}

// add keeps a caller, unless a token of the organization changed since seen.
func (c *callers) add(sum [sha256.Size]byte, who *Caller, seen uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes[who.Organization] != seen {
		return false
	}
	c.believed[sum] = who
	return true
}

// drop forgets a token that has changed.
func (c *callers) drop(organization, token uuid.UUID) {
	c.dropWhere(organization, func(who *Caller) bool { return who.Token == token })
}

// dropAll forgets all tokens of an organization that is not followed any more.
func (c *callers) dropAll(organization uuid.UUID) {
	c.dropWhere(organization, func(*Caller) bool { return true })
}

func (c *callers) dropWhere(organization uuid.UUID, gone func(*Caller) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes[organization]++
	for sum, who := range c.believed {
		if who.Organization == organization && gone(who) {
			delete(c.believed, sum)
		}
	}
}

func (c *callers) refuse(sum [sha256.Size]byte, now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.not.Add(sum, now)
}

func (c *callers) refused(sum [sha256.Size]byte, now time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	since, ok := c.not.Get(sum)
	return ok && now-since < unbelievedFor
}

// used returns the tokens that were used since they were last written down, with
// the minutes.
func (c *callers) used(written map[uuid.UUID]int64) map[uuid.UUID]int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := map[uuid.UUID]int64{}
	for _, who := range c.believed {
		if minute := who.used.Load(); minute > written[who.Token] {
			out[who.Token] = minute
		}
	}
	return out
}
