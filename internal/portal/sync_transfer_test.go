package portal_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/eventlog"
)

// transferMutations are the cases of mutations on offers of apps, each of which is an event
// for each of the two accounts. Only accepting one changes by what keys are judged.
func transferMutations() []mutationCase {
	both := func(t eventlog.Type) []eventlog.Type { return []eventlog.Type{t, t} }
	offered := func(f func(g *syncedPortal, x *db.AppTransfer) error) func(t *testing.T, g *syncedPortal) func() error {
		return func(t *testing.T, g *syncedPortal) func() error {
			app, _, _ := mustUsedApp(t, g)
			to := g.MustAccount(t, g.Admin, uuid.NewString())
			out, err := g.Portal.Apps.TransferApp(g.Developer, apps.TransferAppInput{AppID: app.GlobalID(), ToAccountID: to.GlobalID()})
			require.NoError(t, err)
			return func() error { return f(g, out.Transfer) }
		}
	}
	return []mutationCase{
		{"TransferApp", func(t *testing.T, g *syncedPortal) func() error {
			app, _, _ := mustUsedApp(t, g)
			in := apps.TransferAppInput{AppID: app.GlobalID(), ToAccountID: g.MustAccount(t, g.Admin, "To").GlobalID()}
			return func() error { return errOf(g.p.Apps.TransferApp(g.Developer, in)) }
		}, both(eventlog.AppTransferOffered), false},
		{"AcceptAppTransfer", offered(func(g *syncedPortal, x *db.AppTransfer) error {
			return errOf(g.p.Apps.AcceptAppTransfer(g.Admin, x.GlobalID()))
		}), both(eventlog.AppTransferAccepted), true},
		{"DeclineAppTransfer", offered(func(g *syncedPortal, x *db.AppTransfer) error {
			return errOf(g.p.Apps.DeclineAppTransfer(g.Admin, x.GlobalID(), nil))
		}), both(eventlog.AppTransferDeclined), false},
		{"CancelAppTransfer", offered(func(g *syncedPortal, x *db.AppTransfer) error {
			return errOf(g.p.Apps.CancelAppTransfer(g.Developer, x.GlobalID(), nil))
		}), both(eventlog.AppTransferCancelled), false},
	}
}
