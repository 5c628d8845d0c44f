package catalog

import (
	"context"
	"strconv"
	"time"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// The end of a product has two steps: it is deprecated, and retired. Each happens now or at a
// time that is set. Gateways go by the times themselves; the statuses and subscriptions follow
// when TakeEnding is called.

// DeprecateProductInput is the input of DeprecateProduct.
type DeprecateProductInput struct {
	ProductID string
	Version   *int
	At        *time.Time
}

// RetireProductInput is the input of RetireProduct.
type RetireProductInput struct {
	ProductID string
	Version   *int
	At        *time.Time
}

// CancelProductEndingInput is the input of CancelProductEnding.
type CancelProductEndingInput struct {
	ProductID string
	Version   *int
}

// DeprecateProduct deprecates a product that is on offer, now or at a time, which must not be
// after its retirement.
func (svc *Service) DeprecateProduct(ctx context.Context, in DeprecateProductInput) (*db.Product, error) {
	return svc.changeEnding(ctx, in.ProductID, in.Version, func(is ending, now time.Time) (ending, error) {
		return is.deprecated(now, in.At)
	})
}

// RetireProduct retires a product, now or at a time, which must not be before its deprecation.
// Retiring it ends its subscriptions; setting a time announces it.
func (svc *Service) RetireProduct(ctx context.Context, in RetireProductInput) (*db.Product, error) {
	return svc.changeEnding(ctx, in.ProductID, in.Version, func(is ending, now time.Time) (ending, error) {
		return is.retired(now, in.At)
	})
}

// CancelProductEnding calls off the deprecation and the retirement of a product that have not
// happened.
func (svc *Service) CancelProductEnding(ctx context.Context, in CancelProductEndingInput) (*db.Product, error) {
	return svc.changeEnding(ctx, in.ProductID, in.Version, func(is ending, now time.Time) (ending, error) {
		return is.cancelled(now), nil
	})
}

// changeEnding changes the end of a product to what to returns for the present one.
func (svc *Service) changeEnding(ctx context.Context, productID string, version *int, to func(is ending, now time.Time) (ending, error)) (*db.Product, error) {
	id, err := input.DecodeID(nodeid.Product, productID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Product, error) {
		x, err := lockProduct(ctx, tx, id, policy.UpdateProduct)
		if err != nil {
			return nil, err
		}
		if err := change.CheckVersion(version, x.Version); err != nil {
			return nil, err
		}
		next, err := to(endingAt(x, tx.Now), tx.Now)
		if err != nil {
			return nil, err
		}
		return saveEnding(ctx, tx, x, next, svc.endProduct)
	})
}

// ending is how far the end of a product is, and when it happened or will.
type ending struct {
	status                  domain.ProductStatus
	deprecatesAt, retiresAt *time.Time
}

// endingAt returns the end of a product at a time. What is due has happened, although it may
// not be stored yet.
func endingAt(x *db.Product, now time.Time) ending {
	e := ending{status: x.Status, deprecatesAt: x.DeprecatesAt, retiresAt: x.RetiresAt}
	if e.status == domain.Published && isDue(x.DeprecatesAt, now) {
		e.status = domain.Deprecated
	}
	if isDue(x.RetiresAt, now) {
		e.status = domain.Retired
	}
	return e
}

// StatusAt returns the status of a product at a time: what is due has happened.
func StatusAt(x *db.Product, now time.Time) domain.ProductStatus { return endingAt(x, now).status }

func isDue(at *time.Time, now time.Time) bool { return at != nil && !at.After(now) }

// become returns the end of a product whose status is set now.
func (e ending) become(s domain.ProductStatus, now time.Time) ending {
	if s == e.status {
		return e
	}
	if !isDue(e.deprecatesAt, now) || s == domain.Published {
		e.deprecatesAt = nil // it does not happen, or happens now
	}
	switch s {
	case domain.Deprecated:
		e.deprecatesAt = &now
	case domain.Retired:
		e.retiresAt = &now
	}
	e.status = s
	return e
}

func (e ending) deprecated(now time.Time, at *time.Time) (ending, error) {
	switch {
	case e.status == domain.Draft:
		return e, e.wrongStatus("The product is a draft: it is not on offer yet.")
	case at == nil && e.status == domain.Deprecated && e.deprecatesAt == nil: // an earlier program did it
		e.deprecatesAt = &now
		return e, nil
	case at == nil:
		return e.become(domain.Deprecated, now), nil
	case e.status == domain.Deprecated:
		return e, e.wrongStatus("The product is deprecated already.")
	}
	if err := checkEndingTime(at, now); err != nil {
		return e, err
	}
	if e.retiresAt != nil && at.After(*e.retiresAt) {
		return e, fault.Input(fault.InvalidValue, "at", "A product is not deprecated after it is retired: set a later time for that first.",
			fault.Param{Name: "retiresAt", Value: e.retiresAt.UTC().Format(time.RFC3339)})
	}
	whole := clock.Whole(*at)
	e.deprecatesAt = &whole
	return e, nil
}

