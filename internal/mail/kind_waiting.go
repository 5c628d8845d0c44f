package mail

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/signup"
	"portico/ent/db/subscription"
	"portico/internal/domain"
)

// mostListed is how many requests a daily letter lists, and how many sign-ups.
const mostListed = 20

// requestsWaiting is the daily letter to those who decide.
func requestsWaiting() kind {
	return kind{
		name: domain.MailRequestsWaiting,
		recipients: func(ctx context.Context, r *reader, _ *db.Event) ([]uuid.UUID, error) {
			products, err := r.waitingProducts(ctx)
			if err != nil {
				return nil, err
			}
			if len(products) > 0 {
				return r.deciders(ctx, products...)
			}
			if any, err := r.waitingSignUps().Exist(ctx); err != nil || !any {
				return nil, err
			}
			return r.administrators(ctx)
		},
		facts: func(ctx context.Context, r *reader, _ *db.Event) (Facts, bool, error) {
			f := Facts{Path: "/requests"}
			if err := r.listRequests(ctx, &f); err != nil {
				return f, false, err
			}
			if err := r.listSignUps(ctx, &f); err != nil {
				return f, false, err
			}
			if len(f.Requests) == 0 {
				f.Path = "/sign-ups"
			}
			return f, len(f.Requests)+len(f.SignUps) > 0, nil
		},
		sample: func(now time.Time) Facts {
			return Facts{Path: "/requests", Requests: []Request{
				{Account: "Example Ltd", App: "Weather map", Product: "Weather", Since: now.Add(-26 * time.Hour)},
				{Account: "Sample Inc", App: "Trip planner", Product: "Maps", Since: now.Add(-2 * time.Hour)},
			}, SignUps: []Applicant{{Name: "Nora Newcomer (nora@partner.example)", Since: now.Add(-time.Hour)}}}
		},
	}
}

// listRequests adds the requests that wait for the recipient's decision.
func (r *reader) listRequests(ctx context.Context, f *Facts) error {
	all, err := r.waiting(ctx)
	if err != nil || all == nil {
		return err
	}
	n, err := all.Clone().Count(ctx)
	if err != nil {
		return err
	}
	listed, err := all.Order(subscription.ByCreatedAt(), subscription.ByID()).Limit(mostListed).WithApp().WithAccount().WithProduct().All(ctx)
	if err != nil {
		return err
	}
	f.More += max(n-len(listed), 0)
	for _, s := range listed {
		f.Requests = append(f.Requests, Request{
			Account: oneLine(s.Edges.Account.Name), App: oneLine(s.Edges.App.Name), Product: oneLine(s.Edges.Product.Title), Since: waitsSince(s),
		})
	}
	return nil
}

// waitsSince returns since when a subscription, or its change of plan, waits.
func waitsSince(s *db.Subscription) time.Time {
	if s.PendingRequestedAt != nil {
		return *s.PendingRequestedAt
	}
	return s.CreatedAt
}

// listSignUps adds the sign-ups that wait, if the recipient decides about them.
func (r *reader) listSignUps(ctx context.Context, f *Facts) error {
	if !r.decidesSignUps() {
		return nil
	}
	n, err := r.waitingSignUps().Count(ctx)
	if err != nil {
		return err
	}
	listed, err := r.waitingSignUps().Order(signup.ByCreatedAt(), signup.ByID()).Limit(mostListed).All(ctx)
	if err != nil {
		return err
	}
	f.More += max(n-len(listed), 0)
	for _, s := range listed {
		f.SignUps = append(f.SignUps, Applicant{applicantName(s), s.CreatedAt})
	}
	return nil
}

// waitingSignUps returns the query for the sign-ups that wait for a decision.
func (r *reader) waitingSignUps() *db.SignUpQuery {
	return r.client.SignUp.Query().Where(signup.StateEQ(domain.SignUpWaiting))
}
