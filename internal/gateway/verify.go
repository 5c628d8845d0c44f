package gateway

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"portico/internal/domain"
	"portico/internal/limits"
	"portico/internal/usage"
	"portico/internal/verdict"
)

// Request is a question of a gateway.
type Request struct {
	// RawKey, or Username and Password, is the key as it was shown.
	RawKey, Username, Password string
	// Presented is how it was shown; "": nothing was.
	Presented domain.AuthType
	// Malformed: what was shown cannot be read as a key at all.
	Malformed bool
	// Product is the name of the product that is called; a token that is bound
	// to one product implies it. App is an app's id or reference id.
	Product, App string
	// NeedsProduct refuses a call that names no product: at doors where calls
	// pass by the answer, a forgotten name must not open everything.
	NeedsProduct bool
	Method, Path string
	Address      netip.Addr
	// Cost is what the call takes of the limits; 0 is 1.
	Cost int64
}

// desk is what one verdict needs; it is used again for the next.
type desk struct {
	question verdict.Question
	facts    verdict.Facts
	ask      limits.Ask
	call     usage.Call
	// charged: ask was taken from the buckets of what may be read in vain.
	charged bool
}

// Verify answers a question, takes what the call costs from its limits, and
// counts it. It never fails: what cannot be known is UNAVAILABLE. It waits for
// the database, 2 s at most, only for what is not in memory yet. v is
// overwritten; what it points to must not be changed.
func (g *Verifier) Verify(ctx context.Context, c *Caller, r *Request, v *verdict.Verdict) {
	began := g.o.Mono()
	d := g.desks.Get().(*desk)
	*v = verdict.Verdict{}
	d.question.Now = g.o.Clock.Now()
	c.use(d.question.Now)
	g.decide(ctx, c, r, d, v)
	g.count(c, d, v)
	*d = desk{}
	g.desks.Put(d)
	g.o.Metrics.verdict(v, g.o.Mono()-began)
}

func (g *Verifier) decide(ctx context.Context, c *Caller, r *Request, d *desk, v *verdict.Verdict) {
	t, err := g.tenant(ctx, c.Organization)
	if err != nil || !g.fresh(t) {
		v.Code = verdict.Unavailable
		return
	}
	catalogue := t.store.Catalogue()
	d.question = question(c, r, catalogue, d.question.Now)
	if p := catalogue.Product(d.question.Product); p != nil && among(&d.question, p) {
		v.Product = p
	}
	if verdict.Keyless(&d.question, catalogue, v) {
		return
	}
	shown, ok := r.read()
	if !ok {
		v.Code = verdict.Malformed
		return
	}
	if v.Code = g.look(ctx, t, c, r, shown, d, v); v.Code != 0 {
		return
	}
	proven := g.proves(shown, d.facts.Credential)
	if g.settle(d, proven); !proven {
		v.Code = verdict.NotFound
		return
	}
	if verdict.Decide(&d.question, &d.facts, v); v.Code == verdict.Valid {
		g.limit(ctx, d.facts.Catalogue, r.Cost, &d.ask, v)
	}
}

// question puts what is asked and what the token is bound to together.
func question(c *Caller, r *Request, catalogue *verdict.Catalogue, now time.Time) verdict.Question {
	q := verdict.Question{
		Product: r.Product, App: r.App, Method: r.Method, Path: r.Path, Address: r.Address, Presented: r.Presented,
		Now: now, NeedsProduct: r.NeedsProduct, Environment: c.Environment, Products: c.Products,
	}
	if q.Product == "" && len(c.Products) == 1 {
		q.Product = noProduct
		if p := catalogue.ProductByID(c.Products[0]); p != nil {
			q.Product = p.Name
		}
	}
	return q
}

// noProduct is the name of none: a token bound to a product that does not
// exist reaches nothing.
const noProduct = "\x00"

func among(q *verdict.Question, p *verdict.Product) bool {
	return q.Products == nil || slices.Contains(q.Products, p.ID)
}

// count adds the call to the counts. Who showed a key without its secret is
// nobody: that must not stand in the key's own account.
func (g *Verifier) count(c *Caller, d *desk, v *verdict.Verdict) {
	d.call = usage.Call{Organization: c.Organization, Endpoint: v.Endpoint, Code: v.Code.String()}
	if v.Product != nil {
		d.call.Product = v.Product.ID
	}
	if v.App != nil {
		d.call.App = v.App.ID
	}
	if v.Credential != nil {
		d.call.Credential, d.call.Account = v.Credential.ID, v.Credential.AccountID
	}
	g.o.Counter.Add(&d.call, d.question.Now, 1)
}
