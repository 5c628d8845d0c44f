package apps_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/rawkey"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/auth"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// leakScene is an organization whose keys leak.
type leakScene struct {
	*portaltest.Fixture
	portaltest.Tenant
}

func newLeakScene(t *testing.T, url string, policy domain.LeakedKeys) *leakScene {
	f := portaltest.New(t, url)
	s := &leakScene{f, f.MustTenant(t, "one")}
	s.wants(t, policy)
	return s
}

// wants sets what becomes of keys that are reported.
func (s *leakScene) wants(t *testing.T, policy domain.LeakedKeys) {
	_, err := s.Portal.Identity.UpdateOrganization(s.Admin, identity.UpdateOrganizationInput{LeakedKeys: input.SetTo(policy)})
	require.NoError(t, err)
}

func (s *leakScene) key(t *testing.T) apps.CreatedCredential {
	return s.MustKey(t, s.Developer, apps.GenerateKeyInput{AccountID: new(s.Account.GlobalID())})
}

// report reports a key, and does what follows.
func (s *leakScene) report(t *testing.T, key, url string) {
	t.Helper()
	require.NoError(t, s.Portal.Apps.ReportLeakedKey(stranger(t), apps.ReportLeakedKeyInput{Key: key, URL: &url, Note: new("It is in line 7.")}))
	require.NoError(t, s.Portal.Apps.AnswerLeakReports(t.Context()))
	require.Zero(t, s.Rows(t, "leak_reports"))
}

func (s *leakScene) reports(t *testing.T, c *db.Credential) []*db.Event {
	return s.Client.Event.Query().Where(event.SubjectID(c.ID), event.Type(string(eventlog.CredentialLeakReported))).Order(event.ByPosition()).AllX(portaltest.System(t))
}

func (s *leakScene) status(t *testing.T, c *db.Credential) access.CredentialStatus {
	return s.Client.Credential.GetX(portaltest.System(t), c.ID).Status
}

const leakURL = "https://git.example/acme/app/config.yml"

func TestReportLeakedKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newLeakScene(t, url, domain.RevokeLeaked)
		k := s.key(t)
		s.report(t, k.Secret.RawKey, leakURL)
		c := s.Client.Credential.GetX(portaltest.System(t), k.Credential.ID)
		require.Equal(t, []string{"REVOKED", "KEY_COMPROMISE", "It was reported as leaked."}, []string{string(c.Status), string(*c.RevokedReason), c.RevokedNote})
		require.Equal(t, []string{"CREDENTIAL_CREATED", "CREDENTIAL_LEAK_REPORTED", "CREDENTIAL_REVOKED"}, s.EventTypes(t, c.ID))
		e := s.reports(t, c)[0]
		require.Equal(t, []string{"", domain.KeyFinder, "198.51.100.7", "found", "It is in line 7."}, []string{e.ActorRole, e.ActorName, e.Address, e.RequestID, e.Reason})
		require.Equal(t, []domain.Change{{Field: "url", After: new(leakURL)}}, e.Changes)
		require.Equal(t, s.Account.ID, *e.AccountID)
		with := s.key(t)
		require.NoError(t, s.Portal.Apps.ReportLeakedKey(stranger(t), apps.ReportLeakedKeyInput{Key: with.Secret.RawKey, URL: new(leakURL + "?apikey=" + with.Secret.RawKey), Note: new("It is " + with.Secret.Password.String() + ".")}))
		require.NoError(t, s.Portal.Apps.AnswerLeakReports(t.Context()))
		e = s.reports(t, with.Credential)[0]
		require.Equal(t, []any{"It is ....", []domain.Change{{Field: "url", After: new(leakURL + "?apikey=...")}}}, []any{e.Reason, e.Changes}, "without the key")
		s.report(t, k.Secret.RawKey, leakURL+"?again")
		require.Len(t, s.reports(t, c), 1, "of a revoked key nobody needs to be told")

		pair := s.key(t)
		s.report(t, pair.Secret.Username.String()+":"+pair.Secret.Password.String(), "")
		require.Equal(t, access.CredentialRevoked, s.status(t, pair.Credential))
		require.Empty(t, s.reports(t, pair.Credential)[0].Changes, "no place was said")

		imported := importKey(t, s.Fixture, s.Tenant, s.MustApp(t, s.Developer, "Moved").App.ReferenceID, "a-token-of-the-old-portal")
		_, err := s.Portal.Identity.UpdateOrganization(s.Admin, identity.UpdateOrganizationInput{ImportedKeys: input.Patch[bool]{Set: true, Value: new(true)}})
		require.NoError(t, err)
		s.report(t, "a-token-of-the-old-portaI", "")
		require.Equal(t, access.CredentialActive, s.status(t, imported))
		s.report(t, "a-token-of-the-old-portal", "")
		require.Equal(t, access.CredentialRevoked, s.status(t, imported), "one that was made elsewhere, too")
	})
}

