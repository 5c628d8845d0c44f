package mail

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
)

// Requests are also changes of a subscription's plan that wait for a decision.

// aboutPlan reports whether an event is about the plan of a subscription.
func aboutPlan(e *db.Event) bool {
	switch eventlog.Type(e.Type) {
	case eventlog.SubscriptionPlanRequested, eventlog.SubscriptionPlanScheduled, eventlog.SubscriptionPlanRejected, eventlog.SubscriptionPlanExpired, eventlog.SubscriptionPlanChanged:
		return true
	}
	return false
}

// replaced returns the value of an attribute before an event; "" if it had none.
func replaced(e *db.Event, field string) string {
	for _, c := range e.Changes {
		if c.Field == field && c.Before != nil {
			return *c.Before
		}
	}
	return ""
}

// stillAsked reports whether a subscription waits for what an event asked for, and adds the
// plan if that was another one.
func stillAsked(f *Facts, s *db.Subscription, e *db.Event) bool {
	if !aboutPlan(e) {
		return s.Status == access.SubscriptionWaiting
	}
	asked := changed(e, "pendingPlan") // "" where the same plan waits again
	if s.Edges.PendingPlan == nil || asked != "" && s.Edges.PendingPlan.Name != asked && !strings.HasPrefix(asked, s.Edges.PendingPlan.Name+" (revision ") {
		return false // they have asked for another one since
	}
	f.NewPlan = oneLine(s.Edges.PendingPlan.Name)
	return true
}

// planDecided reports whether an event decided about a change of plan that waited, and not
// that its time had come, or that another took its place.
func planDecided(e *db.Event) bool {
	if replaced(e, "pendingStatus") != string(lifecycle.PlanChangeWaiting) {
		return false
	}
	waited := replaced(e, "pendingPlan")
	switch eventlog.Type(e.Type) {
	case eventlog.SubscriptionPlanScheduled:
		return waited == "" // the same plan as before
	case eventlog.SubscriptionPlanChanged:
		return waited == changed(e, "plan")
	}
	return true
}

// planRequester returns who had asked for a change of plan that an event decided about, if
// that is still a member of the account, or else whoever is responsible there; nobody if
// the event decided about none, and not who decided.
func (r *reader) planRequester(ctx context.Context, s *db.Subscription, e *db.Event) ([]uuid.UUID, error) {
	if !planDecided(e) {
		return nil, nil
	}
	asked, err := r.client.Event.Query().Where(event.SubjectID(s.ID), event.Type(string(eventlog.SubscriptionPlanRequested)), event.PositionLT(e.Position)).
		Order(db.Desc(event.FieldPosition)).First(ctx)
	if err != nil && !db.IsNotFound(err) {
		return nil, err
	}
	members, err := r.members(ctx, s.AccountID)
	if err != nil {
		return nil, err
	}
	if asked != nil && asked.ActorID != nil && slices.ContainsFunc(members, func(m *db.Membership) bool { return m.UserID == *asked.ActorID }) {
		return without([]uuid.UUID{*asked.ActorID}, e.ActorID), nil
	}
	all, err := r.responsible(ctx, s.AccountID)
	return without(all, e.ActorID), err
}

// newPlan adds what a letter about a decision says of the plan; it returns false if there
// is nothing to say any more.
func newPlan(f *Facts, s *db.Subscription, e *db.Event) bool {
	switch eventlog.Type(e.Type) {
	case eventlog.SubscriptionPlanScheduled:
		if s.Edges.PendingPlan == nil || s.PendingEffectiveAt == nil {
			return false
		}
		f.NewPlan, f.Later, f.When = oneLine(s.Edges.PendingPlan.Name), true, *s.PendingEffectiveAt
	case eventlog.SubscriptionPlanChanged:
		f.NewPlan = oneLine(changed(e, "plan"))
	default:
		f.NewPlan = oneLine(replaced(e, "pendingPlan"))
	}
	return true
}
