package catalog

import (
	"context"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// CreatePlanInput is the input of CreatePlan.
type CreatePlanInput struct {
	ProductID  string
	Name       string
	Kind       *domain.PlanKind
	ExternalID *string
	RateLimit  *access.RateLimit
	Quota      *access.Quota
	QuotaPer   *access.QuotaPer
	Price      *domain.Price
	Approval   *domain.Approval

	EndpointLimits []EndpointLimitInput
	Overage        *access.Overage
	SpendingCap    *string
}

// CreatePlan creates a plan of a product.
func (svc *Service) CreatePlan(ctx context.Context, in CreatePlanInput) (*db.Plan, error) {
	kind := input.Or(in.Kind, domain.PlanFree)
	if err := in.check(kind); err != nil {
		return nil, err
	}
	id, err := input.DecodeID(nodeid.Product, in.ProductID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Plan, error) {
		x, err := change.LockRowForShare(ctx, tx, tx.Product, id)
		if err != nil {
			return nil, err
		}
		if err := tx.AuthorizeInState(policy.CreatePlan(x.OrganizationID, x.Status), "productId", string(x.Status)); err != nil {
			return nil, err
		}
		price, err := withCurrency(ctx, tx, in.Price)
		if err != nil {
			return nil, err
		}
		limits, err := limitsOf(ctx, tx, x.ID, kind, price, in.EndpointLimits, in.SpendingCap)
		if err != nil {
			return nil, err
		}
		create := tx.Plan.Create().SetOrganizationID(x.OrganizationID).SetProductID(x.ID).SetName(in.Name).SetKind(kind).SetExternalID(input.OrZero(in.ExternalID)).SetNillableQuotaPer(in.QuotaPer).SetNillableOverage(in.Overage).SetNillableApproval(in.Approval).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		if in.RateLimit != nil {
			create.SetRateLimit(input.WithBurst(in.RateLimit))
		}
		if in.Quota != nil {
			create.SetQuota(in.Quota)
		}
		if price != nil {
			create.SetPrice(price)
		}
		limits.setOn(create.Mutation())
		out, err := create.Save(ctx)
		if err != nil {
			return nil, change.Taken(err, "name", "A plan of this product has this name already.")
		}
		if _, err := addRevision(ctx, tx, out, out.Revision); err != nil {
			return nil, err
		}
		tx.Record(planEvent(eventlog.PlanCreated, out, planAttributes(out)))
		return out, nil
	})
}

// check checks what can be checked without the product.
func (in CreatePlanInput) check(kind domain.PlanKind) error {
	return fault.Collect(
		input.CheckName("name", in.Name),
		input.CheckLine("externalId", input.OrZero(in.ExternalID), input.MaxShort),
		checkTerms(in.RateLimit, in.Quota),
		checkPrice(kind, in.Price),
		checkEndpointLimits(in.EndpointLimits),
	)
}

// planAttributes returns what is recorded of a new plan.
func planAttributes(x *db.Plan) []domain.Change {
	return change.Attributes("name", x.Name, "kind", x.Kind, "externalId", x.ExternalID, "approval", x.Approval, "rateLimit", x.RateLimit, "quota", x.Quota, "quotaPer", x.QuotaPer, "price", x.Price,
		"endpointLimits", shownLimits(x.EndpointLimits), "overage", x.Overage, "spendingCap", x.SpendingCap)
}

func checkTerms(r *access.RateLimit, q *access.Quota) error {
	var errs []error
	errs = append(errs, input.CheckRateLimit(r))
	if q != nil {
		errs = append(errs, input.CheckRange("quota.limit", q.Limit, 1, input.MaxQuota))
	}
	return fault.Collect(errs...)
}

// UpdatePlanInput is the input of UpdatePlan.
type UpdatePlanInput struct {
	PlanID     string
	Version    *int
	Name       input.Patch[string]
	ExternalID input.Patch[string]
	RateLimit  input.Patch[access.RateLimit]
	Quota      input.Patch[access.Quota]
	QuotaPer   input.Patch[access.QuotaPer]
	Price      input.Patch[domain.Price]
	Approval   input.Patch[domain.Approval]

	EndpointLimits input.Patch[[]EndpointLimitInput]
	Overage        input.Patch[access.Overage]
	SpendingCap    input.Patch[string]
}

