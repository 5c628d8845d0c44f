package apps_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/portal"
	"portico/internal/testdb"
)

// Each report is counted once, by who made it and what came of it.
func TestLeaksAreCounted(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newLeakScene(t, url, domain.RevokeLeaked)
		counts := map[[2]string]int{}
		s.Portal = s.With(func(o *portal.Options) {
			o.LeakCounted = func(by apps.LeakSource, came apps.LeakOutcome) { counts[[2]string{string(by), string(came)}]++ }
		})
		found, held, scanned, old := s.key(t), s.key(t), s.key(t), s.key(t)
		_, err := s.Portal.Apps.RevokeKey(s.Admin, old.Credential.GlobalID(), nil, nil)
		require.NoError(t, err)

		none, err := apikey.Mint("ptk")
		require.NoError(t, err)
		for range 2 {
			s.report(t, found.Secret.RawKey, leakURL)
			require.NoError(t, s.Portal.Apps.RevokeHeldKey(stranger(t), apps.RevokeHeldKeyInput{Key: apikey.Held{Secret: *held.Secret}}))
		}
		s.report(t, none.RawKey, leakURL)
		_, err = s.Portal.Apps.ReportFoundKeys(t.Context(), []apps.FoundKey{{Token: scanned.Secret.RawKey}, {Token: "nothing"}, {Token: old.Secret.RawKey}})
		require.NoError(t, err)
		require.NoError(t, s.Portal.Apps.AnswerLeakReports(t.Context()))
		s.wants(t, domain.NotifyLeaked)
		s.report(t, s.key(t).Secret.RawKey, leakURL)

		require.Equal(t, map[[2]string]int{
			{"FINDER", "REVOKED"}: 1, {"FINDER", "REVOKED_BEFORE"}: 1, {"FINDER", "UNKNOWN"}: 1, {"FINDER", "TOLD"}: 1,
			{"HOLDER", "REVOKED"}: 1, {"HOLDER", "REVOKED_BEFORE"}: 1,
			{"SECRET_SCANNING", "REVOKED"}: 1, {"SECRET_SCANNING", "UNKNOWN"}: 1, {"SECRET_SCANNING", "REVOKED_BEFORE"}: 1,
		}, counts)
	})
}
