package portal_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal"
)

func keyMutations() []mutationCase {
	on1 := func(f func(ctx context.Context, p *portal.Portal, id string) error) func(t *testing.T, g *gated) func() error {
		return func(t *testing.T, g *gated) func() error {
			_, key, _ := on(t, g)
			return func() error { return f(g.Admin, g.p, key.GlobalID()) }
		}
	}
	return []mutationCase{
		{"RevokeKey", on1(func(ctx context.Context, p *portal.Portal, id string) error {
			return e(p.Apps.RevokeKey(ctx, id, nil, nil))
		}),
			[]eventlog.Type{eventlog.CredentialRevoked}, true},
		{"DisableKey", on1(func(ctx context.Context, p *portal.Portal, id string) error {
			return e(p.Apps.DisableKey(ctx, id, nil))
		}),
			[]eventlog.Type{eventlog.CredentialDisabled}, true},
		{"UpdateKey", on1(func(ctx context.Context, p *portal.Portal, id string) error {
			return e(p.Apps.UpdateKey(ctx, apps.UpdateKeyInput{CredentialID: id, Access: input.SetTo(domain.AccessListed)}))
		}), []eventlog.Type{eventlog.CredentialUpdated}, true},
		{"EnableKey", func(t *testing.T, g *gated) func() error {
			_, key, _ := on(t, g)
			require.NoError(t, e(g.Portal.Apps.DisableKey(g.Admin, key.GlobalID(), nil)))
			return func() error { return e(g.p.Apps.EnableKey(g.Admin, key.GlobalID(), nil)) }
		}, []eventlog.Type{eventlog.CredentialEnabled}, true},
		{"GenerateKey", func(t *testing.T, g *gated) func() error {
			app, _, _ := on(t, g)
			id, key := app.GlobalID(), uuid.NewString()
			return func() error {
				return e(g.p.Apps.GenerateKey(g.Developer, apps.GenerateKeyInput{AppID: &id, IdempotencyKey: &key}))
			}
		}, []eventlog.Type{eventlog.CredentialCreated}, false},
		{"RevokeGateway", func(t *testing.T, g *gated) func() error {
			_, err := g.Portal.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: "one", Name: "old", Hash: []byte("old")})
			require.NoError(t, err)
			return func() error { return e(g.p.Identity.RevokeGateway(t.Context(), "one", "old")) }
		}, []eventlog.Type{eventlog.ServiceTokenRevoked}, true},
		{"CreateGateway", func(t *testing.T, g *gated) func() error {
			return func() error {
				return e(g.p.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: "one", Name: "new", Hash: []byte("new")}))
			}
		}, []eventlog.Type{eventlog.ServiceTokenCreated}, false},
	}
}

func appMutations() []mutationCase {
	sub := func(f func(*apps.Service, context.Context, string, *string) (*db.Subscription, error), first func(*testing.T, *gated, *db.Subscription)) func(t *testing.T, g *gated) func() error {
		return func(t *testing.T, g *gated) func() error {
			_, _, s := on(t, g)
			if first != nil {
				first(t, g, s)
			}
			return func() error { return e(f(g.p.Apps, g.Admin, s.GlobalID(), nil)) }
		}
	}
	waiting := func(f func(p *portal.Portal, g *gated, id string) error) func(t *testing.T, g *gated) func() error {
		return func(t *testing.T, g *gated) func() error {
			s := g.MustRegister(t, g.Developer, g.MustApp(t, g.Developer, "App").App, g.product, g.plan)
			return func() error { return f(g.p, g, s.GlobalID()) }
		}
	}
	return []mutationCase{
		{"Unregister", sub((*apps.Service).Unregister, nil), []eventlog.Type{eventlog.SubscriptionUnregistered}, true},
		{"Suspend", sub((*apps.Service).Suspend, nil), []eventlog.Type{eventlog.SubscriptionSuspended}, true},
		{"Resume", sub((*apps.Service).Resume, func(t *testing.T, g *gated, s *db.Subscription) {
			require.NoError(t, e(g.Portal.Apps.Suspend(g.Admin, s.GlobalID(), nil)))
		}), []eventlog.Type{eventlog.SubscriptionResumed}, true},
		{"Approve", waiting(func(p *portal.Portal, g *gated, id string) error { return e(p.Apps.Approve(g.Admin, id, nil)) }),
			[]eventlog.Type{eventlog.SubscriptionApproved}, true},
		{"Reject", waiting(func(p *portal.Portal, g *gated, id string) error { return e(p.Apps.Reject(g.Admin, id, "no")) }),
			[]eventlog.Type{eventlog.SubscriptionRejected}, true},
		{"Withdraw", waiting(func(p *portal.Portal, g *gated, id string) error { return e(p.Apps.Withdraw(g.Developer, id, nil)) }),
			[]eventlog.Type{eventlog.SubscriptionWithdrawn}, true},
		{"Register", func(t *testing.T, g *gated) func() error {
			id, product := g.MustApp(t, g.Developer, "App").App.GlobalID(), g.product.GlobalID()
			return func() error {
				return e(g.p.Apps.Register(g.Developer, apps.RegisterInput{AppID: id, ProductID: product}))
			}
		}, []eventlog.Type{eventlog.SubscriptionRegistered}, true},
		{"CreateApp", func(t *testing.T, g *gated) func() error {
			key := uuid.NewString()
			return func() error {
				return e(g.p.Apps.CreateApp(g.Developer, apps.CreateAppInput{Name: "App", IdempotencyKey: &key}))
			}
		}, []eventlog.Type{eventlog.AppCreated, eventlog.CredentialCreated}, false},
		{"UpdateApp", func(t *testing.T, g *gated) func() error {
			app, _, _ := on(t, g)
			return func() error {
				return e(g.p.Apps.UpdateApp(g.Developer, apps.UpdateAppInput{AppID: app.GlobalID(), Name: input.SetTo("Other")}))
			}
		}, []eventlog.Type{eventlog.AppUpdated}, false},
		{"DeleteApp", func(t *testing.T, g *gated) func() error {
			app, _, _ := on(t, g)
			return func() error { return e(g.p.Apps.DeleteApp(g.Developer, app.GlobalID(), nil)) }
		}, []eventlog.Type{eventlog.CredentialRevoked, eventlog.SubscriptionUnregistered, eventlog.AppDeleted}, true},
		{"RestoreApp", func(t *testing.T, g *gated) func() error {
			app, _, _ := on(t, g)
			require.NoError(t, e(g.Portal.Apps.DeleteApp(g.Developer, app.GlobalID(), nil)))
			return func() error { return e(g.p.Apps.RestoreApp(g.Admin, app.GlobalID())) }
		}, []eventlog.Type{eventlog.AppRestored, eventlog.CredentialCreated}, true},
	}
}
