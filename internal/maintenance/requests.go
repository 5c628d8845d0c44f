package maintenance

import (
	"context"
	"errors"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db/keyrequest"
	"portico/ent/db/organization"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/requests"
	"portico/internal/viewer"
)

// ExpireRequests ends the requests that nobody has decided about within the days that their
// organization allows, in every organization that says so, and returns how many it ended. It
// may run on several nodes at once: each ends once.
func (svc *Service) ExpireRequests(ctx context.Context) (int, error) {
	all, err := svc.client.Organization.Query().Where(organization.RequestsExpireAfterDaysNotNil()).Order(organization.ByID()).
		Select(organization.FieldID, organization.FieldRequestsExpireAfterDays).All(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return 0, change.PublicError(err)
	}
	var subscriptions, plans, keys []string
	var errs []error
	for _, o := range all {
		before := apps.ExpiresBefore(svc.clock.Now(), *o.RequestsExpireAfterDays)
		for _, in := range []struct {
			due func(time.Time) func(*sql.Selector)
			in  *[]string
		}{{apps.RequestExpired, &subscriptions}, {apps.PlanRequestExpired, &plans}} {
			due, err := svc.client.Subscription.Query().Where(in.due(before)).Exist(viewer.AsSystem(ctx, o.ID))
			if errs = append(errs, change.PublicError(err)); due {
				*in.in = append(*in.in, o.ID.String())
			}
		}
		due, err := svc.client.KeyRequest.Query().Where(requests.Undecided(before)).Exist(viewer.AsSystem(ctx, o.ID))
		if errs = append(errs, change.PublicError(err)); due {
			keys = append(keys, o.ID.String())
		}
	}
	ended, err := svc.expire(ctx, subscriptions, apps.ExpireRequests)
	more, planErr := svc.expire(ctx, plans, apps.ExpirePlanRequests)
	whole, keyErr := svc.expire(ctx, keys, requests.ExpireUndecided)
	return ended + more + whole, errors.Join(append(errs, err, planErr, keyErr)...)
}

// ExpireUncollected revokes, in every organization, the keys that nobody has collected in
// time, and returns how many requests it ended by that. It may run on several nodes at once.
func (svc *Service) ExpireUncollected(ctx context.Context) (int, error) {
	due, err := svc.client.KeyRequest.Query().Where(requests.Uncollected(svc.clock.Now())).Unique(true).
		Select(keyrequest.FieldOrganizationID).Strings(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return 0, change.PublicError(err)
	}
	return svc.expire(ctx, due, requests.ExpireUncollected)
}

// expire ends the requests of one kind in some organizations: in changes of their own, so
// that all are locked in one order.
func (svc *Service) expire(ctx context.Context, organizations []string, some func(context.Context, *change.Tx, time.Time, int) (int, error)) (int, error) {
	return inOrganizations(ctx, organizations, func(ctx context.Context) (int, error) {
		return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (int, error) {
			return some(ctx, tx, svc.clock.Now(), batchSize)
		})
	})
}
