package portal_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/portal"
)

func credentialMutations() []mutationCase {
	onKey := func(f func(ctx context.Context, p *portal.Portal, id string) error) func(t *testing.T, g *syncedPortal) func() error {
		return func(t *testing.T, g *syncedPortal) func() error {
			_, key, _ := mustUsedApp(t, g)
			return func() error { return f(g.Admin, g.p, key.GlobalID()) }
		}
	}
	return []mutationCase{
		{"RevokeKey", onKey(func(ctx context.Context, p *portal.Portal, id string) error {
			return errOf(p.Apps.RevokeKey(ctx, id, nil, nil))
		}),
			[]eventlog.Type{eventlog.CredentialRevoked}, true},
		{"RevokeKeys", onKey(func(ctx context.Context, p *portal.Portal, id string) error {
			return errOf(p.Apps.RevokeKeys(ctx, apps.RevokeKeysInput{CredentialIDs: []string{id}}))
		}),
			[]eventlog.Type{eventlog.CredentialRevoked}, true},
		{"RevokeHeldKey", func(t *testing.T, g *syncedPortal) func() error {
			key := g.MustKey(t, g.Developer, apps.GenerateKeyInput{AccountID: new(g.Account.GlobalID())})
			return func() error {
				return g.p.Apps.RevokeHeldKey(t.Context(), apps.RevokeHeldKeyInput{Key: apikey.Held{Secret: *key.Secret}})
			}
		}, []eventlog.Type{eventlog.CredentialRevoked}, true},
		{"DisableKey", onKey(func(ctx context.Context, p *portal.Portal, id string) error {
			return errOf(p.Apps.DisableKey(ctx, id, nil))
		}),
			[]eventlog.Type{eventlog.CredentialDisabled}, true},
		{"UpdateKey", onKey(func(ctx context.Context, p *portal.Portal, id string) error {
			return errOf(p.Apps.UpdateKey(ctx, apps.UpdateKeyInput{CredentialID: id, Access: input.SetTo(access.ListedProducts)}))
		}), []eventlog.Type{eventlog.CredentialUpdated}, true},
		{"RotateKey", onKey(func(ctx context.Context, p *portal.Portal, id string) error {
			return errOf(p.Apps.RotateKey(ctx, apps.RotateKeyInput{CredentialID: id, OverlapMinutes: new(0)}))
		}), []eventlog.Type{eventlog.CredentialCreated, eventlog.CredentialRotated}, true},
		{"EnableKey", func(t *testing.T, g *syncedPortal) func() error {
			_, key, _ := mustUsedApp(t, g)
			require.NoError(t, errOf(g.Portal.Apps.DisableKey(g.Admin, key.GlobalID(), nil)))
			return func() error { return errOf(g.p.Apps.EnableKey(g.Admin, key.GlobalID(), nil)) }
		}, []eventlog.Type{eventlog.CredentialEnabled}, true},
		{"GenerateKey", func(t *testing.T, g *syncedPortal) func() error {
			app, _, _ := mustUsedApp(t, g)
			id, key := app.GlobalID(), uuid.NewString()
			return func() error {
				return errOf(g.p.Apps.GenerateKey(g.Developer, apps.GenerateKeyInput{AppID: &id, IdempotencyKey: &key}))
			}
		}, []eventlog.Type{eventlog.CredentialCreated}, false},
	}
}

