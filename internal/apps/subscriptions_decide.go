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

// DecideSubscriptionsInput is the input of DecideSubscriptions.
type DecideSubscriptionsInput struct {
	SubscriptionIDs []string
	Decision        domain.SubscriptionDecision
	Reason          *string
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
	action, ok := map[domain.SubscriptionDecision]lifecycle.SubscriptionAction{
		domain.ApproveSubscription: lifecycle.Approve, domain.RejectSubscription: lifecycle.Reject,
	}[in.Decision]
	if !ok {
		return nil, fault.Input(fault.InvalidValue, "decision", "This is no decision.")
	}
	reason := input.CheckReason("reason", in.Reason)
	if missing := checkReasonGiven(in.Reason); missing != nil && action == lifecycle.Reject {
		reason = missing
	}
	if err := fault.Collect(input.Each(field, in.SubscriptionIDs, MaxDecisions, "Name at least one subscription.", "This subscription is named twice."), reason); err != nil {
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
		out[i].decide(ctx, svc, action, in.Reason, field+"."+strconv.Itoa(i))
	}
	return out, nil
}

// decide decides about the subscription, which the input names in a field. It ends early
// enough that its result, and those before it, can still be sent.
func (r *DecideSubscriptionsResult) decide(ctx context.Context, svc *Service, a lifecycle.SubscriptionAction, reason *string, field string) {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-answerTime/2))
		defer cancel()
	}
	s, err := svc.transition(ctx, r.SubscriptionID, a, reason)
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