// Where the organization only wants to be told, a place is recorded once a day, and no more
// than ten of them.
func TestReportLeakedKey_Notify(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newLeakScene(t, url, domain.NotifyLeaked)
		k := s.key(t)
		for range 2 {
			s.report(t, k.Secret.RawKey, leakURL)
		}
		require.Len(t, s.reports(t, k.Credential), 1)
		s.report(t, k.Secret.RawKey, leakURL+"2")
		require.Len(t, s.reports(t, k.Credential), 2, "another place")
		for n := range 12 {
			require.NoError(t, ignore(s.Portal.Apps.ReportFoundKeys(stranger(t), []apps.FoundKey{{Token: k.Secret.RawKey, URL: fmt.Sprint(leakURL, "?n=", n), Source: "content"}})))
		}
		require.NoError(t, s.Portal.Apps.AnswerLeakReports(t.Context()))
		all := s.reports(t, k.Credential)
		require.Len(t, all, 10)
		require.Equal(t, domain.SecretScanning, all[9].ActorName)
		require.Equal(t, []domain.Change{{Field: "url", After: new(leakURL + "?n=7")}, {Field: "source", After: new("content")}}, all[9].Changes)
		s.Clock.Advance(24 * time.Hour)
		s.report(t, k.Secret.RawKey, leakURL)
		require.Len(t, s.reports(t, k.Credential), 11, "the next day")
		require.Equal(t, access.CredentialActive, s.status(t, k.Credential))
		s.wants(t, domain.RevokeLeaked)
		s.report(t, k.Secret.RawKey, leakURL)
		require.Equal(t, access.CredentialRevoked, s.status(t, k.Credential), "also if the place is known")
		require.Len(t, s.reports(t, k.Credential), 11)
	})
}

func ignore(_ []bool, err error) error { return err }

// Whether there is a key makes no difference to the answer, and none to the statements
// before it.
func TestReportLeakedKey_TellsNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var statements []string
		f := portaltest.NewWith(t, url, database.Options{OnStatement: func(_ context.Context, text string) { statements = append(statements, text) }})
		x := f.MustTenant(t, "one")
		k := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AccountID: new(x.Account.GlobalID())})
		revoked := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AccountID: new(x.Account.GlobalID())})
		require.NoError(t, f.Portal.Apps.RevokeHeldKey(stranger(t), apps.RevokeHeldKeyInput{Key: apikey.Held{Secret: *revoked.Secret}}))
		ask := func(key string) []string {
			statements = nil
			require.NoError(t, f.Portal.Apps.ReportLeakedKey(stranger(t), apps.ReportLeakedKeyInput{Key: key, URL: new(leakURL)}))
			return statements
		}
		want := ask(k.Secret.RawKey)
		for name, key := range map[string]string{
			"unknown": rawkey.Join("ptk", uuid.New(), uuid.New()), "another secret": rawkey.Join("ptk", k.Secret.Username, uuid.New()),
			"another pair": k.Secret.Username.String() + ":" + uuid.NewString(), "a user name": k.Secret.Username.String(), "revoked": revoked.Secret.RawKey,
		} {
			require.Equal(t, want, ask(key), name)
		}
		require.Equal(t, 6, f.Rows(t, "leak_reports"))
		before := f.Client.Event.Query().CountX(portaltest.System(t))
		require.NoError(t, f.Portal.Apps.AnswerLeakReports(t.Context()))
		require.Zero(t, f.Rows(t, "leak_reports"))
		require.Equal(t, before+2, f.Client.Event.Query().CountX(portaltest.System(t)), "only the right one leads to something")
		for _, text := range want {
			require.NotContains(t, text, "events")
		}
	})
}

