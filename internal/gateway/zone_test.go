package gateway_test

import (
	"strings"
	"testing"

	"portico/clients/go/gate/verdict"
	"portico/internal/identity"
	"portico/internal/testdb"
)

// An organization whose time zone is not known is not counted in another one.
func TestAnUnknownTimeZoneIsNotUTC(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		token := w.token(t, identity.NewGateway{})
		_, err := w.Database.ExecContext(t.Context(), `UPDATE organizations SET time_zone = 'Mars/Olympus' WHERE id = $1`, w.Organization.ID)
		ok(t, 0, err)
		g := w.verifier(t)
		c, err := g.Caller(t.Context(), token)
		if err == nil {
			requireVerdict(t, g, c, w.request(), verdict.Unavailable)
		} else if !strings.Contains(err.Error(), "Mars/Olympus") {
			t.Errorf("got %v", err)
		}
		_, err = w.Database.ExecContext(t.Context(), `UPDATE organizations SET time_zone = 'Asia/Kathmandu' WHERE id = $1`, w.Organization.ID)
		ok(t, 0, err)
		c, err = g.Caller(t.Context(), token)
		ok(t, 0, err)
		requireVerdict(t, g, c, w.request(), verdict.Valid)
	})
}
