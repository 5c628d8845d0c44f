package report

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/usagesql"
)

// CallsOf counts calls that were let through, of an account's app with a product each, by one
// statement for all, and returns the time before which all calls are stored. What is not
// stored any more is not counted: minutes are read where a time begins or ends within an
// hour, and hours else. Days are not read: those of another time zone, which an organization
// had before, may reach over the ends of a time. zone is the organization's time zone.
func (s *Reader) CallsOf(ctx context.Context, organization uuid.UUID, zone *time.Location, of []usage.Of) ([]int64, time.Time, error) {
	out := make([]int64, len(of))
	st, err := s.readState(ctx, organization)
	if err != nil {
		return nil, time.Time{}, err
	}
	sel := newSelection(s.db, "v.slot AS slot")
	hours, minutes, err := plansOf(zone, of)
	if err != nil {
		return nil, time.Time{}, err
	}
	if len(hours)+len(minutes) == 0 {
		return out, st.asOf, nil
	}
	where := "u.organization_id = " + sel.Add(organization) + " AND u.code = " + sel.Add(usage.CodePassed)
	sel.addSpansOf(sourceOf("usage_hours", usage.Hour), of, hours, where)
	sel.addSpansOf(sourceOf("usage_minutes", usage.Minute), of, minutes, where)
	sel.addSpansOf(notRolledUp(), of, hours, where)
	rows, err := s.db.QueryContext(ctx, `SELECT u.slot, `+usagesql.Sum(s.db, "u.n")+` FROM `+sel.union()+` GROUP BY u.slot`, sel.Values...)
	if err != nil {
		return nil, time.Time{}, database.Fault(err)
	}
	defer rows.Close()
	for rows.Next() {
		var slot int
		var n int64
		if err := rows.Scan(&slot, &n); err != nil {
			return nil, time.Time{}, err
		}
		out[slot] = n
	}
	return out, st.asOf, database.Fault(rows.Err())
}

// slotSpan is a time of the calls at a place of the question.
type slotSpan struct {
	span
	slot int
}

// plansOf returns what is read of hours and minutes.
func plansOf(zone *time.Location, of []usage.Of) (hours, minutes []slotSpan, err error) {
	c := &calendar{zone: zone, coarsest: usage.Hour}
	for slot, x := range of {
		p, err := c.planOf([]span{{x.From, x.To}})
		if err != nil {
			return nil, nil, err
		}
		for _, at := range p.hours {
			hours = append(hours, slotSpan{at, slot})
		}
		for _, at := range p.minutes {
			minutes = append(minutes, slotSpan{at, slot})
		}
	}
	return hours, minutes, nil
}

// addSpansOf selects the rows of a source in spans, each of its own app and product.
func (s *selection) addSpansOf(t source, of []usage.Of, spans []slotSpan, where string) {
	if len(spans) == 0 {
		return
	}
	b := usagesql.NewBulk(s.DB, len(spans), usagesql.Column{Name: "slot", Type: usagesql.BigInt},
		usagesql.Column{Name: "account", Type: usagesql.UUID}, usagesql.Column{Name: "app", Type: usagesql.UUID}, usagesql.Column{Name: "product", Type: usagesql.UUID},
		usagesql.Column{Name: "lo", Type: t.keyType()}, usagesql.Column{Name: "hi", Type: t.keyType()})
	for _, at := range spans {
		b.Int(int64(at.slot))
		b.ID(of[at.slot].Account, of[at.slot].App, of[at.slot].Product)
		if t.byID() {
			b.ID(usage.FirstID(at.from), usage.FirstID(at.to))
			continue
		}
		b.Time(at.from)
		b.Time(at.to)
	}
	s.addBranch(t, s.AddBulk(b)+" CROSS JOIN ", "v.lo", "v.hi", []condition{
		{"app_id", "u.app_id = v.app"}, {"product_id", "u.product_id = v.product"}, {"account_id", "u.account_id = v.account"}, {"organization_id", where},
	})
}
