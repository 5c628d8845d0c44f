package intake

import (
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/usage"
	"portico/internal/usage/counts"
)

// pageSums sums the entries of pages by row and by quota.
type pageSums struct {
	rows map[minuteCall]int64
	used map[quotaPeriod]quotaSum
}

// quotaPeriod identifies a row of quota_counts.
type quotaPeriod struct {
	organization, subscription uuid.UUID
	start                      time.Time
}

// quotaSum is what was used. The end and the account are those of the newest page,
// since the period of a plan may change at its start.
type quotaSum struct {
	n       int64
	end     time.Time
	account uuid.UUID
}

func newPageSums() *pageSums {
	return &pageSums{map[minuteCall]int64{}, map[quotaPeriod]quotaSum{}}
}

// add decodes a page and adds its entries. Older pages must be added first. A page
// that cannot be decoded to its end adds nothing.
func (s *pageSums) add(body []byte) error {
	if err := (&pageReader{rest: body}).each(func(minuteCall, int64) {}, func(limits.Used) {}); err != nil {
		return err
	}
	return (&pageReader{rest: body}).each(func(c minuteCall, calls int64) { s.rows[c] = usage.Add(s.rows[c], calls) }, func(u limits.Used) {
		k := quotaPeriod{u.Organization, u.AppCounter, u.PeriodStart}
		s.used[k] = quotaSum{usage.Add(s.used[k].n, u.N), u.PeriodEnd, u.AccountCounter}
	})
}

// counts returns the rows with their ids.
func (s *pageSums) counts() []counts.Row {
	out := appendRows(nil, s.rows)
	setIDs(out)
	return out
}

// quotas returns what was used of quotas, in no order.
func (s *pageSums) quotas() []limits.Used {
	out := make([]limits.Used, 0, len(s.used))
	for k, sum := range s.used {
		out = append(out, limits.Used{Organization: k.organization, AppCounter: k.subscription, AccountCounter: sum.account, PeriodStart: k.start, PeriodEnd: sum.end, N: sum.n})
	}
	return out
}
