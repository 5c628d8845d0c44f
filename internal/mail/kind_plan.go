package mail

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/planrevision"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
)

// planChanged is the letter about a plan that changes without anybody having decided about a
// request: staff have changed it unasked, or the time has come for which it was set.
func planChanged() kind {
	return kind{
		name:   domain.MailPlanChanged,
		events: []eventlog.Type{eventlog.SubscriptionPlanScheduled, eventlog.SubscriptionPlanChanged},
		recipients: func(ctx context.Context, r *reader, e *db.Event) ([]uuid.UUID, error) {
			if e.AccountID == nil || planDecided(e) || !byStaff(e) && !planDue(e) || numbersTerms(e) {
				return nil, nil
			}
			return r.responsible(ctx, *e.AccountID)
		},
		facts: func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
			s, f, err := r.request(ctx, e)
			if err != nil || s == nil {
				return f, false, err
			}
			f.ByStaff = byStaff(e)
			f.Reason, f.When, f.Path = e.Reason, e.At, "/apps/"+appPath(s)
			told := newPlan(&f, s, e)
			if eventlog.Type(e.Type) == eventlog.SubscriptionPlanChanged {
				f.Plan = oneLine(replaced(e, "plan"))
				err = r.terms(ctx, &f, s, e)
			}
			return f, told, err
		},
		sample: func(now time.Time) Facts {
			f := sampleRequest()
			f.NewPlan, f.ByStaff, f.Reason, f.When, f.Path = "business", true, "The plan “free” ends.", now, "/apps"
			return f
		},
	}
}

// numbersTerms reports whether an event tells that a subscription has got a revision with the
// terms that it has already: nobody need know.
func numbersTerms(e *db.Event) bool {
	return eventlog.Type(e.Type) == eventlog.SubscriptionPlanChanged && changed(e, "plan") == ""
}

// planDue reports whether an event says that a plan has changed because its time had come.
func planDue(e *db.Event) bool {
	return byPortico(e) && eventlog.Type(e.Type) == eventlog.SubscriptionPlanChanged &&
		replaced(e, "pendingStatus") == string(lifecycle.PlanChangeScheduled)
}

// terms adds what the plan costs that an event gave a subscription, and, if it is the plan
// that it had, what that cost before. It adds nothing if the terms are others again.
func (r *reader) terms(ctx context.Context, f *Facts, s *db.Subscription, e *db.Event) error {
	if s.PlanRevisionID == nil {
		return nil
	}
	now, err := r.client.PlanRevision.Get(ctx, *s.PlanRevisionID)
	if err != nil {
		return err
	}
	name := s.Edges.Plan.Name
	moved := changed(e, "plan") == domain.PlanAndRevision(name, now.Number)
	if now.PlanID != s.PlanID || !moved && changed(e, "plan") != name {
		return nil
	}
	f.NewPrice = priceText(now.Kind, now.Price)
	before, err := strconv.Atoi(replaced(e, "planRevision"))
	if err != nil || !moved || replaced(e, "plan") != domain.PlanAndRevision(name, before) {
		return nil // another plan
	}
	old, err := r.client.PlanRevision.Query().Where(planrevision.PlanID(s.PlanID), planrevision.Number(before)).Only(ctx)
	if err != nil {
		return err
	}
	f.NewTerms, f.Plan, f.OldPrice = true, oneLine(name), priceText(old.Kind, old.Price)
	return nil
}
