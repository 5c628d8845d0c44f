package maintenance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/retention"
	"portico/internal/viewer"
)

// Purged counts the rows that a purge removed. Others are those of tables without
// a count of their own.
type Purged struct{ Apps, Accounts, Events, IdempotencyKeys, SignInAttempts, Others int }

// of returns the count of a table.
func (p *Purged) of(table string) *int {
	switch table {
	case "apps":
		return &p.Apps
	case "accounts":
		return &p.Accounts
	case "events":
		return &p.Events
	case "idempotency_keys":
		return &p.IdempotencyKeys
	case "sign_in_attempts":
		return &p.SignInAttempts
	}
	return &p.Others
}

// purge removes the rows of a table that an organization no longer retains: those
// from before a time. It adds their number to total.
type purge struct {
	table string
	run   func(ctx context.Context, organization uuid.UUID, before time.Time, total *int) error
}

// purges returns how the tables are purged whose retention is a setting of the
// organization. The rows of other tables are only deleted.
func (svc *Service) purges() []purge {
	// Apps first: an account is purged when nothing belongs to it any more.
	return []purge{{"apps", svc.purgeApps}, {"accounts", svc.purgeAccounts}, {"events", svc.purgeEvents}}
}

// Purge permanently removes what is no longer retained, as package retention
// says. It works in small transactions, may run on several nodes at once, and may
// be interrupted and restarted. Rows removed before an error are counted.
func (svc *Service) Purge(ctx context.Context) (*Purged, error) {
	out := &Purged{}
	all, err := svc.client.Organization.Query().Order(organization.ByID()).All(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return out, change.PublicError(err)
	}
	now := svc.clock.Now()
	var errs []error
	for _, o := range all {
		for _, p := range svc.purges() {
			days, err := setting(o, retention.RuleOf(p.table).Setting)
			if err == nil {
				err = p.run(ctx, o.ID, now.Add(-time.Duration(days)*24*time.Hour), out.of(p.table))
			}
			errs = append(errs, err)
		}
	}
	for _, r := range retention.RulesOf(retention.Purge) {
		if r.For > 0 {
			errs = append(errs, svc.deleteOld(ctx, r, now, out.of(r.Table)))
		}
	}
	return out, errors.Join(errs...)
}

// purgeStep is what one transaction of a purge did: the number of related rows
// that it deleted, batchSize if more may be left, and of objects it purged.
type purgeStep struct{ rows, done int }

// setting returns for how many days an organization retains something.
func setting(o *db.Organization, name string) (days int, err error) {
	switch name {
	case "deletedRetentionDays":
		return o.DeletedRetentionDays, nil
	case "eventRetentionDays":
		return o.EventRetentionDays, nil
	}
	return 0, fmt.Errorf("maintenance: no setting %q", name)
}

// deleteOld deletes the rows of a table whose period is over. Rows of a wrong
// clock, if the rule is NotAhead, would count when their time comes.
func (svc *Service) deleteOld(ctx context.Context, r retention.Rule, now time.Time, total *int) error {
	where, args := r.Since+" <= $1", []any{now.Add(-r.For)}
	if r.NotAhead {
		where, args = "("+where+" OR "+r.Since+" > $2)", append(args, now.Add(clock.MaxSkew))
	}
	text := fmt.Sprintf(`DELETE FROM %s WHERE id IN (SELECT id FROM %s WHERE %s LIMIT %d)`, r.Table, r.Table, r.Condition(where), batchSize)
	return inBatches(func() (int, error) {
		deleted, err := svc.database.ExecContext(ctx, text, args...)
		if err != nil {
			return 0, change.PublicError(err)
		}
		n, err := deleted.RowsAffected()
		return int(n), addTo(total, int(n), err)
	})
}