func (e ending) retired(now time.Time, at *time.Time) (ending, error) {
	if at == nil {
		return e.become(domain.Retired, now), nil
	}
	if e.status == domain.Draft {
		return e, e.wrongStatus("The product is a draft: retire it now, or publish it first.")
	}
	if err := checkEndingTime(at, now); err != nil {
		return e, err
	}
	if e.deprecatesAt != nil && at.Before(*e.deprecatesAt) {
		return e, fault.Input(fault.InvalidValue, "at", "A product is not retired before it is deprecated: set an earlier time for that first.",
			fault.Param{Name: "deprecatesAt", Value: e.deprecatesAt.UTC().Format(time.RFC3339)})
	}
	whole := clock.Whole(*at)
	e.retiresAt = &whole
	return e, nil
}

// cancelled returns the end of a product without what has not happened.
func (e ending) cancelled(now time.Time) ending {
	if !isDue(e.deprecatesAt, now) {
		e.deprecatesAt = nil
	}
	e.retiresAt = nil
	return e
}

func (e ending) wrongStatus(message string) error {
	return change.WrongStatus("productId", message, string(e.status))
}

// checkEndingTime requires a time in the next years.
func checkEndingTime(at *time.Time, now time.Time) error {
	if err := input.CheckFuture("at", at, now); err != nil {
		return err
	}
	if at.After(now.AddDate(lifecycle.MaxEndingYears, 0, 0)) {
		return fault.Input(fault.TooFar, "at", "This is more than "+strconv.Itoa(lifecycle.MaxEndingYears)+" years ahead.",
			fault.Param{Name: "max", Value: strconv.Itoa(lifecycle.MaxEndingYears)})
	}
	return nil
}

// saveEnding stores the end of a product, and ends its subscriptions by end if it is retired
// by that. What is the same already is not stored.
func saveEnding(ctx context.Context, tx *change.Tx, x *db.Product, next ending, end func(context.Context, *change.Tx, *db.Product) error) (*db.Product, error) {
	u := tx.Product.UpdateOne(x)
	var d change.Diff
	setEnding(tx, &d, u, x, next)
	if d.Changes == nil {
		return x, nil
	}
	return finishEnding(ctx, tx, x, u, next.status, d, end)
}

// setEnding sets the end of a product in an update, adds what changes to d, and announces
// another time of its retirement.
func setEnding(tx *change.Tx, d *change.Diff, u *db.ProductUpdateOne, x *db.Product, next ending) {
	d.Add("status", x.Status, next.status)
	d.Add("deprecatesAt", x.DeprecatesAt, next.deprecatesAt)
	before := len(d.Changes)
	d.Add("retiresAt", x.RetiresAt, next.retiresAt)
	u.SetStatus(next.status)
	m := u.Mutation()
	setTime(next.deprecatesAt, m.SetDeprecatesAt, m.ClearDeprecatesAt)
	setTime(next.retiresAt, m.SetRetiresAt, m.ClearRetiresAt)
	if len(d.Changes) == before {
		return
	}
	if notice := lifecycle.EndingNotice(tx.Now, next.retiresAt); notice != nil {
		m.SetEndingNotice(*notice) // those that are due already are not announced again
	} else {
		m.ClearEndingNotice()
	}
	if next.retiresAt != nil && !isDue(next.retiresAt, tx.Now) {
		tx.Record(announcement(x, *next.retiresAt, tx.Now))
	}
}

func setTime(t *time.Time, set func(time.Time), unset func()) {
	if t == nil {
		unset()
		return
	}
	set(*t)
}

// finishEnding saves an update of a product with its event, and ends the subscriptions if its
// status becomes RETIRED.
func finishEnding(ctx context.Context, tx *change.Tx, x *db.Product, u *db.ProductUpdateOne, to domain.ProductStatus, d change.Diff, end func(context.Context, *change.Tx, *db.Product) error) (*db.Product, error) {
	tx.Record(productEvent(eventlog.ProductUpdated, x, d.Changes))
	if to == domain.Retired && x.Status != domain.Retired {
		if err := end(ctx, tx, x); err != nil {
			return nil, err
		}
	}
	return u.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
}

// announcement is the event that tells until when a product can be used.
func announcement(x *db.Product, at, now time.Time) eventlog.Entry {
	return productEvent(eventlog.ProductEndingAnnounced, x, change.Attributes("retiresAt", &at, "daysLeft", lifecycle.DaysLeft(now, at)))
}
