package gateway

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"portico/internal/address"
	"portico/internal/limits"
	"portico/internal/verdict"
)

// What may be read in vain on this node: by what one client shows at a token,
// by what is shown at a token in all, and by all tokens that are none. A human
// being mistypes a key now and then; a program that was left a wrong one shows
// the same, which is remembered. Whoever goes beyond is guessing.
const (
	clientReads, clientBurst     = 20, 200
	tokenReads, tokenBurst       = 200, 2_000
	strangerReads, strangerBurst = 50, 500
	// readStates is how many such buckets are kept; those that are not empty are
	// kept beyond it, and there cannot be many: to fill a client's takes reads of
	// the token's.
	readStates = 1 << 16
)

func perSecond(limit, burst int) limits.Rate {
	return limits.Rate{Limit: limit, Per: time.Second, Burst: burst}
}

// readsFor says which buckets a read of the database is taken from: the
// limiter's key is the client, if the gateway says who it is, its subscription
// the token.
func readsFor(c *Caller, client netip.Addr, a *limits.Ask) {
	*a = limits.Ask{Organization: c.Organization, Subscription: c.Token, SubscriptionRate: perSecond(tokenReads, tokenBurst)}
	if client.IsValid() {
		a.Key, a.KeyRate = clientOf(c.Token, client), perSecond(clientReads, clientBurst)
	}
}

// clientOf is what a client's reads are counted by.
func clientOf(token uuid.UUID, client netip.Addr) uuid.UUID {
	var text [32]byte
	network := address.NetworkOf(client).Addr().As16() // no IPv6 /64 reads as an IPv4 address
	copy(text[:], token[:])
	copy(text[16:], network[:])
	sum := sha256.Sum256(text[:])
	return uuid.UUID(sum[:16])
}

// readsByStrangers is the bucket for tokens that are not known.
func readsByStrangers(a *limits.Ask) {
	*a = limits.Ask{SubscriptionRate: perSecond(strangerReads, strangerBurst)}
}

// look finds what is known about the username that is shown, in memory or else
// in the database; unknown ones leave d's facts without a key. It returns no
// code, or why nothing was found out. In vain is counted a read that found no
// key, or one that the secret does not belong to: settle is called with whether
// it does. Beyond what may be read in vain a username is read only if
// there is likely to be such a key, so that no flood of made-up ones keeps a
// real one out.
func (g *Verifier) look(ctx context.Context, t *tenant, c *Caller, r *Request, shown presented, d *desk, v *verdict.Verdict) verdict.Code {
	if t.store.Facts(shown.username, &d.facts) {
		g.o.Metrics.hit()
		return 0
	}
	readsFor(c, r.Address, &d.ask)
	g.reads.Take(ctx, &d.ask, &v.Limits)
	if d.charged = v.Limits.Outcome == limits.Passed; !d.charged && !g.listed(t, shown.username) {
		g.o.Metrics.refusedRead(ofKey)
		return verdict.RateLimited
	}
	v.Limits = limits.Answer{}
	g.o.Metrics.miss()
	mine, err := g.read(ctx, t, c, shown.username, &d.facts)
	if err != nil || !mine { // nobody knows, or somebody else's read was shared
		g.giveBack(d)
	}
	if err != nil {
		return verdict.Unavailable
	}
	return 0
}

// settle returns back what a read was counted for that was not in vain.
func (g *Verifier) settle(d *desk, proven bool) {
	if proven {
		g.giveBack(d)
	}
}

func (g *Verifier) giveBack(d *desk) {
	if d.charged {
		d.charged = false
		g.reads.Return(&d.ask)
	}
}
