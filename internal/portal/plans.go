package portal

import (
	"context"

	"github.com/bojanz/currency"

	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/ent/db/product"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// Limits of a plan's numbers.
const (
	maxRate  = 1_000_000
	maxQuota = 2_000_000_000
)

// CreatePlanInput is the input of CreatePlan.
type CreatePlanInput struct {
	ProductID  string
	Name       string
	Kind       *domain.PlanKind
	ExternalID *string
	RateLimit  *domain.RateLimit
	Quota      *domain.Quota
	QuotaPer   *domain.QuotaPer
	Price      *domain.Price
	Approval   *domain.Approval
}

// CreatePlan creates a plan of a product.
func (p *Portal) CreatePlan(ctx context.Context, in CreatePlanInput) (*db.Plan, error) {
	kind := valueOr(in.Kind, domain.PlanFree)
	if err := fault.Collect(
		checkName("name", in.Name),
		checkLine("externalId", deref(in.ExternalID), maxShort),
		checkTerms(in.RateLimit, in.Quota),
		checkPrice(kind, in.Price),
	); err != nil {
		return nil, err
	}
	id, err := decode(nodeid.Product, in.ProductID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, p.changes, func(ctx context.Context, tx *change.Tx) (*db.Plan, error) {
		x, err := change.LockForShare(tx, tx.Product.Query().Where(product.ID(id))).Only(ctx)
		if err != nil {
			return nil, err
		}
		if err := tx.AuthorizeInState(policy.PlanCreate, policy.Object{OrganizationID: x.OrganizationID, Product: x.Status}, "productId", string(x.Status)); err != nil {
			return nil, err
		}
		price, err := withCurrency(ctx, tx, in.Price)
		if err != nil {
			return nil, err
		}
		create := tx.Plan.Create().SetOrganizationID(x.OrganizationID).SetProductID(x.ID).SetName(in.Name).SetKind(kind).
			SetExternalID(deref(in.ExternalID)).SetNillableQuotaPer(in.QuotaPer).SetNillableApproval(in.Approval).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		if in.RateLimit != nil {
			create.SetRateLimit(withBurst(in.RateLimit))
		}
		if in.Quota != nil {
			create.SetQuota(in.Quota)
		}
		if price != nil {
			create.SetPrice(price)
		}
		out, err := create.Save(ctx)
		if err != nil {
			return nil, takenError(err, "name", "A plan of this product bears this name already.")
		}
		tx.Record(planEvent(eventlog.PlanCreated, out, change.Attributes("name", out.Name, "kind", out.Kind, "externalId", out.ExternalID, "approval", out.Approval, "rateLimit", out.RateLimit, "quota", out.Quota, "quotaPer", out.QuotaPer, "price", out.Price)))
		return out, nil
	})
}

// withBurst returns r with its default burst, which is the limit.
func withBurst(r *domain.RateLimit) *domain.RateLimit {
	out := *r
	if out.Burst == 0 {
		out.Burst = out.Limit
	}
	return &out
}

// checkRateLimit requires a limit within the bounds, or nil. A burst of 0 means
// the default.
func checkRateLimit(r *domain.RateLimit) error {
	if r == nil {
		return nil
	}
	errs := []error{checkRange("rateLimit.limit", r.Limit, 1, maxRate)}
	if r.Burst != 0 {
		errs = append(errs, checkRange("rateLimit.burst", r.Burst, 1, maxRate))
	}
	return fault.Collect(errs...)
}

func checkTerms(r *domain.RateLimit, q *domain.Quota) error {
	var errs []error
	errs = append(errs, checkRateLimit(r))
	if q != nil {
		errs = append(errs, checkRange("quota.limit", q.Limit, 1, maxQuota))
	}
	return fault.Collect(errs...)
}

// checkPrice requires a price of each plan that is not free, with a unit if the
// plan charges for calls.
func checkPrice(kind domain.PlanKind, p *domain.Price) error {
	if p == nil {
		if kind == domain.PlanFree {
			return nil
		}
		return fault.Input(fault.Required, "price", "Only a free plan has no price.")
	}
	if !decimals.MatchString(p.Amount) {
		return fault.Input(fault.InvalidValue, "price.amount", "This is not a decimal number such as 19.90.")
	}
	var errs []error
	if p.Currency != "" {
		errs = append(errs, checkCurrency("price.currency", p.Currency))
	}
	return fault.Collect(append(errs, checkUnit(kind, p.Unit))...)
}

// checkUnit requires a number of calls for plans that charge for calls, and
// none for others.
func checkUnit(kind domain.PlanKind, unit int) error {
	if kind == domain.PlanMetered || kind == domain.PlanTiered {
		return checkRange("price.unit", unit, 1, maxQuota)
	}
	if unit != 0 {
		return fault.Input(fault.InvalidValue, "price.unit", "Only in METERED and TIERED plans the amount is for a number of calls.")
	}
	return nil
}

// withCurrency returns p with the organization's currency by default, and with
// the amount in its normal form.
func withCurrency(ctx context.Context, tx *change.Tx, p *domain.Price) (*domain.Price, error) {
	if p == nil {
		return nil, nil
	}
	out := *p
	if out.Currency == "" {
		org, err := tx.Organization.Get(ctx, tx.OrganizationID())
		if err != nil {
			return nil, err
		}
		out.Currency = org.Currency
	}
	digits, _ := currency.GetDigits(out.Currency) // it is valid
	out.Amount = domain.NormalDecimal(out.Amount, int(digits))
	return &out, nil
}

// UpdatePlanInput is the input of UpdatePlan.
type UpdatePlanInput struct {
	PlanID     string
	Version    *int
	Name       change.Patch[string]
	ExternalID change.Patch[string]
	RateLimit  change.Patch[domain.RateLimit]
	Quota      change.Patch[domain.Quota]
	QuotaPer   change.Patch[domain.QuotaPer]
	Price      change.Patch[domain.Price]
	Approval   change.Patch[domain.Approval]
}

// UpdatePlan changes a plan, also for existing subscriptions.
func (p *Portal) UpdatePlan(ctx context.Context, in UpdatePlanInput) (*db.Plan, error) {
	errs := []error{in.Name.Required("name"), in.QuotaPer.Required("quotaPer"), checkLine("externalId", in.ExternalID.Or(""), maxShort), checkTerms(in.RateLimit.Value, in.Quota.Value)}
	if in.Name.Value != nil {
		errs = append(errs, checkName("name", *in.Name.Value))
	}
	if err := fault.Collect(errs...); err != nil {
		return nil, err
	}
	id, err := decode(nodeid.Plan, in.PlanID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, p.changes, func(ctx context.Context, tx *change.Tx) (*db.Plan, error) {
		x, err := change.LockForUpdate(tx, tx.Plan.Query().Where(plan.ID(id))).Only(ctx)
		if err != nil {
			return nil, err
		}
		if err := tx.Authorize(policy.PlanUpdate, policy.Object{OrganizationID: x.OrganizationID}); err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, x.Version); err != nil {
			return nil, err
		}
		out, err := patchPlan(ctx, tx, x, in)
		return out, takenError(err, "name", "A plan of this product bears this name already.")
	})
}

