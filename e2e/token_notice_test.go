package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/mail/mailtest"
	"portico/internal/testdb"
)

// A service token whose last day has come is told of: by a letter to the administrator,
// and by an event that developers do not see.
func TestServiceTokenNotice(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		mail := mailtest.Start(t, mailtest.Options{})
		s := servertest.Start(t, url, mailSettings(mail.Address)...)
		admin := s.SignIn(t, "admin@demo.example")
		admin.Do(t, "createServiceToken", vars{
			"name": "reports", "scopes": []string{"ADMIN_READ"}, "expiresAt": time.Now().Add(24*time.Hour + time.Second).Format(time.RFC3339Nano),
		}, `serviceToken { id }`)
		const events = `{ events(where: {type: [SERVICE_TOKEN_EXPIRING]}) { nodes { subject { name } actor { role } changes { field after } } } }`
		database := testdb.Open(t, url)
		require.Eventually(t, func() bool {
			// So that the job need not wait a minute for its next turn.
			_, err := database.ExecContext(t.Context(), `UPDATE leases SET last_run_at = NULL WHERE id = 'expiry-notices'`)
			require.NoError(t, err)
			return len(texts(admin.Must(t, events, nil), "field", "events", "nodes", 0, "changes")) > 0
		}, 2*time.Minute, time.Second)
		letter := mail.Await(t, 1)[0]
		require.Equal(t, "admin@demo.example", letter.To)
		require.Equal(t, "The service token “reports” expires in 1 day", letter.Subject())
		text, html := letter.Parts(t)
		require.Contains(t, text, "https://portal.example.com/service-tokens")
		require.NotContains(t, text+html, "pst_")
		require.Empty(t, s.SignIn(t, "developer@demo.example").Must(t, events, nil).At("events", "nodes"))
	})
}
