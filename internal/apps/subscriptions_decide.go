package apps

import (
	"context"
	"strconv"
	"time"

	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
)

// MaxDecisions is the maximum number of subscriptions that DecideSubscriptions decides about.
const MaxDecisions = 100

// answerTime is what DecideSubscriptions leaves of the time for a request, so that the
// results of what was decided reach whoever decided it.
const answerTime = time.Second

// DecideInput is the input of Decide.
type DecideInput struct {
	SubscriptionID string
	// Version is that of the subscription that was decided about, so that nobody approves
	// for one account what another has asked for; nil for whichever it has.
	Version  *int
	Decision domain.SubscriptionDecision
	// Reason must not be empty where a subscription is rejected.
	Reason *string
}

// Decide approves or rejects a waiting subscription.
func (svc *Service) Decide(ctx context.Context, in DecideInput) (*db.Subscription, error) {
	a, err := decisionAction(in.Decision, in.Reason)
	if err != nil {
		return nil, err
	}
	return svc.transition(ctx, in.SubscriptionID, in.Version, a, in.Reason)
}

// decisionAction returns the action of a decision, and checks its reason.
func decisionAction(d domain.SubscriptionDecision, reason *string) (lifecycle.SubscriptionAction, error) {
	switch d {
	case domain.ApproveSubscription:
		return lifecycle.Approve, input.CheckReason("reason", reason)
	case domain.RejectSubscription:
		return lifecycle.Reject, input.RequireReason("reason", reason, "the developer")
	}
	return "", fault.Input(fault.InvalidValue, "decision", "This is no decision.")
}

// DecideSubscriptionsInput is the input of DecideSubscriptions.
type DecideSubscriptionsInput struct {
	SubscriptionIDs []string
	// Versions are those of the subscriptions that were decided about, in their order; none
	// for whichever they have.
	Versions []int
	Decision domain.SubscriptionDecision
	Reason   *string
}

// DecideSubscriptionsResult is what has become of one of the subscriptions: it is decided, or
// UserError or Error says why Approve or Reject has failed.
type DecideSubscriptionsResult struct {
	SubscriptionID      string
	ProductSubscription *db.Subscription
	UserError           *fault.Problem
	Error               *fault.Kind
	// Cause is what is behind Error, for the log.
	Cause error
}

// DecideSubscriptions approves or rejects 1–MaxDecisions subscriptions and returns a result
// for each, in their order. Each is a change of its own, in that order: what fails with one
// keeps no other from being decided. None begins in the last second of the time for the
// request, and those that were not decided because of that are fault.ReasonDeadline.
func (svc *Service) DecideSubscriptions(ctx context.Context, in DecideSubscriptionsInput) ([]*DecideSubscriptionsResult, error) {
	const field = "subscriptionIds"
	_, err := decisionAction(in.Decision, in.Reason)
	ids := input.Each(field, in.SubscriptionIDs, MaxDecisions, "Name at least one subscription.", "This subscription is named twice.")
	if err := fault.Collect(ids, in.checkVersions(), err); err != nil {
		return nil, err
	}
	out := make([]*DecideSubscriptionsResult, len(in.SubscriptionIDs))
	end, limited := ctx.Deadline()
	for i, id := range in.SubscriptionIDs {
		out[i] = &DecideSubscriptionsResult{SubscriptionID: id}
		if ctx.Err() != nil || limited && time.Until(end) < answerTime {
			out[i].failed("", errNoTimeLeft(ctx.Err()))
			continue
		}
		one := DecideInput{SubscriptionID: id, Decision: in.Decision, Reason: in.Reason}
		if in.Versions != nil {
			one.Version = &in.Versions[i]
		}
		out[i].decide(ctx, svc, one, field+"."+strconv.Itoa(i))
	}
	return out, nil
}

// checkVersions requires a version for each subscription, or none.
func (in DecideSubscriptionsInput) checkVersions() error {
	if in.Versions != nil && len(in.Versions) != len(in.SubscriptionIDs) {
		return fault.Input(fault.InvalidValue, "versions", "Give a version for each of the subscriptions, or none.")
	}
	return nil
}

// decide decides about the subscription, which the input names in a field. It ends early
// enough that its result, and those before it, can still be sent.
func (r *DecideSubscriptionsResult) decide(ctx context.Context, svc *Service, in DecideInput, field string) {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-answerTime/2))
		defer cancel()
	}
	s, err := svc.Decide(ctx, in)
	if err != nil && ctx.Err() != nil && fault.From(err).Reason == fault.ReasonDatabase {
		err = errNoTimeLeft(err) // the database was broken off
	}
	r.ProductSubscription = s
	r.failed(field, err)
}

func errNoTimeLeft(cause error) error {
	return fault.Wrap(fault.CodeUnavailable, fault.ReasonDeadline, cause, "There was no time left.")
}

// failed notes why a subscription, which the input names in a field, was not decided; nil
// for one that was.
func (r *DecideSubscriptionsResult) failed(field string, err error) {
	if err == nil {
		return
	}
	if list := fault.Problems(err); list != nil {
		p := fault.Input(list[0].Code, field, list[0].Message, list[0].Params...).Problems[0]
		r.UserError = &p
		return
	}
	f := fault.From(err)
	r.Error, r.Cause = &fault.Kind{Code: f.Code, Reason: f.Reason}, err
}
