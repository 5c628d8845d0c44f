package gate

import (
	"context"
	"net/http"
	"net/netip"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
)

// askTime is the timeout of a request to /v1/verify; Portico itself takes at most 5 s.
const askTime = 6 * time.Second

// call is a request to decide about.
type call struct {
	credential
	app, method, path string
	from              netip.Addr
}

func (g *Gate) read(r *http.Request) *call {
	c := &call{credential: readCredential(r.Header), method: r.Method, path: r.RequestURI, from: g.o.Address(r)}
	if c.path == "" { // not from a server
		c.path = r.URL.RequestURI()
	}
	if !utf8.ValidString(c.path) {
		c.path = "" // JSON would change the text, to one that may match an endpoint
	}
	switch apps := r.Header.Values("X-Portico-App"); {
	case len(apps) == 1 && utf8.ValidString(apps[0]):
		c.app = apps[0]
	case len(apps) > 0:
		c.Malformed = true
	}
	return c
}

// judge returns the verdict on a call, from the Gate's copy if possible, else from
// Portico.
func (g *Gate) judge(ctx context.Context, c *call) *Verdict {
	if g.silent() {
		return g.ownVerdict(nil, &verdict.Verdict{Code: verdict.Unavailable})
	}
	catalogue := g.store.Load().Catalogue()
	product := catalogue.Product(g.o.Product)
	var open verdict.Verdict
	switch {
	case verdict.Keyless(&verdict.Question{Product: g.o.Product, Method: c.method, Path: c.path, Now: g.clock.Now()}, catalogue, &open):
		return g.ownVerdict(catalogue, &open)
	case c.Malformed, c.Presented == "", !catalogue.Accepts(c.foreign):
		return g.ownVerdict(catalogue, &verdict.Verdict{Code: verdict.Malformed, Product: product})
	}
	of := g.proofs.of(&c.credential)
	if v := g.decide(c, of); v != nil {
		return v
	}
	// Of concurrent calls with a new key the first asks Portico; the others wait for
	// the result, and ask themselves only if the key was not verified.
	var asked *Verdict
	_, _, _ = g.flights.Do(string(of[:]), func() (any, error) {
		if asked = g.decide(c, of); asked == nil {
			asked = g.ask(ctx, c, of)
		}
		return nil, nil
	})
	if asked != nil {
		return asked
	}
	if v := g.decide(c, of); v != nil {
		return v
	}
	return g.ask(ctx, c, of)
}

// decide returns the Gate's own verdict, or nil if Portico has to decide.
func (g *Gate) decide(c *call, of proof) *Verdict {
	if !g.proofs.remembers(of) {
		return nil
	}
	var v verdict.Verdict
	found, known := g.find(c, &v)
	if !known {
		g.proofs.forget(of) // the key was deleted
		return nil
	}
	if v.Code == verdict.Valid {
		ask := limitsOf(found.Catalogue, &v)
		g.memory.Take(context.Background(), &ask, &v.Limits)
		if v.Limits.Outcome == limits.QuotaUnknown {
			return nil // Portico knows the count
		}
		v.Code = verdict.Limited(v.Limits.Outcome)
	}
	return g.ownVerdict(found.Catalogue, &v)
}

// find decides everything but the limits; known is false if the copy has no such
// credential.
func (g *Gate) find(c *call, v *verdict.Verdict) (found verdict.Facts, known bool) {
	store := g.store.Load()
	if !store.Facts(c.user, &found) || found.Credential == nil {
		return found, false
	}
	verdict.Decide(&verdict.Question{
		Product: g.o.Product, App: c.app, Method: c.method, Path: c.path, Address: c.from,
		Presented: c.Presented, Now: g.clock.Now(),
	}, &found, v)
	return found, true
}

// limitsOf returns the limits of a call that passes all other checks.
func limitsOf(c *verdict.Catalogue, v *verdict.Verdict) limits.Ask {
	a := limits.Ask{Organization: c.Organization, Key: v.Credential.ID, KeyRate: v.Credential.Rate, Location: c.Location}
	if v.Subscription != nil && v.Plan != nil {
		v.Plan.Bind(v.Subscription, v.Endpoint, &a)
	}
	return a
}

