package portal_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/eventlog"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// syncedPortal is a Portal whose key cache notes the end of the log at each Sync.
type syncedPortal struct {
	*portaltest.Fixture
	portaltest.Tenant
	p       *portal.Portal
	product *db.Product
	plan    *db.Plan
	synced  []int64
}

func newSyncedPortal(t *testing.T, url string) *syncedPortal {
	f := portaltest.New(t, url)
	g := &syncedPortal{Fixture: f, Tenant: f.MustTenant(t, "one")}
	g.product, g.plan = f.MustProduct(t, g.Admin, "weather")
	g.p = f.With(func(o *portal.Options) {
		o.KeyCache = syncFunc(func(organization uuid.UUID) {
			require.Equal(t, g.Organization.ID, organization)
			g.synced = append(g.synced, g.head(t))
		})
	})
	return g
}

// head returns the position of the log's last event.
func (g *syncedPortal) head(t *testing.T) int64 {
	e, err := g.Client.Event.Query().Where(event.OrganizationID(g.Organization.ID)).Order(event.ByPosition()).All(portaltest.System(t))
	require.NoError(t, err)
	return e[len(e)-1].Position
}

// types returns the types of the events after a position.
func (g *syncedPortal) types(t *testing.T, after int64) (out []eventlog.Type) {
	all, err := g.Client.Event.Query().Where(event.PositionGT(after), event.OrganizationID(g.Organization.ID)).Order(event.ByPosition()).All(portaltest.System(t))
	require.NoError(t, err)
	for _, e := range all {
		out = append(out, eventlog.Type(e.Type))
	}
	return out
}

// syncFunc is a RevocationSync that does something when it is to wait for what was
// committed.
type syncFunc func(organization uuid.UUID)

func (f syncFunc) Sync(_ context.Context, organization uuid.UUID) error { f(organization); return nil }
func (syncFunc) Wake()                                                  {}

// mutationCase is a mutation: how to prepare and call it, the events that it writes,
// and whether it must wait for the key cache.
type mutationCase struct {
	method string
	play   func(t *testing.T, g *syncedPortal) (do func() error)
	events []eventlog.Type
	waits  bool
}

// mustUsedApp creates an app with a credential and an approved subscription.
func mustUsedApp(t *testing.T, g *syncedPortal) (app *db.App, key *db.Credential, sub *db.Subscription) {
	created := g.MustApp(t, g.Developer, "App")
	waiting := g.MustRegister(t, g.Developer, created.App, g.product, g.plan)
	sub, err := g.Portal.Apps.Approve(g.Admin, waiting.GlobalID(), nil)
	require.NoError(t, err)
	return created.App, created.Credential, sub
}

// e returns only the error of a call.
func errOf[T any](_ T, err error) error { return err }

// mutations returns the cases of all services.
func mutations() []mutationCase {
	return slices.Concat(credentialMutations(), appMutations(), planChangeMutations(), transferMutations(), keyRequestMutations(), statementMutations(), catalogMutations(), identityMutations())
}

// Each mutation that may change verdicts waits until this node's key cache has
// applied it. So does each that is repeated, because another node may have made the
// same change a moment ago.
func TestMutationsWaitForSync(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		g := newSyncedPortal(t, url)
		written := map[eventlog.Type]bool{}
		for _, m := range mutations() {
			t.Run(m.method, func(t *testing.T) {
				do := m.play(t, g)
				before := g.head(t)
				g.synced = nil
				require.NoError(t, do())
				types := g.types(t, before)
				require.Equal(t, m.events, types)
				for _, w := range types {
					written[w] = true
				}
				require.Equal(t, m.waits, len(g.synced) > 0, "waited for the key cache")
				if m.waits {
					require.Equal(t, g.head(t), g.synced[len(g.synced)-1], "the key cache is asked when all is committed")
				}
				// Once more, with whatever answer; a change that creates something must not wait.
				before, g.synced = g.head(t), nil
				_ = do()
				if g.head(t) == before || m.waits {
					require.NotEmpty(t, g.synced, "the repetition waited for the key cache")
				}
			})
		}
		for _, m := range mutations() {
			for _, w := range m.events {
				require.True(t, written[w], w)
			}
		}
	})
}

// Every method of a service is a case, or is named here as no mutation, but for those
// that list objects or say what viewers may do.
func TestEveryMutationHasACase(t *testing.T) {
	known := map[string]bool{}
	for _, m := range mutations() {
		known[m.method] = true
	}
	// They read, or belong to commands and jobs after which no key cache is asked, or to people who are not signed in.
	for _, other := range strings.Fields(`Entities AppByReference CredentialIDByKey PreviewRevoke PreviewDeleteApp PreviewRetireProduct PreviewChangePlan RestorableFor ReportLeakedKey ReportFoundKeys AnswerLeakReports RunLeakReports AccessLists OutOfPolicy RotationDueAt Rotations LastOwners DeveloperNames SwitchAccount ActAs Exchange CheckExchange ServiceTokenStatus AcceptInvitation InvitationStatus InvitationToken SignUp VerifyEmail SignUpStatus SignUpToken KeyCountsEdge KeyCountsOfApps CountSubscriptions Granted ProductByName Count CreateUncollected CollectSecret AccessQuestion Gateways
		RecordExpiries RecordNotices RecordExport TakeDuePlans EndProducts DescriptionHTML GuideHTML FoldNames ExpireTransfers ExpireRequests ExpireUncollected Run Reconcile Waiting Running Totals AppTransferStatus Purge Begin Sends Settings Preview Deletions CreateOrganization Organization OrganizationBySlug Import Transitions Now
		AddProvider UpdateProvider RemoveProvider LinkIdentity UnlinkIdentity Newcomer Providers AllProviders SignInProviders ProviderAt Arrive SignInExternal QuotaPeriods FurtherQuotasOf RevisionQuotas SubscriptionsOfRevisions NewestRevisions SignIn RefreshSession SignOut ChangePassword UsageQuery AuthorizeUsage Zone CreateStaff ResetPassword UnlockByAddress
		RequestPasswordReset AnswerResetRequests RunPasswordResets ResetByLink PrintPasswordReset EnableTotp ConfirmTotp DisableTotp ReplaceRecoveryCodes ResetTotp ResetTotpByAddress CompleteSignIn ResetToken ResetLink CanMail SendsKind Organizations UsersOf RecordSignInFailures RunSignInFailureRecorder RepairTimeZones`) {
		known[other] = true
	}
	for _, service := range reflect.VisibleFields(reflect.TypeFor[portal.Portal]()) {
		for m := range service.Type.Methods() {
			if service.IsExported() && !lists(m) && !strings.HasSuffix(m.Name, "Permissions") {
				require.True(t, known[m.Name], "%s: is it a mutation whose answer must wait for the key cache?", m.Name)
			}
		}
	}
}

// lists reports whether a method returns pages of a list.
func lists(m reflect.Method) bool {
	if m.Type.NumOut() == 0 {
		return false
	}
	first := m.Type.Out(0).String()
	return strings.HasPrefix(first, "*paging.Page[") || strings.HasPrefix(first, "listing.Pages[")
}