func appMutations() []mutationCase {
	sub := func(f func(*apps.Service, context.Context, string, *string) (*db.Subscription, error), first func(*testing.T, *syncedPortal, *db.Subscription)) func(t *testing.T, g *syncedPortal) func() error {
		return func(t *testing.T, g *syncedPortal) func() error {
			_, _, s := mustUsedApp(t, g)
			if first != nil {
				first(t, g, s)
			}
			return func() error { return errOf(f(g.p.Apps, g.Admin, s.GlobalID(), nil)) }
		}
	}
	waiting := func(f func(p *portal.Portal, g *syncedPortal, id string) error) func(t *testing.T, g *syncedPortal) func() error {
		return func(t *testing.T, g *syncedPortal) func() error {
			s := g.MustRegister(t, g.Developer, g.MustApp(t, g.Developer, "App").App, g.product, g.plan)
			return func() error { return f(g.p, g, s.GlobalID()) }
		}
	}
	return []mutationCase{
		{"Unregister", sub((*apps.Service).Unregister, nil), []eventlog.Type{eventlog.SubscriptionUnregistered}, true},
		{"Suspend", sub((*apps.Service).Suspend, nil), []eventlog.Type{eventlog.SubscriptionSuspended}, true},
		{"Resume", sub((*apps.Service).Resume, func(t *testing.T, g *syncedPortal, s *db.Subscription) {
			require.NoError(t, errOf(g.Portal.Apps.Suspend(g.Admin, s.GlobalID(), nil)))
		}), []eventlog.Type{eventlog.SubscriptionResumed}, true},
		{"Approve", waiting(func(p *portal.Portal, g *syncedPortal, id string) error {
			return errOf(p.Apps.Approve(g.Admin, id, nil))
		}),
			[]eventlog.Type{eventlog.SubscriptionApproved}, true},
		{"Reject", waiting(func(p *portal.Portal, g *syncedPortal, id string) error {
			return errOf(p.Apps.Reject(g.Admin, id, "no"))
		}),
			[]eventlog.Type{eventlog.SubscriptionRejected}, true},
		{"Decide", waiting(func(p *portal.Portal, g *syncedPortal, id string) error {
			return errOf(p.Apps.Decide(g.Admin, apps.DecideInput{SubscriptionID: id, Decision: domain.ApproveSubscription}))
		}), []eventlog.Type{eventlog.SubscriptionApproved}, true},
		{"DecideSubscriptions", waiting(func(p *portal.Portal, g *syncedPortal, id string) error {
			got, err := p.Apps.DecideSubscriptions(g.Admin, apps.DecideSubscriptionsInput{SubscriptionIDs: []string{id}, Decision: domain.ApproveSubscription})
			if err == nil {
				err = got[0].Cause
			}
			return err
		}),
			[]eventlog.Type{eventlog.SubscriptionApproved}, true},
		{"Withdraw", waiting(func(p *portal.Portal, g *syncedPortal, id string) error {
			return errOf(p.Apps.Withdraw(g.Developer, id, nil))
		}),
			[]eventlog.Type{eventlog.SubscriptionWithdrawn}, true},
		{"Register", func(t *testing.T, g *syncedPortal) func() error {
			id, product := g.MustApp(t, g.Developer, "App").App.GlobalID(), g.product.GlobalID()
			return func() error {
				return errOf(g.p.Apps.Register(g.Developer, apps.RegisterInput{AppID: id, ProductID: product}))
			}
		}, []eventlog.Type{eventlog.SubscriptionRegistered}, true},
		{"CreateApp", func(t *testing.T, g *syncedPortal) func() error {
			key := uuid.NewString()
			return func() error {
				return errOf(g.p.Apps.CreateApp(g.Developer, apps.CreateAppInput{Name: "App", IdempotencyKey: &key}))
			}
		}, []eventlog.Type{eventlog.AppCreated, eventlog.CredentialCreated}, false},
		{"UpdateApp", func(t *testing.T, g *syncedPortal) func() error {
			app, _, _ := mustUsedApp(t, g)
			return func() error {
				return errOf(g.p.Apps.UpdateApp(g.Developer, apps.UpdateAppInput{AppID: app.GlobalID(), Name: input.SetTo("Other")}))
			}
		}, []eventlog.Type{eventlog.AppUpdated}, false},
		{"DeleteApp", func(t *testing.T, g *syncedPortal) func() error {
			app, _, _ := mustUsedApp(t, g)
			return func() error { return errOf(g.p.Apps.DeleteApp(g.Developer, app.GlobalID(), nil)) }
		}, []eventlog.Type{eventlog.CredentialRevoked, eventlog.SubscriptionUnregistered, eventlog.AppDeleted}, true},
		{"RestoreApp", func(t *testing.T, g *syncedPortal) func() error {
			app, _, _ := mustUsedApp(t, g)
			require.NoError(t, errOf(g.Portal.Apps.DeleteApp(g.Developer, app.GlobalID(), nil)))
			return func() error { return errOf(g.p.Apps.RestoreApp(g.Admin, app.GlobalID(), nil)) }
		}, []eventlog.Type{eventlog.AppRestored, eventlog.CredentialCreated}, true},
		{"AcceptProductTerms", func(t *testing.T, g *syncedPortal) func() error {
			x, chosen := g.MustProduct(t, g.Admin, "with-terms")
			app := g.MustApp(t, g.Developer, "With terms").App
			s := g.MustRegister(t, g.Developer, app, x, chosen)
			require.NoError(t, errOf(g.Portal.Catalog.UpdateProduct(g.Admin, catalog.UpdateProductInput{
				ProductID: x.GlobalID(), Terms: input.SetTo(domain.Terms{Version: "1", URL: "https://terms.example"})})))
			return func() error {
				return errOf(g.p.Apps.AcceptProductTerms(g.Developer, apps.AcceptProductTermsInput{SubscriptionIDs: []string{s.GlobalID()}, Version: "1"}))
			}
		}, []eventlog.Type{eventlog.SubscriptionTermsAccepted}, false},
		{"UpdateSubscriptionEndpoints", func(t *testing.T, g *syncedPortal) func() error {
			_, _, s := mustUsedApp(t, g)
			x, err := g.Portal.Catalog.CreateEndpoint(g.Admin, catalog.CreateEndpointInput{ProductID: g.product.GlobalID(), Method: access.MethodGet, Path: "/narrow"})
			require.NoError(t, err)
			return func() error {
				return errOf(g.p.Apps.UpdateSubscriptionEndpoints(g.Developer, apps.UpdateSubscriptionEndpointsInput{SubscriptionID: s.GlobalID(), EndpointIDs: input.SetTo([]string{x.GlobalID()})}))
			}
		}, []eventlog.Type{eventlog.SubscriptionNarrowed}, true},
	}
}