// ownVerdict returns a verdict of the Gate itself, and counts it for the next report. A call
// that was refused before its product was checked counts as a call of the product
// all the same.
func (g *Gate) ownVerdict(c *verdict.Catalogue, v *verdict.Verdict) *Verdict {
	product := v.Product
	if product == nil {
		product = g.store.Load().Catalogue().Product(g.o.Product)
	}
	g.calls.add(v, product, g.clock.Now())
	return public(c, v)
}

// question is the body of a request to /v1/verify.
type question struct {
	Key      string `json:"key,omitempty"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Product  string `json:"product"`
	App      string `json:"app,omitempty"`
	Method   string `json:"method"`
	Path     string `json:"path"`
	IP       string `json:"ip,omitempty"`
}

// ask asks Portico for the verdict; Portico counts the call. A key that is valid, or
// refused only by a limit, is verified.
func (g *Gate) ask(ctx context.Context, c *call, of proof) *Verdict {
	q := question{Product: g.o.Product, App: c.app, Method: c.method, Path: c.path, Key: c.RawKey, Username: c.Username, Password: c.Password}
	if c.from.IsValid() {
		q.IP = c.from.String()
	}
	// Other calls may wait for the answer: it must not end with this caller.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTime)
	defer cancel()
	var v Verdict
	if err := g.portico.post(ctx, "/v1/verify", &q, &v); err != nil {
		g.o.Log.WarnContext(ctx, "portico could not be asked about a key", "error", err)
		return g.ownVerdict(nil, &verdict.Verdict{Code: verdict.Unavailable})
	}
	var known bool
	if v.code, known = verdict.ParseCode(v.Code); !known || v.Valid != (v.code == verdict.Valid) {
		g.o.Log.WarnContext(ctx, "portico's verdict is not understood")
		return g.ownVerdict(nil, &verdict.Verdict{Code: verdict.Unavailable})
	}
	if v.Valid && g.silent() { // the Silence may have passed meanwhile, and Portico may be configured with a longer one
		return g.ownVerdict(nil, &verdict.Verdict{Code: verdict.Unavailable})
	}
	if c.user == uuid.Nil || v.Credential == "" { // Portico did not look the key up, or found none
		return &v
	}
	switch v.code {
	case verdict.Valid, verdict.RateLimited, verdict.QuotaExceeded:
		// Portico decides again about a key that the copy does not have yet: here its
		// limits would start from zero.
		if g.learn(c, &v) {
			g.proofs.remember(of)
		}
	}
	return &v
}

// learn adopts the limits of Portico's verdict: no more remains here than there, and
// a quota starts from Portico's count. It reports whether the copy results in the same
// verdict.
func (g *Gate) learn(c *call, remote *Verdict) bool {
	var v verdict.Verdict
	found, known := g.find(c, &v)
	if !known || v.Code != verdict.Valid {
		return false
	}
	whole := limitsOf(found.Catalogue, &v)
	rates := whole
	rates.Quota = limits.Quota{}
	for i := range rates.Further {
		rates.Further[i].Quota = limits.Quota{}
	}
	var answer limits.Answer
	g.memory.Peek(context.Background(), &rates, &answer)
	if remote.Limits != nil && remote.Limits.Rate != nil && answer.Rate.Remaining > remote.Limits.Rate.Remaining {
		rates.Cost = answer.Rate.Remaining - remote.Limits.Rate.Remaining // taken through other gateways, or before the copy had the key
		g.memory.Take(context.Background(), &rates, &answer)
	}
	if remote.Limits == nil || remote.Limits.Quota == nil {
		return true
	}
	g.memory.Peek(context.Background(), &whole, &answer) // advances the counters to the present periods
	used := remote.Limits.used()
	g.load(&whole, whole.QuotaCounter(), whole.Quota, used.Quota)
	g.load(&whole, whole.Further[limits.OfEndpoint].Counter, whole.Further[limits.OfEndpoint].Quota, used.Endpoint)
	g.load(&whole, whole.Further[limits.OfSpending].Counter, whole.Further[limits.OfSpending].Quota, used.Spending)
	return true
}

// load adopts Portico's count of a quota, if there is one.
func (g *Gate) load(a *limits.Ask, counter uuid.UUID, q limits.Quota, used int64) {
	if q.None() {
		return
	}
	start, _ := q.Period(g.clock.Now(), a.Location)
	g.memory.Load(counter, start, used)
}
