package command

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

// A plan's limits of endpoints are in the file by method and path; what the file says of
// endpoints and of limits is applied together.
func TestApplyLimitsOfEndpoints(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		flags := gatewayFlags(t, url)
		do := func(stdin string, args ...string) (string, error) {
			var out, words strings.Builder
			err := run(context.Background(), append(args, flags...), noVariables, strings.NewReader(stdin), &out, &words)
			return out.String(), err
		}
		apply := func(file string) string {
			t.Helper()
			out, err := do(file, "apply", "-")
			if err != nil {
				t.Fatal(Explain(err))
			}
			return out
		}
		file := `
version: 1
organization: demo
products:
  - name: tides
    status: PUBLISHED
    plans:
      - name: pro
        kind: METERED
        price: {currency: EUR, unit: 1, amount: "0.50"}
        quota: {limit: 5, per: MONTH}
        overage: CONTINUE
        spendingCap: "10"
        endpointLimits:
          - {method: GET, path: "/tides/{place}", rateLimit: {limit: 2, per: SECOND}}
          - {method: GET, path: /places, quota: {limit: 7, per: DAY}}
    endpoints:
      - {method: GET, path: "/tides/{place}"}
      - {method: GET, path: /places}
`
		out := apply(file)
		require.Contains(t, out, "+ plan tides/pro\n")
		require.Contains(t, out, "    spendingCap: 10.00\n")
		require.Empty(t, apply(file))
		exported, err := do("", "export", "--organization=demo")
		require.NoError(t, err)
		require.Contains(t, exported, "        overage: CONTINUE\n        spendingCap: \"10.00\"\n        endpointLimits:\n          - method: GET\n            path: /places\n            quota:\n              limit: 7\n")
		require.Empty(t, apply(exported), "in another order")

		second := strings.NewReplacer("{place}", "{harbour}", "      - {method: GET, path: /places}\n", "", "          - {method: GET, path: /places, quota: {limit: 7, per: DAY}}\n", "", "    endpoints", "      - {name: free}\n    endpoints").Replace(file)
		out = apply(second)
		require.Contains(t, out, "- endpoint tides GET /places\n")
		require.Contains(t, out, "~ plan tides/pro\n    endpointLimits: ")
		require.Empty(t, apply(second))

		for want, bad := range map[string]string{
			"products.tides.plans.pro.endpointLimits.GET /places: ":                strings.Replace(file, "      - {method: GET, path: /places}\n", "", 1),
			"products.tides.plans.pro.endpointLimits.GET /tides/{x}: ":             strings.Replace(file, `path: /places, quota`, `path: "/tides/{x}", quota`, 1),
			"products.tides.plans.pro.endpointLimits.GET /places.quota.per: ":      strings.Replace(file, "per: DAY", "per: HOUR", 1),
			"products.tides.plans.pro.endpointLimits.FETCH /places.method: ":       strings.Replace(file, "GET, path: /places, quota", "FETCH, path: /places, quota", 1),
			"products.tides.plans.pro.endpointLimits.1.quota.limit: ":              strings.Replace(file, "limit: 7", "limit: 0", 1),
			"products.tides.plans.pro.overage: ":                                   strings.Replace(file, "CONTINUE", "ALLOW", 1),
			"products.tides.plans.pro.spendingCap: Not even one call costs as lit": strings.Replace(file, `spendingCap: "10"`, `spendingCap: "0.10"`, 1),
		} {
			_, err := do(bad, "apply", "-")
			require.Error(t, err, want)
			require.Contains(t, Explain(err), want)
		}
	})
}
