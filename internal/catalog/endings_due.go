package catalog

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/product"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/lifecycle"
)

// EndingDue matches the products of which a step of their end, or a notice of it, is due. It is
// written so that the indexes of such products serve it.
func EndingDue(now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		status, retires, notice := s.C(product.FieldStatus), s.C(product.FieldRetiresAt), s.C(product.FieldEndingNotice)
		due := []*sql.Predicate{
			sql.And(sql.NotNull(s.C(product.FieldDeprecatesAt)), sql.LTE(s.C(product.FieldDeprecatesAt), now), sql.EQ(status, string(domain.Published))),
			sql.And(sql.NotNull(retires), sql.LTE(retires, now), sql.NEQ(status, string(domain.Retired))),
		}
		for _, days := range lifecycle.EndingNotices() {
			due = append(due, sql.And(
				sql.NotNull(retires), sql.LTE(retires, now.Add(time.Duration(days)*24*time.Hour)), sql.NEQ(status, string(domain.Retired)),
				sql.Or(sql.IsNull(notice), sql.GT(notice, days)),
			))
		}
		s.Where(sql.Or(due...))
	}
}

// EndingStep is what TakeEnding has done.
type EndingStep string

// The steps of the end of a product.
const (
	EndingDeprecated EndingStep = "deprecated"
	EndingRetired    EndingStep = "retired"
	EndingAnnounced  EndingStep = "announced"
)

// TakeEnding does what is due of the end of a product, as Portico itself, and returns which
// steps it took; end ends the subscriptions of a product that is retired.
func TakeEnding(ctx context.Context, tx *change.Tx, id uuid.UUID, now time.Time, end func(context.Context, *change.Tx, *db.Product) error) (done []EndingStep, err error) {
	x, err := change.LockRowForUpdate(ctx, tx, tx.Product, id)
	if err != nil || x.Status == domain.Retired {
		return nil, err
	}
	next := endingAt(x, now)
	if next.status == domain.Retired {
		_, err := saveEnding(ctx, tx, x, next, end)
		return []EndingStep{EndingRetired}, err
	}
	if next.status != x.Status {
		if x, err = saveEnding(ctx, tx, x, next, end); err != nil {
			return nil, err
		}
		done = append(done, EndingDeprecated)
	}
	notice := lifecycle.EndingNotice(now, x.RetiresAt)
	if notice == nil || x.EndingNotice != nil && *x.EndingNotice <= *notice {
		return done, nil
	}
	tx.Record(announcement(x, *x.RetiresAt, now))
	return append(done, EndingAnnounced), tx.Product.UpdateOne(x).SetEndingNotice(*notice).Exec(ctx)
}
