package statements

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/statementline"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// batchSize is the number of rows that one transaction of a job changes: few enough that
// other transactions do not wait for it long.
const batchSize = 200

// Done is what a run of the job has done.
type Done struct {
	// Settled are lines, Closed are statements.
	Settled, Closed int
}

// Run cuts lines at the end of their months, counts and settles those whose calls are all
// stored, and closes the months that are settled. What fails for one organization or account
// keeps no other waiting. It may run on several nodes at once.
func (svc *Service) Run(ctx context.Context) (done Done, err error) {
	cutErr := svc.follow(ctx, svc.over)
	settled, countErr := svc.count(ctx)
	closed, closeErr := svc.close(ctx)
	return Done{Settled: settled, Closed: closed}, errors.Join(cutErr, countErr, closeErr)
}

// Reconcile begins lines of subscriptions that run without one, ends lines of those that do
// not run, and changes those whose line is by other terms than they go by. Subscriptions that
// were approved before there were lines, or by a server of the previous release, get theirs
// from now on: nobody is charged for a time of which nothing was known.
func (svc *Service) Reconcile(ctx context.Context) error { return svc.follow(ctx, svc.astray) }

// subject is a subscription that is to be followed.
type subject struct {
	SubscriptionID uuid.UUID `json:"subscription_id"`
	OrganizationID uuid.UUID `json:"organization_id"`
}

// follow follows the subscriptions that find finds.
func (svc *Service) follow(ctx context.Context, find func(context.Context) ([]subject, error)) error {
	all, err := find(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return change.PublicError(err)
	}
	of := map[uuid.UUID][]uuid.UUID{}
	for _, s := range all {
		of[s.OrganizationID] = append(of[s.OrganizationID], s.SubscriptionID)
	}
	var errs []error
	for organization, ids := range of {
		for len(ids) > 0 && ctx.Err() == nil {
			n := min(len(ids), batchSize)
			errs = append(errs, change.Exec(viewer.AsSystem(ctx, organization), svc.Changes, func(ctx context.Context, tx *change.Tx) error {
				return followAll(ctx, tx, ids[:n])
			}))
			ids = ids[n:]
		}
	}
	return errors.Join(errs...)
}

// followAll locks subscriptions in the order in which the retirement of a product locks them.
func followAll(ctx context.Context, tx *change.Tx, ids []uuid.UUID) error {
	all, err := change.LockForUpdate(tx, tx.Subscription.Query().Where(subscription.IDIn(ids...)).Order(subscription.ByAppID(), subscription.ByID())).All(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := Follow(ctx, tx, s); err != nil {
			return err
		}
	}
	return nil
}

// over finds the lines whose month is over.
func (svc *Service) over(ctx context.Context) (all []subject, err error) {
	err = svc.Client.StatementLine.Query().Where(statementline.EndedAtIsNil(), statementline.PeriodEndLTE(svc.Clock.Now())).
		Select(statementline.FieldSubscriptionID, statementline.FieldOrganizationID).Scan(ctx, &all)
	return all, err
}

// runs selects the approved subscriptions, with the kind and the price by which they go.
func runs() string {
	return `(SELECT s.id, s.organization_id, s.account_id, s.plan_id, ` + domain.TermsColumn("kind") + ` AS kind, ` + domain.TermsColumn("price") + ` AS price
		FROM subscriptions s` + domain.TermsJoin + ` WHERE s.status = 'APPROVED' AND s.deleted_at IS NULL)`
}

// astray finds the subscriptions whose line is not as Follow would have it.
func (svc *Service) astray(ctx context.Context) (out []subject, err error) {
	rows, err := svc.Database.QueryContext(ctx, `SELECT s.id, s.organization_id FROM `+runs()+` s WHERE s.kind <> 'FREE' AND s.price IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM statement_lines l WHERE l.subscription_id = s.id AND l.ended_at IS NULL
				AND l.account_id = s.account_id AND l.plan_id = s.plan_id AND l.kind = s.kind AND l.price = s.price)
		UNION SELECT l.subscription_id, l.organization_id FROM statement_lines l WHERE l.ended_at IS NULL
			AND NOT EXISTS (SELECT 1 FROM `+runs()+` s WHERE s.id = l.subscription_id AND s.kind <> 'FREE' AND s.price IS NOT NULL)`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s subject
		if err := rows.Scan(&s.SubscriptionID, &s.OrganizationID); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// Waiting returns how many lines have ended and are not settled, and when the oldest has
// ended: the zero time if there is none.
func (svc *Service) Waiting(ctx context.Context) (n int, oldest time.Time, err error) {
	system := viewer.AsSystem(ctx, uuid.Nil)
	// What is not settled is due to be counted, and has an index: lines are kept for ever.
	q := svc.Client.StatementLine.Query().Where(statementline.EndedAtNotNil(), statementline.CountDueAtNotNil())
	if n, err = q.Clone().Count(system); err != nil || n == 0 {
		return n, oldest, change.PublicError(err)
	}
	first, err := q.Order(statementline.ByEndedAt()).First(system)
	if db.IsNotFound(err) {
		return 0, oldest, nil
	}
	if err != nil {
		return n, oldest, change.PublicError(err)
	}
	return n, *first.EndedAt, nil
}
