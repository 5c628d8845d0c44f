package httpapi_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// A key whose status this program does not know is revoked to it: no route lets it pass,
// whatever is shown for it, and to those who follow the feed it is revoked.
func TestAnUnknownStoredStatusIsRefused(t *testing.T) {
	refusedStatus(t, "UNHEARD_OF", "REVOKED", true)
}

// A key that nobody has collected has no secret, and no gateway knows it: neither here, nor
// by the feed.
func TestAnUncollectedKeyIsUnknown(t *testing.T) { refusedStatus(t, "UNCOLLECTED", "NOT_FOUND", false) }

// refusedStatus stores a status of a key, which every route refuses with a code, and which
// the feed tells as REVOKED or not at all.
func refusedStatus(t *testing.T, status, code string, told bool) {
	testdb.Each(t, func(t *testing.T, url string) {
		h := newRealServer(t, url)
		f, admin := h.fixture, h.tenant.Admin
		product, plan := f.MustProduct(t, admin, "orders")
		created := f.MustApp(t, h.tenant.Developer, "Shop")
		subscription := f.MustRegister(t, h.tenant.Developer, created.App, product, plan)
		if _, err := f.Portal.Apps.Approve(admin, subscription.GlobalID(), nil); err != nil {
			t.Fatal(err)
		}
		stored(t, f, created.Credential.ID, status)
		h.sync(t)
		user := created.Secret.Username.String()
		nobodys := "00000000-0000-0000-0000-000000000000"
		for question, want := range map[string]string{
			`{"key":"` + created.Secret.RawKey + `","product":"orders"}`:                                           code,
			`{"key":"` + created.Secret.RawKey + `"}`:                                                              code,
			`{"username":"` + user + `","password":"` + created.Secret.Password.String() + `","product":"orders"}`: code,
			`{"username":"` + user + `","password":"` + nobodys + `","product":"orders"}`:                          "NOT_FOUND",
		} {
			if got := h.code(t, question); got != want {
				t.Errorf("%s: %s", question, got)
			}
		}
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+created.Secret.Password.String()))
		c := h.dial(t)
		for _, authorization := range []string{"Bearer " + created.Secret.RawKey, basic} {
			a := h.ask(t, "GET", "/v1/authorize", "", "Authorization", authorization, "X-Portico-Product", "orders")
			if a.status != 401 || a.header.Get("X-Portico-Code") != code {
				t.Errorf("authorize answered %d %v", a.status, a.header)
			}
			e, err := check(t, c, call(map[string]string{"authorization": authorization}, map[string]string{"product": "orders"}), h.token)
			if err != nil || e.GetOkResponse() != nil || e.GetDeniedResponse() == nil {
				t.Errorf("Envoy was answered %v %v", e, err)
			}
		}
		feed := h.ask(t, "GET", "/v1/feed", "")
		if feed.status != 200 || strings.Contains(feed.body, `"status":"REVOKED"`) != told || strings.Contains(feed.body, status) || strings.Contains(feed.body, user) != told {
			t.Errorf("the feed says %d %s", feed.status, feed.body)
		}
	})
}

// stored writes a status past the program, and past the database's check; a key that was not
// collected has no secret.
func stored(t *testing.T, f *portaltest.Fixture, key uuid.UUID, status string) {
	t.Helper()
	statement := `UPDATE credentials SET status = '` + status + `' WHERE id = '` + key.String() + `'`
	switch {
	case status == "UNCOLLECTED":
		statement = strings.Replace(statement, " WHERE", ", secret_hash = NULL, pepper_id = '' WHERE", 1)
	case f.Database.Dialect() == dialect.Postgres:
		statement = `ALTER TABLE credentials DROP CONSTRAINT credentials_status; ` + statement
	default:
		statement = `PRAGMA ignore_check_constraints = 1; ` + statement + `; PRAGMA ignore_check_constraints = 0`
	}
	if _, err := f.Database.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
