package portal_test

import (
	"testing"

	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// An API key is never taken for a token of Portico's.
func TestKeyPrefixesOfTokensAreRefused(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	for _, prefix := range []string{"pgw", "pst", "prt"} {
		_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{KeyPrefix: set(prefix)})
		requireProblems(t, err, "INVALID keyPrefix")
	}
}
