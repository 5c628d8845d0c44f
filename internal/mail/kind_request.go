package mail

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/domain"
	"portico/internal/eventlog"
)

// The requests that letters are about are subscriptions that wait for a decision.

// requestReceived is the letter to those who decide.
func requestReceived() kind {
	return kind{
		name:       domain.MailRequestReceived,
		events:     []eventlog.Type{eventlog.SubscriptionRegistered, eventlog.SubscriptionPlanRequested, eventlog.SignUpVerified, eventlog.KeyRequestCreated},
		recipients: whoDecides,
		facts: func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
			if eventlog.Type(e.Type) == eventlog.SignUpVerified {
				return r.applicant(ctx, e.SubjectID)
			}
			if ofKeyRequest(e) {
				return r.askedForKey(ctx, e)
			}
			s, f, err := r.request(ctx, e)
			if err != nil || s == nil || !stillAsked(&f, s, e) {
				return f, false, err
			}
			mine, err := r.waiting(ctx)
			if err != nil || mine == nil {
				return f, false, err
			}
			if still, err := mine.Where(subscription.ID(s.ID)).Exist(ctx); err != nil || !still {
				return f, false, err
			}
			f.Actor, f.When, f.Path = oneLine(e.ActorName), e.At, "/requests/"+s.GlobalID()
			f.Due = byPortico(e)
			return f, true, nil
		},
		sample: func(now time.Time) Facts {
			f := sampleRequest()
			f.Actor, f.When, f.Path = "Dora Developer", now, "/requests"
			return f
		},
	}
}

// whoDecides returns who decides about what an event asks for.
func whoDecides(ctx context.Context, r *reader, e *db.Event) ([]uuid.UUID, error) {
	if eventlog.Type(e.Type) == eventlog.SignUpVerified {
		_, waits, err := r.applicant(ctx, e.SubjectID)
		if err != nil || !waits {
			return nil, err
		}
		return r.administrators(ctx)
	}
	if ofKeyRequest(e) {
		return r.decidesKeys(ctx, e)
	}
	if eventlog.Type(e.Type) == eventlog.SubscriptionRegistered && changed(e, "status") != string(access.SubscriptionWaiting) {
		return nil, nil
	}
	s, err := r.client.Subscription.Get(ctx, e.SubjectID)
	if db.IsNotFound(err) {
		return nil, nil
	}
	if err != nil || s.KeyRequestID != nil && !aboutPlan(e) { // the letter is about the whole request
		return nil, err
	}
	all, err := r.deciders(ctx, s.ProductID)
	return without(all, e.ActorID), err
}

// requestApproved is the letter to the developer who asked.
func requestApproved() kind {
	return decided(domain.MailRequestApproved, "Welcome aboard.", eventlog.SubscriptionApproved, eventlog.SubscriptionPlanScheduled, eventlog.SubscriptionPlanChanged,
		eventlog.KeyRequestApproved)
}

// requestRejected is the letter to the developer who asked, with the reason, or that nobody
// decided in time.
func requestRejected() kind {
	return decided(domain.MailRequestRejected, "Please describe what the app does, and register again.",
		eventlog.SubscriptionRejected, eventlog.SubscriptionPlanRejected, eventlog.SubscriptionExpired, eventlog.SubscriptionPlanExpired,
		eventlog.KeyRequestRejected, eventlog.KeyRequestExpired)
}

func decided(name domain.MailKind, reason string, types ...eventlog.Type) kind {
	return kind{
		name:   name,
		events: types,
		recipients: func(ctx context.Context, r *reader, e *db.Event) ([]uuid.UUID, error) {
			if ofKeyRequest(e) {
				return r.keyRequester(ctx, e)
			}
			s, err := r.client.Subscription.Get(ctx, e.SubjectID)
			if db.IsNotFound(err) {
				return nil, nil
			}
			if err != nil || moved(s, e) || s.KeyRequestID != nil && !aboutPlan(e) { // the letter is about the whole request
				return nil, err
			}
			if aboutPlan(e) {
				return r.planRequester(ctx, s, e)
			}
			return r.requester(ctx, s)
		},
		facts: func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
			if ofKeyRequest(e) {
				return r.decidedKey(ctx, e)
			}
			s, f, err := r.request(ctx, e)
			if err != nil || s == nil {
				return f, false, err
			}
			f.Reason, f.When, f.Path = e.Reason, e.At, "/apps/"+appPath(s)
			f.Days, f.Expired = undecidedFor(e)
			if aboutPlan(e) {
				told := newPlan(&f, s, e)
				return f, told, nil
			}
			return f, true, nil
		},
		sample: func(now time.Time) Facts {
			f := sampleRequest()
			f.Reason, f.When, f.Path = reason, now, "/apps"
			return f
		},
	}
}

// requester returns who asked for a subscription, if that is still a member of the
// account, or else whoever is responsible there.
func (r *reader) requester(ctx context.Context, s *db.Subscription) ([]uuid.UUID, error) {
	return r.requesterOf(ctx, s.AccountID, s.RequestedBy)
}

// requesterOf is requester for what somebody of an account, or staff for it, asked for.
func (r *reader) requesterOf(ctx context.Context, account uuid.UUID, by *uuid.UUID) ([]uuid.UUID, error) {
	all, err := r.members(ctx, account)
	if err != nil {
		return nil, err
	}
	if by != nil && slices.ContainsFunc(all, func(m *db.Membership) bool { return m.UserID == *by }) {
		return []uuid.UUID{*by}, nil
	}
	return r.responsible(ctx, account)
}

// moved reports whether a subscription has gone to another account since an event: what was
// said of it then was said to the former one, and is not for the people of the present one.
func moved(s *db.Subscription, e *db.Event) bool {
	return e.AccountID == nil || *e.AccountID != s.AccountID
}

// request returns the subscription that an event is about and what letters say of it; nil if
// it, its app or its account is deleted, or it belongs to another account by now.
func (r *reader) request(ctx context.Context, e *db.Event) (*db.Subscription, Facts, error) {
	s, err := r.client.Subscription.Query().Where(subscription.ID(e.SubjectID)).WithApp().WithAccount().WithProduct().WithPlan().WithPendingPlan().Only(ctx)
	if db.IsNotFound(err) {
		return nil, Facts{}, nil
	}
	if err != nil || s.DeletedAt != nil || moved(s, e) {
		return nil, Facts{}, err
	}
	return s, Facts{
		Account: oneLine(s.Edges.Account.Name), App: oneLine(s.Edges.App.Name),
		Product: oneLine(s.Edges.Product.Title), Plan: oneLine(s.Edges.Plan.Name),
	}, nil
}

func sampleRequest() Facts {
	return Facts{Account: "Example Ltd", App: "Weather map", Product: "Weather", Plan: "free"}
}

// undecidedFor returns within how many days nobody decided about a request that an event
// ended; false if somebody did.
func undecidedFor(e *db.Event) (days int, expired bool) {
	switch eventlog.Type(e.Type) {
	case eventlog.SubscriptionExpired, eventlog.SubscriptionPlanExpired, eventlog.KeyRequestExpired:
		days, err := strconv.Atoi(changed(e, "requestsExpireAfterDays"))
		return days, err == nil
	}
	return 0, false
}
