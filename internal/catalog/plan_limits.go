package catalog

import (
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/endpoint"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
)

// MaxEndpointLimits is how many endpoints a plan may limit.
const MaxEndpointLimits = 50

// EndpointLimitInput limits one endpoint.
type EndpointLimitInput struct {
	EndpointID string
	RateLimit  *access.RateLimit
	Quota      *access.Quota
}

// checkEndpointLimits checks what can be checked without the product: each endpoint is named
// once, with a rate limit or a quota.
func checkEndpointLimits(all []EndpointLimitInput) error {
	if err := input.AtMost("endpointLimits", len(all), MaxEndpointLimits); err != nil {
		return err
	}
	var errs []error
	seen := map[string]bool{}
	for i, l := range all {
		at := "endpointLimits." + strconv.Itoa(i)
		if l.RateLimit == nil && l.Quota == nil {
			errs = append(errs, fault.Input(fault.Required, at, "Say a rate limit, a quota, or both."))
		}
		if seen[l.EndpointID] {
			errs = append(errs, fault.Input(fault.Taken, at+".endpointId", "This endpoint is limited twice."))
		}
		seen[l.EndpointID] = true
		errs = append(errs, fault.Within(at, checkTerms(l.RateLimit, l.Quota)))
	}
	return fault.Collect(errs...)
}

// planLimits are what a plan limits besides its own rate limit and quota.
type planLimits struct {
	endpoints []access.EndpointLimit
	cap       *string
	calls     *int64
}

// limitsOf returns those of a plan, all of them as they are stored: this is where they are
// checked, whatever changes one of them or the price. The price is as it is stored. The named
// endpoints stay while the transaction lasts.
func limitsOf(ctx context.Context, tx *change.Tx, product uuid.UUID, kind domain.PlanKind, price *domain.Price, endpoints []EndpointLimitInput, spendingCap *string) (out planLimits, err error) {
	var errs [2]error
	out.endpoints, errs[0] = findEndpointLimits(ctx, tx, product, endpoints)
	out.cap, out.calls, errs[1] = callsWithin(kind, price, spendingCap)
	return out, fault.Collect(errs[:]...)
}

// findEndpointLimits returns the limits of a product's endpoints, and locks these: an
// endpoint that is limited is not deleted.
func findEndpointLimits(ctx context.Context, tx *change.Tx, product uuid.UUID, in []EndpointLimitInput) ([]access.EndpointLimit, error) {
	if len(in) == 0 {
		return nil, nil
	}
	ids := make([]string, len(in))
	for i, l := range in {
		ids[i] = l.EndpointID
	}
	found, err := change.LockForShare(tx, tx.Endpoint.Query().Where(endpoint.ProductID(product),
		database.AnyOf(endpoint.FieldID, input.DecodeIDs(nodeid.Endpoint, ids)))).IDs(ctx)
	if err != nil {
		return nil, err
	}
	var errs []error
	out := make([]access.EndpointLimit, len(in))
	for i, l := range in {
		id, ok := nodeid.Decode(nodeid.Endpoint, l.EndpointID)
		if !ok || !slices.Contains(found, id) {
			errs = append(errs, fault.Input(fault.UnknownReference, "endpointLimits."+strconv.Itoa(i)+".endpointId", "The product has no such endpoint."))
		}
		out[i] = access.EndpointLimit{EndpointID: id, Quota: l.Quota}
		if l.RateLimit != nil {
			out[i].RateLimit = input.WithBurst(l.RateLimit)
		}
	}
	return out, fault.Collect(errs...)
}

// callsWithin returns a cap in its normal form and as a number of calls, nil if it allows as
// many as there may be.
func callsWithin(kind domain.PlanKind, price *domain.Price, spendingCap *string) (*string, *int64, error) {
	const field = "spendingCap"
	switch {
	case spendingCap == nil:
		return nil, nil, nil
	case !domain.MayCapSpending(kind) || price == nil:
		return nil, nil, fault.Input(fault.NotAllowed, field, "Only a METERED or TIERED plan can have a spending cap.")
	}
	if err := checkAmount(field, *spendingCap); err != nil {
		return nil, nil, err
	}
	digits := input.Digits(price.Currency)
	normal := domain.NormalDecimal(*spendingCap, digits)
	calls, bounded := domain.CallsWithin(kind, price, normal, digits)
	switch {
	case !bounded:
		return &normal, nil, nil
	case calls == 0:
		return nil, nil, fault.Input(fault.InvalidValue, field, "Not even one call costs as little as this.")
	}
	return &normal, new(int64(calls)), nil
}

// setOn sets all of them; m is that of a new plan, or of one that is changed.
func (l planLimits) setOn(m *db.PlanMutation) {
	if m.SetEndpointLimits(l.endpoints); len(l.endpoints) == 0 {
		m.ClearEndpointLimits()
	}
	if l.cap == nil {
		m.ClearSpendingCap()
	} else {
		m.SetSpendingCap(*l.cap)
	}
	if l.calls == nil {
		m.ClearCallsWithinCap()
	} else {
		m.SetCallsWithinCap(*l.calls)
	}
}

// patchLimits applies the patches of a plan's limits besides its own rate limit and quota, at
// its price as it will be.
func patchLimits(ctx context.Context, tx *change.Tx, x *db.Plan, in UpdatePlanInput, price *domain.Price, m *db.PlanMutation, d *change.Diff) error {
	change.SetText(d, "overage", x.Overage, in.Overage, func(v access.Overage) { m.SetOverage(v) })
	if !in.EndpointLimits.Set && !in.SpendingCap.Set && !in.Price.Set {
		return nil
	}
	spendingCap := x.SpendingCap
	if in.SpendingCap.Set {
		spendingCap = in.SpendingCap.Value
	}
	l, err := limitsOf(ctx, tx, x.ProductID, x.Kind, price, in.EndpointLimits.Or(nil), spendingCap)
	if err != nil {
		return err
	}
	if !in.EndpointLimits.Set {
		l.endpoints = x.EndpointLimits
	}
	d.Add("endpointLimits", shownLimits(x.EndpointLimits), shownLimits(l.endpoints))
	d.Add("spendingCap", x.SpendingCap, l.cap)
	l.setOn(m)
	return nil
}

// shownLimit is an endpoint's limit in an event.
type shownLimit struct {
	EndpointID string            `json:"endpointId"`
	RateLimit  *access.RateLimit `json:"rateLimit,omitempty"`
	Quota      *access.Quota     `json:"quota,omitempty"`
}

// shownLimits returns limits as events have them; nil for none.
func shownLimits(all []access.EndpointLimit) (out []shownLimit) {
	for _, l := range all {
		out = append(out, shownLimit{nodeid.Encode(nodeid.Endpoint, l.EndpointID), l.RateLimit, l.Quota})
	}
	return out
}