func TestReportLeakedKey_Errors(t *testing.T) {
	s := newLeakScene(t, testdb.SQLite(t), domain.RevokeLeaked)
	k := s.key(t)
	report := func(in apps.ReportLeakedKeyInput) error { return s.Portal.Apps.ReportLeakedKey(stranger(t), in) }
	for _, junk := range []string{"", "x", k.Secret.RawKey[1:], k.Secret.RawKey + "x", "Bearer " + k.Secret.RawKey, strings.Repeat("a", 1<<16), "\x00"} {
		err := report(apps.ReportLeakedKeyInput{Key: junk})
		portaltest.RequireProblems(t, err, "INVALID key")
		require.NotContains(t, fmt.Sprint(err), k.Secret.RawKey[8:20])
	}
	portaltest.RequireProblems(t, report(apps.ReportLeakedKeyInput{Key: k.Secret.RawKey, URL: new("ftp://x"), Note: new(strings.Repeat("a", 1001))}), "INVALID url", "TOO_LONG note")
	require.Zero(t, s.Rows(t, "leak_reports"))

	for range auth.LeakClientReports {
		require.NoError(t, report(apps.ReportLeakedKeyInput{Key: k.Secret.RawKey}))
	}
	err := report(apps.ReportLeakedKeyInput{Key: k.Secret.RawKey})
	portaltest.RequireCode(t, err, fault.CodeRateLimited)
	require.Equal(t, fault.ReasonLeakReports, fault.From(err).Reason)
	require.Positive(t, fault.From(err).RetryAfter)
	for n := range auth.LeakReports - auth.LeakClientReports {
		ctx := portaltest.As(t, viewer.Viewer{Address: fmt.Sprintf("10.%d.%d.1", n%250, n/250)})
		require.NoError(t, s.Portal.Apps.ReportLeakedKey(ctx, apps.ReportLeakedKeyInput{Key: uuid.NewString()}))
	}
	portaltest.RequireCode(t, s.Portal.Apps.ReportLeakedKey(portaltest.As(t, viewer.Viewer{Address: "203.0.113.1"}), apps.ReportLeakedKeyInput{Key: k.Secret.RawKey}), fault.CodeRateLimited)
}

// A scanner learns which of its tokens are keys, and what it says of them is bounded.
func TestReportFoundKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newLeakScene(t, url, domain.RevokeLeaked)
		one, other, revoked := s.key(t), s.key(t), s.key(t)
		require.NoError(t, s.Portal.Apps.RevokeHeldKey(stranger(t), apps.RevokeHeldKeyInput{Key: apikey.Held{Secret: *revoked.Secret}}))
		found := []apps.FoundKey{
			{Token: one.Secret.RawKey, URL: "javascript:alert(1)", Source: "a\nb"}, {Token: "junk"}, {Token: one.Secret.Username.String()},
			{Token: rawkey.Join("ptk", other.Secret.Username, uuid.New())}, {Token: revoked.Secret.RawKey}, {Token: one.Secret.RawKey, URL: leakURL},
		}
		for n := range 200 { // more than one statement stores
			found = append(found, apps.FoundKey{Token: one.Secret.RawKey, URL: fmt.Sprint(leakURL, "#L", n)})
		}
		found = append(found, found[4:]...) // the same again is one report
		right, err := s.Portal.Apps.ReportFoundKeys(stranger(t), found)
		require.NoError(t, err)
		require.Equal(t, []bool{true, false, false, false, true, true}, right[:6])
		require.NotContains(t, right[4:], false)
		require.Equal(t, 203, s.Rows(t, "leak_reports"))
		require.NoError(t, s.Portal.Apps.AnswerLeakReports(t.Context()))
		require.Zero(t, s.Rows(t, "leak_reports"))
		require.Equal(t, access.CredentialRevoked, s.status(t, one.Credential))
		require.Equal(t, access.CredentialActive, s.status(t, other.Credential))
		require.Len(t, s.reports(t, one.Credential), 1)
		require.Empty(t, s.reports(t, one.Credential)[0].Changes)
		require.Empty(t, s.reports(t, revoked.Credential))
	})
}

// A report of a key that is gone meanwhile leads to nothing.
func TestAnswerLeakReports_OfAKeyThatIsGone(t *testing.T) {
	s := newLeakScene(t, testdb.SQLite(t), domain.RevokeLeaked)
	k := s.key(t)
	require.NoError(t, s.Portal.Apps.ReportLeakedKey(stranger(t), apps.ReportLeakedKeyInput{Key: k.Secret.RawKey}))
	_, err := s.Database.ExecContext(t.Context(), `DELETE FROM credentials WHERE id = $1`, k.Credential.ID)
	require.NoError(t, err)
	require.NoError(t, s.Portal.Apps.AnswerLeakReports(t.Context()))
	require.Zero(t, s.Rows(t, "leak_reports"))
}

// However many servers work on however many reports of a key, while it is revoked by other
// ways, there is one event of each kind.
func TestRace_AnswerLeakReports(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		key := h.MustApp(t, x.Developer, "App")
		for range 8 {
			require.NoError(t, h.Portal.Apps.ReportLeakedKey(stranger(t), apps.ReportLeakedKeyInput{Key: key.Secret.RawKey, URL: new(leakURL)}))
		}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Credential, error) {
			if n%8 == 0 {
				return p.Apps.RevokeKey(x.Developer, key.Credential.GlobalID(), nil, nil)
			}
			return nil, p.Apps.AnswerLeakReports(t.Context())
		})
		require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
		require.Len(t, h.Events(t, key.Credential.ID, eventlog.CredentialRevoked), 1)
		require.LessOrEqual(t, len(h.Events(t, key.Credential.ID, eventlog.CredentialLeakReported)), 1)
		require.Zero(t, h.Rows(t, "leak_reports"))
	})
}
