package portal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/requests"
)

// keyRequestMutations are the cases of mutations on requests for keys. What they do to
// subscriptions changes verdicts, and that a key is collected; an uncollected key is unknown
// to the gate.
func keyRequestMutations() []mutationCase {
	asking := func(t *testing.T, g *syncedPortal) requests.RequestKeyInput {
		app := g.MustApp(t, g.Developer, "App").App
		return requests.RequestKeyInput{AppID: app.GlobalID(), Plans: []requests.Plan{{ProductID: g.product.GlobalID(), PlanID: new(g.plan.GlobalID())}}}
	}
	// asked makes a request and does things to it before the mutation.
	asked := func(f func(g *syncedPortal, id string) error, first ...func(g *syncedPortal, id string) error) func(t *testing.T, g *syncedPortal) func() error {
		return func(t *testing.T, g *syncedPortal) func() error {
			out, err := g.Portal.Requests.RequestKey(g.Developer, asking(t, g))
			require.NoError(t, err)
			for _, do := range first {
				require.NoError(t, do(g, out.Request.GlobalID()))
			}
			return func() error { return f(g, out.Request.GlobalID()) }
		}
	}
	decided := func(f func(*requests.Service, *syncedPortal, requests.DecideInput) (*db.KeyRequest, error)) func(g *syncedPortal, id string) error {
		return func(g *syncedPortal, id string) error {
			return errOf(f(g.p.Requests, g, requests.DecideInput{KeyRequestID: id, Reason: new("So.")}))
		}
	}
	approve := decided(func(svc *requests.Service, g *syncedPortal, in requests.DecideInput) (*db.KeyRequest, error) {
		return svc.Approve(g.Admin, in)
	})
	reject := decided(func(svc *requests.Service, g *syncedPortal, in requests.DecideInput) (*db.KeyRequest, error) {
		return svc.Reject(g.Admin, in)
	})
	return []mutationCase{
		{"RequestKey", func(t *testing.T, g *syncedPortal) func() error {
			in := asking(t, g)
			return func() error { return errOf(g.p.Requests.RequestKey(g.Developer, in)) }
		}, []eventlog.Type{eventlog.KeyRequestCreated, eventlog.SubscriptionRegistered}, true},
		{"Update", asked(func(g *syncedPortal, id string) error {
			return errOf(g.p.Requests.Update(g.Developer, requests.UpdateInput{KeyRequestID: id, Name: input.SetTo("Other")}))
		}), []eventlog.Type{eventlog.KeyRequestUpdated}, false},
		{"Withdraw", asked(func(g *syncedPortal, id string) error {
			return errOf(g.p.Requests.Withdraw(g.Developer, id, nil))
		}), []eventlog.Type{eventlog.SubscriptionWithdrawn, eventlog.KeyRequestWithdrawn}, true},
		{"Approve", asked(approve), []eventlog.Type{eventlog.SubscriptionApproved, eventlog.CredentialCreated, eventlog.KeyRequestApproved}, true},
		{"Reject", asked(reject), []eventlog.Type{eventlog.SubscriptionRejected, eventlog.KeyRequestRejected}, true},
		{"Collect", asked(func(g *syncedPortal, id string) error {
			return errOf(g.p.Requests.Collect(g.Developer, id))
		}, approve), []eventlog.Type{eventlog.CredentialCollected}, true},
		{"Delete", asked(func(g *syncedPortal, id string) error {
			return errOf(g.p.Requests.Delete(g.Developer, id))
		}, reject), []eventlog.Type{eventlog.KeyRequestDeleted}, false},
	}
}
