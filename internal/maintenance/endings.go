package maintenance

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/product"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// EndProducts deprecates and retires the products whose time has come, and records the notices
// of retirements that are due, in every organization. It calls count with each step. Each
// product is a change of its own: what fails for one keeps no other waiting. Retirements come
// last, since they end subscriptions and may take long. It may run on several nodes at once:
// each step is taken once.
func (svc *Service) EndProducts(ctx context.Context, count func(catalog.EndingStep)) error {
	now := svc.clock.Now()
	due, err := svc.client.Product.Query().Where(catalog.EndingDue(now)).
		Order(product.ByOrganizationID(), product.ByID()).
		Select(product.FieldID, product.FieldOrganizationID, product.FieldStatus, product.FieldDeprecatesAt, product.FieldRetiresAt).All(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return change.PublicError(err)
	}
	retires := func(x *db.Product) bool { return catalog.StatusAt(x, now) == domain.Retired }
	var errs []error
	for _, x := range append(slices.DeleteFunc(slices.Clone(due), retires), slices.DeleteFunc(due, func(x *db.Product) bool { return !retires(x) })...) {
		done, err := change.Write(viewer.AsSystem(ctx, x.OrganizationID), svc.changes, func(ctx context.Context, tx *change.Tx) ([]catalog.EndingStep, error) {
			return catalog.TakeEnding(ctx, tx, x.ID, svc.clock.Now(), apps.EndProduct)
		})
		if errs = append(errs, err); err != nil {
			continue
		}
		for _, step := range done {
			count(step)
		}
	}
	return errors.Join(errs...)
}
