package seed

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/verdict"
	"portico/ent/db"
	"portico/internal/usage"
)

// attempts is the ratio of refused calls to accepted ones: with a credential that
// is no longer valid, or for a product that is not approved.
const attempts = 0.01

// usedCredential is a credential, and the products that it reaches; nil means all.
type usedCredential struct {
	*db.Credential
	only []string
}

// subscribed is a subscription with its product and plan.
type subscribed struct {
	*db.Subscription
	offer *offer
	plan  *db.Plan
}

// stream is the calls of one product with one credential.
type stream struct {
	usage.Call // without the endpoint; Code is the verdict on nearly all
	subscribed subscribed
	endpoints  []uuid.UUID // those called, in turns
	daily      float64
}

// streamsOf returns what an app calls that makes about so many calls on a busy day.
// The purpose of each credential determines its share of the calls.
func (a *author) streamsOf(calls int, credentials []usedCredential, subscriptions []subscribed) (out []stream) {
	whole := 0.0
	for _, c := range credentials {
		for _, s := range subscriptions {
			if c.only != nil && !slices.Contains(c.only, s.offer.Name) {
				continue
			}
			one := stream{subscribed: s, endpoints: s.offer.endpointIDs, Call: usage.Call{Organization: s.OrganizationID, Account: s.AccountID,
				App: s.AppID, Credential: c.ID, Product: s.ProductID, Code: verdictOf(c.Credential, s.Subscription, a.Clock.Now())}}
			if s.EndpointIds != nil {
				one.endpoints = s.EndpointIds
			}
			one.daily = map[access.Environment]float64{access.Production: 8, access.Staging: 1, access.Development: 2}[c.Environment]
			if !one.Passed() {
				one.daily *= attempts
			}
			whole += one.daily
			out = append(out, one)
		}
	}
	for i := range out {
		out[i].daily *= float64(calls) / whole
	}
	return out
}

// verdictOf returns the verdict on a call with a credential: the credential's
// state counts before the subscription's.
func verdictOf(c *db.Credential, s *db.Subscription, now time.Time) string {
	if status := c.Status.At(now, c.ExpiresAt); status != access.CredentialActive {
		return string(status)
	}
	switch s.Status {
	case access.SubscriptionApproved:
		return usage.CodePassed
	case access.SubscriptionWaiting, access.SubscriptionSuspended:
		return string(s.Status)
	default:
		return verdict.NotSubscribed.String()
	}
}
