package seed

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/lifecycle"
	"portico/internal/usage"
)

const (
	// daysOfCalls is how far back calls are counted.
	daysOfCalls = 35
	// fresh is the time of which single minutes are kept.
	fresh = 48 * time.Hour
	// burstsAnHour is in how many minutes of an hour calls come.
	burstsAnHour = 4
	// attempts is how many calls are made in vain for one that is not: with a
	// key that is not good any more, or with a product that is not approved.
	attempts = 0.01
	// often and seldom are the share of hours with calls, of good ones and of
	// attempts.
	often, seldom = 0.4, 0.04
)

// caller is an app that makes calls, with all its keys and the newest of its
// subscriptions with each product.
type caller struct {
	account, app  uuid.UUID
	busy          int // calls on a busy day
	keys          []calledWith
	registrations []*db.Subscription
}

// calledWith is a key, and the products that it reaches; nil: all.
type calledWith struct {
	*db.Credential
	listed []string
}

// stream is what one key calls of one product.
type stream struct {
	usage.Call   // without the endpoint; Code is the verdict that nearly all get
	registration *db.Subscription
	endpoints    []uuid.UUID
	daily        float64
}

// streams returns what an app calls. Keys share its calls by what they are for.
func (c caller) streams(offers map[uuid.UUID]offer, today time.Time) []stream {
	var out []stream
	whole := 0.0
	for _, k := range c.keys {
		for _, s := range c.registrations {
			x, ok := offers[s.ProductID]
			if !ok || k.listed != nil && !slices.Contains(k.listed, x.Name) {
				continue
			}
			one := stream{registration: s, endpoints: x.reached(s), Call: usage.Call{Organization: k.OrganizationID,
				Account: c.account, App: c.app, Credential: k.ID, Product: x.ID, Code: verdictOf(k.Credential, s, today)}}
			one.daily = map[domain.Environment]float64{domain.Production: 8, domain.Staging: 1, domain.Development: 2}[k.Environment]
			if one.Code != valid {
				one.daily *= attempts
			}
			whole += one.daily
			out = append(out, one)
		}
	}
	for i := range out {
		out[i].daily *= float64(c.busy) / whole
	}
	return out
}

// The verdicts that the demo data knows, spelled as those of package verdict.
const (
	valid         = "VALID"
	rateLimited   = "RATE_LIMITED"
	quotaExceeded = "QUOTA_EXCEEDED"
)

// verdictOf is what a call with a key gets: the key's state counts before the
// subscription's.
func verdictOf(k *db.Credential, s *db.Subscription, now time.Time) string {
	if status := k.Status.At(now, k.ExpiresAt); status != lifecycle.CredentialActive {
		return string(status)
	}
	switch s.Status {
	case lifecycle.Approved:
		return valid
	case lifecycle.Waiting, lifecycle.Suspended:
		return string(s.Status)
	default:
		return "NOT_SUBSCRIBED"
	}
}

// reached are the endpoints that a subscription reaches, in one order.
func (o offer) reached(s *db.Subscription) []uuid.UUID {
	if s.EndpointIds != nil {
		return s.EndpointIds
	}
	return o.inOrder
}

// hour makes the calls of one hour: give is told of each minute's. The same
// hour has the same calls whenever the data is made. Calls after now are left
// out; of the hours before the minutes, all calls are in the first minute.
func (s *stream) hour(start time.Time, loc *time.Location, now time.Time, give func(call usage.Call, at time.Time, n int64)) {
	r := rand.New(rand.NewPCG(binary.BigEndian.Uint64(s.Credential[8:]), binary.BigEndian.Uint64(s.registration.ID[8:])^uint64(start.Unix())))
	chance := often
	if s.Code != valid {
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
		give(call, at, part)
		if call.Code == valid && part > 100 && r.IntN(8) == 0 {
			limited := call
			limited.Code = rateLimited
			give(limited, at, 1+part/50)
		}
	}
}

// share is which part of a day's calls come in an hour: most at work.
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
