package statements

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/statementline"
	"portico/internal/usage"
)

// reach is up to when the calls of a line are counted; last: it has ended then.
type reach struct {
	to   time.Time
	last bool
}

// reachOf returns up to when the calls of a line can be counted: to its end, else to a
// midnight or the next full hour. Its end may be before what was counted, where it has come
// to light later.
func (svc *Service) reachOf(ctx context.Context, l *db.StatementLine, limit time.Time, in *time.Location) (reach, error) {
	if l.EndedAt == nil || l.EndedAt.After(limit) {
		if day := usage.Day.Start(limit, in); day.After(l.CountedUntil) {
			return reach{to: day}, nil
		}
		return reach{to: later(earlier(countedNext(l.CountedUntil, in), minuteOf(limit)), l.CountedUntil)}, nil
	}
	followed := false
	if minute := minuteOf(*l.EndedAt); minute.Before(*l.EndedAt) {
		var err error
		if followed, err = svc.Client.StatementLine.Query().Where(
			statementline.AccountID(l.AccountID), statementline.AppID(l.AppID), statementline.ProductID(l.ProductID),
			statementline.StartedAtGTE(minute), statementline.StartedAtLT(minute.Add(time.Minute)),
			statementline.Or(statementline.StartedAtGT(l.StartedAt), statementline.And(statementline.StartedAt(l.StartedAt), statementline.IDGT(l.ID))),
		).Exist(ctx); err != nil {
			return reach{}, err
		}
	}
	return reach{to: endOfCalls(l, followed), last: true}, nil
}

// endOfCalls returns up to when calls are those of a line that has ended. Calls are counted by
// the minute, and a minute is of the last line that runs in it: the line's last one is its own
// unless it is followed there by another line of the account, the app and the product.
// Otherwise calls by its terms would be nobody's, where a plan follows that costs nothing.
func endOfCalls(l *db.StatementLine, followed bool) time.Time {
	if followed {
		return minuteOf(*l.EndedAt)
	}
	return usage.Minute.Ceil(*l.EndedAt, time.UTC)
}

// followers returns, for lines of one account in the order of their beginnings, those that are
// followed by another one in their last minute.
func followers(lines []*db.StatementLine) map[uuid.UUID]bool {
	out, next := map[uuid.UUID]bool{}, map[[2]uuid.UUID]*db.StatementLine{}
	for i := len(lines) - 1; i >= 0; i-- {
		l := lines[i]
		of := [2]uuid.UUID{l.AppID, l.ProductID}
		if n := next[of]; n != nil && l.EndedAt != nil {
			out[l.ID] = n.StartedAt.Before(usage.Minute.Ceil(*l.EndedAt, time.UTC)) && !n.StartedAt.Before(minuteOf(*l.EndedAt))
		}
		next[of] = l
	}
	return out
}
