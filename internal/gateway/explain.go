package gateway

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/internal/apikey"
	"portico/internal/database"
	"portico/internal/fault"
)

// Explanation is a verdict and the checks that led to it.
type Explanation struct {
	Code verdict.Code
	// Steps are the checks that ran, in order; only the last may have failed.
	Steps   []verdict.Step
	Verdict verdict.Verdict
}

// Explain runs the same checks as Verify for a caller, at a time of choice,
// without the credential's secret and without taking from limits or counting the
// call; what is left of limits is always that of now. It reads the database, not
// the cache. The API key in r is ignored; if r.Presented is empty, the credential
// counts as presented in a way that the product accepts. An unknown credential is
// fault.NotFound.
func (v *Verifier) Explain(ctx context.Context, c *Caller, credential uuid.UUID, r *Request, at time.Time) (*Explanation, error) {
	change, err := v.source.CredentialByID(ctx, c.Organization, credential)
	if err != nil {
		return nil, database.Fault(err)
	}
	if len(change.Credentials) == 0 {
		return nil, fault.NotFound()
	}
	if change.Catalogue, err = v.source.Catalogue(ctx, c.Organization); err != nil {
		return nil, database.Fault(err)
	}
	store := keycache.New(0)
	store.Apply(change)
	var facts verdict.Facts
	username := change.Credentials[0].Username
	store.Facts(username, &facts)
	return v.explain(ctx, c, r, &facts, apikey.IsDerived(username), at), nil
}

// explain explains a call; foreign: with a key that has another form than Portico's own.
func (v *Verifier) explain(ctx context.Context, c *Caller, r *Request, facts *verdict.Facts, foreign bool, at time.Time) *Explanation {
	q := newQuestion(c, r, facts.Catalogue, at)
	e := &Explanation{}
	if verdict.Keyless(&q, facts.Catalogue, &e.Verdict) {
		e.Code, e.Steps = e.Verdict.Code, verdict.ExplainKeyless(&e.Verdict)
		return e
	}
	if foreign {
		form, accepted := verdict.ExplainForm(&q, facts.Catalogue, &e.Verdict)
		if e.Steps = append(e.Steps, form); !accepted {
			e.Code = e.Verdict.Code
			return e
		}
	}
	e.Steps = append(e.Steps, verdict.Explain(&q, facts, &e.Verdict)...)
	if e.Verdict.Code == verdict.Valid {
		v.limit(ctx, v.o.Limiter.Peek, facts.Catalogue, r.Cost, new(limits.Ask), &e.Verdict)
		e.Steps = append(e.Steps, verdict.ExplainLimits(&e.Verdict)...)
	}
	e.Code = e.Verdict.Code
	return e
}
