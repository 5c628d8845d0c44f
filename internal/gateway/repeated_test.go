package gateway_test

import (
	"context"
	"sync"
	"testing"

	"portico/clients/go/gate/verdict"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/gateway"
	"portico/internal/portal"
	"portico/internal/testdb"
)

// server is a node whose services wait for its own Verifier.
type server struct {
	portal   *portal.Portal
	verifier *gateway.Verifier
	caller   *gateway.Caller
}

func (w *world) servers(t *testing.T, n int) (out []server) {
	t.Helper()
	for range n {
		d := w.secondDB(t)
		g := w.verifier(t, func(o *gateway.Options) { o.DB = d })
		run(t, g)
		p := w.With(func(o *portal.Options) {
			o.Client, o.Database, o.KeyCache = db.NewClient(db.Driver(d.Driver())), d, g
		})
		out = append(out, server{p, g, w.caller(t, g)})
	}
	return out
}

// repetition is a change that many make at once, and the verdict from then on,
// whichever was answered.
type repetition struct {
	name string
	do   func(p *portal.Portal, w *world, made apps.CreatedApp, sub *db.Subscription) error
	want verdict.Code
}

func repetitions() []repetition {
	return []repetition{
		{"revoke", func(p *portal.Portal, w *world, created apps.CreatedApp, _ *db.Subscription) error {
			return errorOf(p.Apps.RevokeKey(w.Developer, created.Credential.GlobalID(), nil, nil))
		}, verdict.Revoked},
		{"disable", func(p *portal.Portal, w *world, created apps.CreatedApp, _ *db.Subscription) error {
			return errorOf(p.Apps.DisableKey(w.Admin, created.Credential.GlobalID(), nil))
		}, verdict.Disabled},
		{"unregister", func(p *portal.Portal, w *world, _ apps.CreatedApp, sub *db.Subscription) error {
			return errorOf(p.Apps.Unregister(w.Admin, sub.GlobalID(), nil))
		}, verdict.NotSubscribed},
		{"suspend", func(p *portal.Portal, w *world, _ apps.CreatedApp, sub *db.Subscription) error {
			return errorOf(p.Apps.Suspend(w.Admin, sub.GlobalID(), nil))
		}, verdict.Suspended},
		{"delete", func(p *portal.Portal, w *world, created apps.CreatedApp, _ *db.Subscription) error {
			return errorOf(p.Apps.DeleteApp(w.Admin, created.App.GlobalID(), nil))
		}, verdict.Revoked},
	}
}

// When many revoke the same thing at once, on one node or on three, each is
// answered only after the answering node refuses it, including those that changed
// nothing or are told so.
func TestRepeatedRevocationsAreAppliedBeforeTheAnswer(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		nodes := w.servers(t, map[bool]int{true: 1, false: 3}[url[:6] == "sqlite"])
		for _, r := range repetitions() {
			t.Run(r.name, func(t *testing.T) {
				for range 8 {
					created := w.MustApp(t, w.Developer, "Racing")
					sub := w.approved(t, created.App, w.product, w.plan)
					show := requestWith(created.Secret)
					for _, n := range nodes {
						requireSoon(t, "the key", func() bool { return verify(t, n.verifier, n.caller, show) == verdict.Valid })
					}
					var all sync.WaitGroup
					start := make(chan struct{})
					for i := range 12 {
						n := nodes[i%len(nodes)]
						all.Go(func() {
							<-start
							err := r.do(n.portal, w, created, sub) // some are told that it is so already
							if got := verdictOf(t.Context(), n, show); got != r.want {
								t.Errorf("%s after the answer %v", got, err)
							}
						})
					}
					close(start)
					all.Wait()
				}
			})
		}
	})
}

func verdictOf(ctx context.Context, n server, r *gateway.Request) verdict.Code {
	var v verdict.Verdict
	n.verifier.Verify(ctx, n.caller, r, &v)
	return v.Code
}
