package limits_test

import (
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

// What is counted apart has counters apart: of one app or account, one product, one
// period of quotas, and one endpoint.
func TestCountersAreSeparate(t *testing.T) {
	a, b, product := uuid.New(), uuid.New(), uuid.New()
	seen := map[uuid.UUID]string{}
	for name, id := range map[string]uuid.UUID{
		"an app": limits.ByApp(a, product), "another app": limits.ByApp(b, product), "another product": limits.ByApp(a, b),
		"an account's days":   limits.ByAccount(a, product, access.PerDay),
		"an account's weeks":  limits.ByAccount(a, product, access.PerWeek),
		"an account's months": limits.ByAccount(a, product, access.PerMonth),
		"an endpoint":         limits.ByEndpoint(limits.ByApp(a, product), b),
		"another endpoint":    limits.ByEndpoint(limits.ByApp(a, product), a),
		"another app's":       limits.ByEndpoint(limits.ByApp(b, product), b),
		"an app's spending":   limits.BySpending(limits.ByApp(a, product)),
		"another account":     limits.ByAccount(b, product, access.PerDay),
	} {
		if other := seen[id]; other != "" {
			t.Errorf("%s and %s have one counter", name, other)
		}
		seen[id] = name
		if id.Version() != 8 || id.Variant() != uuid.RFC4122 {
			t.Errorf("%s: %s is of version %d, %s", name, id, id.Version(), id.Variant())
		}
	}
	want(t, "derived in two steps", limits.InPeriod(limits.OfAccount(a, product), access.PerMonth), limits.ByAccount(a, product, access.PerMonth))
}
