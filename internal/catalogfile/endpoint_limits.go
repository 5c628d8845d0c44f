package catalogfile

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/endpoint"
	"portico/ent/db/plan"
	"portico/internal/catalog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
)

// endpointLimits returns a plan's limits of endpoints by the ids of these, by shape.
func (p Plan) endpointLimits(byShape map[string]*db.Endpoint) ([]catalog.EndpointLimitInput, error) {
	out := []catalog.EndpointLimitInput{}
	for i, l := range p.EndpointLimits {
		e := byShape[l.endpoint().shape()]
		if e == nil {
			return nil, fault.Input(fault.UnknownReference, at("endpointLimits", i, l.endpoint().name()), "The product has no such endpoint.")
		}
		out = append(out, catalog.EndpointLimitInput{EndpointID: e.GlobalID(), RateLimit: l.RateLimit.value(), Quota: l.Quota.value()})
	}
	return out, nil
}

func (l EndpointLimit) endpoint() Endpoint { return Endpoint{Method: l.Method, Path: l.Path} }

// check checks the enums, and that no endpoint is named twice.
func checkEndpointLimits(all []EndpointLimit) error {
	var errs []error
	seen := map[string]bool{}
	for i, l := range all {
		field, shape := at("endpointLimits", i, l.endpoint().name()), l.endpoint().shape()
		errs = append(errs, fault.Within(field, known("method", &l.Method)))
		if seen[shape] {
			errs = append(errs, fault.Input(fault.Taken, field, "The plan limits this endpoint before it in the file."))
		}
		seen[shape] = true
		if l.RateLimit != nil {
			errs = append(errs, fault.Within(field, known("rateLimit.per", new(access.RatePeriod(l.RateLimit.Per)))))
		}
		if l.Quota != nil {
			errs = append(errs, fault.Within(field, known("quota.per", new(access.QuotaPeriod(l.Quota.Per)))))
		}
	}
	return fault.Collect(errs...)
}

// releaseOthers removes the endpoints that the file does not list from the limits of plans.
func (a *application) releaseOthers(ctx context.Context, x *db.Product, p Product) error {
	present, err := a.tx.Endpoint.Query().Where(endpoint.ProductID(x.ID)).Order(endpoint.ByCreatedAt(), endpoint.ByID()).All(ctx)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, e := range p.Endpoints {
		wanted[e.shape()] = true
	}
	for _, one := range present {
		if wanted[Endpoint{Method: one.Method, Path: one.Path}.shape()] {
			continue
		}
		if err := a.release(ctx, x, one); err != nil {
			return err
		}
	}
	return nil
}

// release removes an endpoint that goes from the limits of the product's plans, which would
// otherwise keep it.
func (a *application) release(ctx context.Context, x *db.Product, gone *db.Endpoint) error {
	plans, err := a.tx.Plan.Query().Where(plan.ProductID(x.ID), plan.EndpointLimitsNotNil()).Order(plan.ByName()).All(ctx)
	if err != nil {
		return err
	}
	for _, p := range plans {
		kept := []catalog.EndpointLimitInput{}
		for _, l := range p.EndpointLimits {
			if l.EndpointID != gone.ID {
				kept = append(kept, catalog.EndpointLimitInput{EndpointID: nodeid.Encode(nodeid.Endpoint, l.EndpointID), RateLimit: l.RateLimit, Quota: l.Quota})
			}
		}
		if len(kept) == len(p.EndpointLimits) {
			continue
		}
		if _, err := a.Catalog.UpdatePlan(ctx, catalog.UpdatePlanInput{PlanID: p.GlobalID(), EndpointLimits: input.SetTo(kept)}); err != nil {
			return err
		}
		a.did("plan " + x.Name + "/" + p.Name)
	}
	return nil
}

// exportLimits returns a plan's limits of endpoints, in the order of the endpoints.
func exportLimits(p *db.Plan, endpoints []*db.Endpoint) (out []EndpointLimit) {
	of := map[uuid.UUID]access.EndpointLimit{}
	for _, l := range p.EndpointLimits {
		of[l.EndpointID] = l
	}
	for _, e := range endpoints {
		if l, ok := of[e.ID]; ok {
			out = append(out, EndpointLimit{Method: e.Method, Path: e.Path, RateLimit: exportRateLimit(l.RateLimit), Quota: exportQuota(l.Quota)})
		}
	}
	return out
}

// inOrder returns limits in the order of a plan that has the same ones: a file does not change
// their order.
func inOrder(in []catalog.EndpointLimitInput, present *db.Plan) []catalog.EndpointLimitInput {
	place := func(l catalog.EndpointLimitInput) int {
		return slices.IndexFunc(present.EndpointLimits, func(p access.EndpointLimit) bool {
			return nodeid.Encode(nodeid.Endpoint, p.EndpointID) == l.EndpointID
		})
	}
	if len(in) == len(present.EndpointLimits) && !slices.ContainsFunc(in, func(l catalog.EndpointLimitInput) bool { return place(l) < 0 }) {
		slices.SortFunc(in, func(x, y catalog.EndpointLimitInput) int { return place(x) - place(y) })
	}
	return in
}

func exportRateLimit(r *access.RateLimit) *RateLimit {
	if r == nil {
		return nil
	}
	return &RateLimit{Limit: r.Limit, Per: string(r.Per), Burst: r.Burst}
}

func exportQuota(q *access.Quota) *Quota {
	if q == nil {
		return nil
	}
	return &Quota{Limit: q.Limit, Per: string(q.Per)}
}
