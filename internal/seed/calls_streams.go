package seed

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/usage"
)

const (
	// daysOfCalls is how many days back calls are counted.
	daysOfCalls = 35
	// fresh is how far back counts of single minutes are kept.
	fresh = 48 * time.Hour
	// burstsAnHour is the number of minutes of an hour that have calls.
	burstsAnHour = 4
	// attempts is the ratio of refused calls to accepted ones: with a credential
	// that is no longer valid, or for a product that is not approved.
	attempts = 0.01
	// often and seldom are the share of hours with calls, of accepted ones and
	// of attempts.
	often, seldom = 0.4, 0.04
)

// caller is an app that makes calls, with all its credentials and the newest of
// its subscriptions to each product.
type caller struct {
	account, app  uuid.UUID
	calls         int // on a busy day
	credentials   []usedCredential
	subscriptions []subscribed
}

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
	endpoints  []uuid.UUID
	daily      float64
}

// streams returns what an app calls. The purpose of each credential determines
// its share of the calls.
func (c caller) streams(now time.Time) []stream {
	var out []stream
	whole := 0.0
	for _, k := range c.credentials {
		for _, s := range c.subscriptions {
			if k.only != nil && !slices.Contains(k.only, s.offer.Name) {
				continue
			}
			one := stream{subscribed: s, endpoints: s.reached(), Call: usage.Call{Organization: k.OrganizationID,
				Account: c.account, App: c.app, Credential: k.ID, Product: s.ProductID, Code: verdictOf(k.Credential, s.Subscription, now)}}
			one.daily = map[access.Environment]float64{access.Production: 8, access.Staging: 1, access.Development: 2}[k.Environment]
			if !one.Passed() {
				one.daily *= attempts
			}
			whole += one.daily
			out = append(out, one)
		}
	}
	for i := range out {
		out[i].daily *= float64(c.calls) / whole
	}
	return out
}

// Verdicts in the demo data, spelled as in package verdict.
const (
	rateLimited   = "RATE_LIMITED"
	quotaExceeded = "QUOTA_EXCEEDED"
)

// verdictOf returns the verdict on a call with a credential: the credential's
// state counts before the subscription's.
func verdictOf(k *db.Credential, s *db.Subscription, now time.Time) string {
	if status := k.Status.At(now, k.ExpiresAt); status != access.CredentialActive {
		return string(status)
	}
	switch s.Status {
	case access.SubscriptionApproved:
		return usage.CodePassed
	case access.SubscriptionWaiting, access.SubscriptionSuspended:
		return string(s.Status)
	default:
		return "NOT_SUBSCRIBED"
	}
}

// reached returns the endpoints that a subscription reaches, in a fixed order.
func (s subscribed) reached() []uuid.UUID {
	if s.EndpointIds != nil {
		return s.EndpointIds
	}
	var all []uuid.UUID
	for _, e := range s.offer.endpoints {
		all = append(all, e.ID)
	}
	return all
}

// hour generates the calls of one hour, and calls yield for each minute's. The
// same hour has the same calls each time the data is created. Calls after now
// are omitted; in hours before those with counts of minutes, all calls are in
// the first minute.
func (s *stream) hour(start time.Time, loc *time.Location, now time.Time, yield func(call usage.Call, at time.Time, n int64)) {
	r := rand.New(rand.NewPCG(binary.BigEndian.Uint64(s.Credential[8:]), binary.BigEndian.Uint64(s.subscribed.ID[8:])^uint64(start.Unix())))
	chance := often
	if !s.Passed() {
		chance = seldom
	}
	if r.Float64() > chance {
		return // calls come in bursts
	}
	expected := s.daily / chance * share(start.In(loc)) * (0.7 + 0.6*r.Float64())
	n := int64(expected)
	if r.Float64() < expected-float64(n) {
		n++
	}
	call := s.Call
	if len(s.endpoints) > 0 {
		call.Endpoint = s.endpoints[start.In(loc).YearDay()%len(s.endpoints)]
	}
	bursts := int64(1)
	if now.Sub(start) <= fresh {
		bursts = burstsAnHour
	}
	for i := range bursts {
		at := start
		if bursts > 1 {
			at = start.Add(time.Duration(r.IntN(60)) * time.Minute)
		}
		part := n/bursts + min(max(n%bursts-i, 0), 1)
		if part == 0 || !at.Add(time.Minute).Before(now) {
			continue
		}
		yield(call, at, part)
		if call.Passed() && part > 100 && r.IntN(8) == 0 {
			limited := call
			limited.Code = rateLimited
			yield(limited, at, 1+part/50)
		}
	}
}

// share returns the share of a day's calls in an hour: most are in working
// hours.
func share(t time.Time) float64 {
	s := 0.01
	if h := t.Hour(); h >= 8 && h < 18 {
		s = 0.085
	}
	if day := t.Weekday(); day == time.Saturday || day == time.Sunday {
		s *= 0.4
	}
	return s
}
