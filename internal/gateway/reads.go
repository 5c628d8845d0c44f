package gateway

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/internal/address"
)

// The limits of failed reads on this node: by one client at a token, by a token in
// all, and by all unknown tokens together. A person mistypes an API key now and
// then; a program configured with a wrong one presents the same key again, which
// is remembered. A client that exceeds the limits is guessing.
const (
	clientRate, clientBurst             = 20, 200
	tokenRate, tokenBurst               = 200, 2_000
	unknownTokenRate, unknownTokenBurst = 50, 500
	// maxReadBuckets is how many buckets are kept. Buckets that are not empty are kept
	// beyond it; there cannot be many, because filling a client's takes reads from the
	// token's.
	maxReadBuckets = 1 << 16
)

func perSecond(limit, burst int) limits.Rate {
	return limits.Rate{Limit: limit, Per: time.Second, Burst: burst}
}

// readLimits sets a to the buckets that a read of the database is taken from. The
// Key of a is the client, if the gateway says which it is, and its AppCounter the
// token.
func readLimits(c *Caller, client netip.Addr, a *limits.Ask) {
	*a = limits.Ask{Organization: c.Organization, AppCounter: c.Token, AppRate: perSecond(tokenRate, tokenBurst)}
	if client.IsValid() {
		a.Key, a.KeyRate = clientID(c.Token, client), perSecond(clientRate, clientBurst)
	}
}

// clientID returns the id that a client's reads are counted by.
func clientID(token uuid.UUID, client netip.Addr) uuid.UUID {
	var text [32]byte
	network := address.NetworkOf(client).Addr().As16() // no IPv6 /64 reads as an IPv4 address
	copy(text[:], token[:])
	copy(text[16:], network[:])
	sum := sha256.Sum256(text[:])
	return uuid.UUID(sum[:16])
}

// unknownTokenLimits sets a to the bucket shared by all unknown tokens.
func unknownTokenLimits(a *limits.Ask) {
	*a = limits.Ask{AppRate: perSecond(unknownTokenRate, unknownTokenBurst)}
}

// lookUp finds what is known about the presented username, in memory or else in
// the database; d's facts have no credential if it is unknown. It returns 0, or
// the code if it could not find out. A read fails if it finds no credential, or
// one that the secret does not match: in any other case the caller calls refundRead.
// Beyond the limit of failed reads a username is read only if it probably exists,
// so that a flood of invented ones does not keep real ones out.
func (v *Verifier) lookUp(ctx context.Context, f *follower, c *Caller, r *Request, shown presentedKey, d *decision, out *verdict.Verdict) verdict.Code {
	if f.cache.Facts(shown.username, &d.facts) {
		v.o.Metrics.hits.Inc()
		return 0
	}
	readLimits(c, r.Address, &d.ask)
	v.failedReads.Take(ctx, &d.ask, &out.Limits)
	if d.charged = out.Limits.Outcome == limits.Passed; !d.charged && !v.usernameMayExist(f, shown.username) {
		v.o.Metrics.refusedRead(ofKey)
		return verdict.RateLimited
	}
	out.Limits = limits.Answer{}
	v.o.Metrics.misses.Inc()
	leader, err := v.read(ctx, f, c, shown.username, &d.facts)
	if err != nil || !leader { // the outcome is unknown, or another call's read was shared
		v.refundRead(d)
	}
	if err != nil {
		return verdict.Unavailable
	}
	return 0
}

// refundRead returns what a read has taken from the limits of failed reads, because it
// did not fail.
func (v *Verifier) refundRead(d *decision) {
	if d.charged {
		d.charged = false
		v.failedReads.Return(&d.ask)
	}
}