// UpdatePlan changes a plan. A change of its terms makes a revision, for new subscriptions:
// those that there are keep theirs until they are moved.
func (svc *Service) UpdatePlan(ctx context.Context, in UpdatePlanInput) (*db.Plan, error) {
	errs := []error{in.Name.Required("name"), in.QuotaPer.Required("quotaPer"), input.CheckLine("externalId", in.ExternalID.Or(""), input.MaxShort), checkTerms(in.RateLimit.Value, in.Quota.Value),
		in.EndpointLimits.Required("endpointLimits"), in.Overage.Required("overage"), checkEndpointLimits(in.EndpointLimits.Or(nil))}
	if in.Name.Value != nil {
		errs = append(errs, input.CheckName("name", *in.Name.Value))
	}
	if err := fault.Collect(errs...); err != nil {
		return nil, err
	}
	id, err := input.DecodeID(nodeid.Plan, in.PlanID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Plan, error) {
		x, err := change.LockRowForUpdate(ctx, tx, tx.Plan, id)
		if err != nil {
			return nil, err
		}
		if err := tx.Authorize(policy.UpdatePlan(x.OrganizationID)); err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, x.Version); err != nil {
			return nil, err
		}
		out, err := patchPlan(ctx, tx, x, in)
		return out, change.Taken(err, "name", "A plan of this product has this name already.")
	})
}

func patchPlan(ctx context.Context, tx *change.Tx, x *db.Plan, in UpdatePlanInput) (*db.Plan, error) {
	u := tx.Plan.UpdateOne(x)
	var d change.Diff
	change.SetText(&d, "name", x.Name, in.Name, func(s string) { u.SetName(s) })
	change.SetText(&d, "externalId", x.ExternalID, in.ExternalID, func(s string) { u.SetExternalID(s) })
	change.SetText(&d, "quotaPer", x.QuotaPer, in.QuotaPer, func(v access.QuotaPer) { u.SetQuotaPer(v) })
	if in.RateLimit.Set {
		if in.RateLimit.Value == nil {
			d.Add("rateLimit", x.RateLimit, nil)
			u.ClearRateLimit()
		} else {
			d.Add("rateLimit", x.RateLimit, input.WithBurst(in.RateLimit.Value))
			u.SetRateLimit(input.WithBurst(in.RateLimit.Value))
		}
	}
	if in.Quota.Set {
		d.Add("quota", x.Quota, in.Quota.Value)
		if u.SetQuota(in.Quota.Value); in.Quota.Value == nil {
			u.ClearQuota()
		}
	}
	price := x.Price
	if in.Price.Set {
		if err := checkPrice(x.Kind, in.Price.Value); err != nil {
			return nil, err
		}
		var err error
		if price, err = withCurrency(ctx, tx, in.Price.Value); err != nil {
			return nil, err
		}
		d.Add("price", x.Price, price)
		if u.SetPrice(price); price == nil {
			u.ClearPrice()
		}
	}
	if in.Approval.Set {
		d.Add("approval", x.Approval, in.Approval.Value)
		if u.SetNillableApproval(in.Approval.Value); in.Approval.Value == nil {
			u.ClearApproval()
		}
	}
	if err := patchLimits(ctx, tx, x, in, price, u.Mutation(), &d); err != nil {
		return nil, err
	}
	if d.Changes == nil {
		return x, nil
	}
	return savePlan(ctx, tx, x, u, d)
}

// savePlan saves a change of a locked plan, with a revision if its terms change.
func savePlan(ctx context.Context, tx *change.Tx, x *db.Plan, u *db.PlanUpdateOne, d change.Diff) (*db.Plan, error) {
	out, err := u.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	same, err := TermsOf(x).Same(TermsOf(out))
	if err != nil {
		return nil, err
	}
	if !same {
		if out, err = revise(ctx, tx, x, out); err != nil {
			return nil, err
		}
		d.Add("revision", x.Revision, out.Revision)
	}
	tx.Record(planEvent(eventlog.PlanUpdated, x, d.Changes))
	return out, nil
}

func planEvent(t eventlog.Type, x *db.Plan, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Plan, SubjectID: x.ID, SubjectName: x.Name, Changes: changes}
}
