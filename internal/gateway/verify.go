package gateway

import (
	"context"
	"net/netip"
	"time"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/internal/usage"
)

// Request is a gateway's question about one call.
type Request struct {
	// RawKey, or Username and Password, is the API key as presented.
	RawKey, Username, Password string
	// Presented is how the API key was presented; "" if none was.
	Presented access.AuthType
	// Malformed means that what was presented cannot be parsed as an API key.
	Malformed bool
	// Product is the name of the called product; a token that is bound to one product
	// implies it. App is an app's id or reference id.
	Product, App string
	// NeedsProduct refuses a call that names no product: where the answer alone lets
	// calls pass, a forgotten name must not open everything.
	NeedsProduct bool
	Method, Path string
	Address      netip.Addr
	// Cost is what the call takes from the limits; 0 means 1.
	Cost int64
}

// decision is the working memory of one verdict; it is pooled.
type decision struct {
	question verdict.Question
	facts    verdict.Facts
	ask      limits.Ask
	call     usage.Call
	// charged reports that ask was taken from the limits of failed reads.
	charged bool
}

// Verify decides about a call, takes its cost from the limits, and counts it. It
// never fails: what cannot be known is UNAVAILABLE. It waits for the database, 2 s
// at most, only for what is not in memory yet. out is overwritten; what it points to
// must not be modified.
func (v *Verifier) Verify(ctx context.Context, c *Caller, r *Request, out *verdict.Verdict) {
	began := v.o.Mono()
	d := v.decisions.Get().(*decision)
	*out = verdict.Verdict{}
	d.question.Now = v.o.Clock.Now()
	v.decide(ctx, c, r, d, out)
	v.count(c, d, out)
	*d = decision{}
	v.decisions.Put(d)
	v.o.Metrics.verdict(out, v.o.Mono()-began)
}

func (v *Verifier) decide(ctx context.Context, c *Caller, r *Request, d *decision, out *verdict.Verdict) {
	f, err := v.follower(ctx, c.Organization)
	if err != nil || !v.fresh(f) {
		out.Code = verdict.Unavailable
		return
	}
	catalogue := f.cache.Catalogue()
	d.question = newQuestion(c, r, catalogue, d.question.Now)
	if p := d.question.ProductIn(catalogue); p != nil {
		out.Product = p
	}
	if verdict.Keyless(&d.question, catalogue, out) {
		return
	}
	shown, ok := r.read()
	if ok {
		out.Code = v.lookUp(ctx, f, c, r, shown, d, out)
	} else if of, foreign := r.digest(); foreign && catalogue.Accepts(foreign) {
		shown, out.Code = v.lookUpImported(ctx, f, c, r, of, d, out)
	} else {
		out.Code = verdict.Malformed
	}
	if out.Code != 0 {
		return
	}
	proven := v.passwordMatches(shown, d.facts.Credential)
	if !proven {
		out.Code = verdict.NotFound
		return
	}
	v.refundRead(d)
	if verdict.Decide(&d.question, &d.facts, out); out.Code == verdict.Valid {
		v.limit(ctx, v.o.Limiter.Take, d.facts.Catalogue, r.Cost, &d.ask, out)
	}
}

// newQuestion combines a request with what the token is bound to.
func newQuestion(c *Caller, r *Request, catalogue *verdict.Catalogue, now time.Time) verdict.Question {
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

// noProduct is the name of no product: a token bound to a product that does not
// exist has access to nothing.
const noProduct = "\x00"

// count adds the call to usage and to what is known of the gateway. A call whose secret does not match is counted for
// nobody: it must not appear in the usage of the credential's account.
func (v *Verifier) count(c *Caller, d *decision, out *verdict.Verdict) {
	d.call = usage.Call{Organization: c.Organization, Endpoint: out.Endpoint, Code: out.Code.String()}
	if out.Product != nil {
		d.call.Product = out.Product.ID
	}
	if out.App != nil {
		d.call.App = out.App.ID
	}
	if out.Credential != nil {
		d.call.Credential, d.call.Account = out.Credential.ID, out.Credential.AccountID
	}
	v.o.Counter.Add(&d.call, d.question.Now, 1)
	c.presence.Count(out.Code)
}