func patchPlan(ctx context.Context, tx *change.Tx, x *db.Plan, in UpdatePlanInput) (*db.Plan, error) {
	u := tx.Plan.UpdateOne(x)
	var d change.Diff
	setText(&d, "name", x.Name, in.Name, func(s string) { u.SetName(s) })
	setText(&d, "externalId", x.ExternalID, in.ExternalID, func(s string) { u.SetExternalID(s) })
	setText(&d, "quotaPer", x.QuotaPer, in.QuotaPer, func(v domain.QuotaPer) { u.SetQuotaPer(v) })
	if in.RateLimit.Set {
		if in.RateLimit.Value == nil {
			d.Add("rateLimit", x.RateLimit, nil)
			u.ClearRateLimit()
		} else {
			d.Add("rateLimit", x.RateLimit, withBurst(in.RateLimit.Value))
			u.SetRateLimit(withBurst(in.RateLimit.Value))
		}
	}
	if in.Quota.Set {
		d.Add("quota", x.Quota, in.Quota.Value)
		if u.SetQuota(in.Quota.Value); in.Quota.Value == nil {
			u.ClearQuota()
		}
	}
	if in.Price.Set {
		if err := checkPrice(x.Kind, in.Price.Value); err != nil {
			return nil, err
		}
		price, err := withCurrency(ctx, tx, in.Price.Value)
		if err != nil {
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
	if d.Changes == nil {
		return x, nil
	}
	tx.Record(planEvent(eventlog.PlanUpdated, x, d.Changes))
	return u.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
}

func planEvent(t eventlog.Type, x *db.Plan, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Plan, SubjectID: x.ID, SubjectName: x.Name, Changes: changes}
}
