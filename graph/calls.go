package graph

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/ent/db"
	"portico/graph/model"
	"portico/internal/activity"
	"portico/internal/apps"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/gateway/presence"
	"portico/internal/nodeid"
	"portico/internal/usage"
	"portico/internal/viewer"
)

// maxTopApps is the most apps that topApps returns.
const maxTopApps = 50

// quotaHolder is the loaders' kind for subscriptions that were read with
// everything that their quotas are counted by.
const quotaHolder nodeid.Kind = "subscription with its plan"

// Gate is what the schema needs of the gate; *gateway.Verifier
// implements it.
type Gate interface {
	Explain(ctx context.Context, c *gateway.Caller, credential uuid.UUID, r *gateway.Request, at time.Time) (*gateway.Explanation, error)
	Enforcements(ctx context.Context, organization uuid.UUID, credentials []uuid.UUID) (map[uuid.UUID]gateway.Enforcement, error)
	Gateways(ctx context.Context, organization uuid.UUID, tokens []uuid.UUID) (map[uuid.UUID]presence.State, error)
}

// Counts is what the schema needs of the counts of calls; *report.Reader
// implements it.
type Counts interface {
	Report(ctx context.Context, q usage.Query) (*usage.Report, error)
	TopApps(ctx context.Context, q usage.Query, n int) ([]usage.AppCalls, error)
	Upstream(ctx context.Context, q usage.Query) ([]usage.Upstream, error)
	CallsLast24h(ctx context.Context, organization uuid.UUID, zone *time.Location, by usage.Dimension, ids []uuid.UUID) (map[uuid.UUID]int64, error)
	// TotalLast24h counts the calls of the last 24 hours that a query selects; it sets the
	// query's times.
	TotalLast24h(ctx context.Context, q usage.Query, zone *time.Location) (int64, error)
	CallsSince(ctx context.Context, organization uuid.UUID, zone *time.Location, since []usage.Since) ([]int64, error)
}

// Quotas is what the schema needs of what is used of quotas; *intake.Store implements
// it.
type Quotas interface {
	QuotasUsed(ctx context.Context, counters []uuid.UUID, at time.Time) (map[uuid.UUID][]limits.Used, error)
}

func (r *Resolver) usage(ctx context.Context, where activity.UsageFilter, interval usage.Interval) (*model.Usage, error) {
	q, err := r.Portal.Activity.UsageQuery(ctx, where, interval)
	if err != nil {
		return nil, err
	}
	report, err := r.Counts.Report(ctx, q)
	if err != nil {
		return nil, err
	}
	return &model.Usage{Report: report, Query: q}, nil
}

func (r *Resolver) topApps(ctx context.Context, q usage.Query, first int) ([]*usage.AppCalls, error) {
	if first < 1 || first > maxTopApps {
		return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "Ask for 1 to 50 apps.")
	}
	found, err := r.Counts.TopApps(ctx, q, first)
	if err != nil {
		return nil, err
	}
	l, out := loadersOf(ctx), make([]*usage.AppCalls, len(found))
	for i := range found {
		l.saw(nodeid.App, found[i].App)
		out[i] = &found[i]
	}
	return out, nil
}

func (r *Resolver) upstream(ctx context.Context, q usage.Query) ([]*model.UpstreamCalls, error) {
	found, err := r.Counts.Upstream(ctx, q)
	out := make([]*model.UpstreamCalls, len(found))
	for i := range found {
		out[i] = &model.UpstreamCalls{Upstream: found[i]}
	}
	return out, err
}

// callsLast24h returns the number of calls of one object, and reads it for the
// whole page at once.
func (r *Resolver) callsLast24h(ctx context.Context, k nodeid.Kind, by usage.Dimension, id uuid.UUID) (int64, error) {
	return value(ctx, "callsLast24h of "+string(k), k, id, func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]int64, error) {
		zone, err := r.Portal.Activity.Zone(ctx)
		if err != nil {
			return nil, err
		}
		return r.Counts.CallsLast24h(ctx, viewer.Current(ctx).OrganizationID, zone, by, ids)
	})
}

// quota returns what a subscription's app, or all apps of its account, used of
// the quota of the subscription's plan. It reads plans and counts for the whole
// page at once.
func (r *Resolver) quota(ctx context.Context, s *db.Subscription) (*apps.QuotaUse, error) {
	loadersOf(ctx).noteQuota(s)
	return value(ctx, "quotas used", quotaHolder, s.ID, r.quotasUsed)
}

func (r *Resolver) quotasUsed(ctx context.Context, subscriptions []uuid.UUID) (map[uuid.UUID]*apps.QuotaUse, error) {
	l := loadersOf(ctx)
	periods, counters := map[uuid.UUID]*apps.QuotaPeriod{}, map[uuid.UUID]uuid.UUID{}
	for _, id := range subscriptions {
		s := l.subscriptionOf(id)
		period, err := r.quotaPeriod(ctx, s)
		if err != nil {
			return nil, err
		}
		if period != nil {
			periods[id], counters[id] = period, period.Counter(s)
		}
	}
	counts, err := r.Quotas.QuotasUsed(ctx, slices.Collect(maps.Values(counters)), r.Portal.Now())
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]*apps.QuotaUse, len(periods))
	for id, period := range periods {
		out[id] = period.Use(counts[counters[id]])
	}
	return out, nil
}

// enforcement returns how far a credential's last change has been applied, and
// reads it for the whole page at once.
func (r *Resolver) enforcement(ctx context.Context, credential uuid.UUID) (*model.Enforcement, error) {
	e, err := value(ctx, "enforcement", nodeid.Credential, credential, func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]gateway.Enforcement, error) {
		return r.Gate.Enforcements(ctx, viewer.Current(ctx).OrganizationID, ids)
	})
	if err != nil {
		return nil, err
	}
	return &model.Enforcement{Enforcement: e}, nil
}

func (r *Resolver) explainAccess(ctx context.Context, in apps.ExplainAccessInput) (*model.AccessExplanation, error) {
	q, err := r.Portal.Apps.AccessQuestion(ctx, in)
	if err != nil {
		return nil, err
	}
	e, err := r.Gate.Explain(ctx, &gateway.Caller{Organization: q.Organization, Environment: q.Environment, Products: q.Products}, q.Credential,
		&gateway.Request{Product: q.Product, App: q.App, Method: q.Method, Path: q.Path, Address: q.Address}, q.At)
	if err != nil {
		return nil, err
	}
	return &model.AccessExplanation{Explanation: e}, nil
}
