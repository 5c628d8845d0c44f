package command

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

// What is exported changes nothing when it is applied; what is changed in the file is changed
// as a whole, and once.
func TestExportAndApply(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		flags := gatewayFlags(t, url)
		do := func(stdin string, args ...string) (string, string, error) {
			var out, words strings.Builder
			err := run(context.Background(), append(args, flags...), noVariables, strings.NewReader(stdin), &out, &words)
			return out.String(), words.String(), err
		}
		apply := func(file string, args ...string) (string, string) {
			t.Helper()
			out, words, err := do(file, append([]string{"apply", "-"}, args...)...)
			if err != nil {
				t.Fatal(Explain(err))
			}
			return out, words
		}
		export := func() string {
			t.Helper()
			out, _, err := do("", "export", "--organization=demo")
			require.NoError(t, err)
			return out
		}
		before := export()
		require.Contains(t, before, "organization: demo\n")
		out, words := apply(before)
		require.Empty(t, out)
		require.Contains(t, words, "Nothing to do.")

		file := `
version: 1
organization: demo
policies:
  requestsExpireAfterDays: 30
products:
  - name: tides
    title: Tides
    status: PUBLISHED
    approval: AUTO
    tags: [Sea, open-data]
    plans:
      - {name: free, quota: {limit: 1000, per: DAY}}
      - name: pro
        kind: TIERED
        price: {currency: EUR, unit: 1000, tiers: [{upTo: 100000, amount: "0.50"}, {amount: "0.20"}]}
    endpoints:
      - {method: GET, path: "/tides/{place}"}
      - {method: GET, path: /places}
`
		made, words := apply(file, "--dry-run")
		require.Contains(t, words, "nothing was changed")
		require.Equal(t, before, export())
		out, words = apply(file)
		require.Equal(t, made, out, "the dry run has said what would be done")
		require.Contains(t, out, "+ product tides\n")
		require.Contains(t, out, "+ plan tides/pro\n")
		require.Contains(t, export(), "    tags:\n      - open-data\n      - sea\n")
		require.Contains(t, out, "+ endpoint tides GET /places\n")
		require.Contains(t, out, "~ policies\n    requestsExpireAfterDays: ")
		require.Contains(t, words, "Not in the file, and kept: product weather-archive.")
		after := export()
		out, words = apply(file)
		require.Empty(t, out)
		require.Contains(t, words, "Nothing to do.")
		require.Equal(t, after, export())

		// Another version of the file: one endpoint goes, one is called otherwise, a limit is taken away.
		second := strings.NewReplacer(`, quota: {limit: 1000, per: DAY}`, "", "{place}", "{harbour}", "      - {method: GET, path: /places}\n", "").Replace(file)
		out, _ = apply(second)
		require.Contains(t, out, "- endpoint tides GET /places\n")
		require.Contains(t, out, "~ endpoint tides GET /tides/{place}\n")
		require.Contains(t, out, "~ plan tides/free\n    quota: ")

		// What is refused takes everything else back, and names its place.
		state := export()
		for want, bad := range map[string]string{
			"products.tides.plans.pro.kind: ":               strings.Replace(second, "kind: TIERED", "kind: METERED", 1),
			"products.tides.endpoints.GET nowhere.path: ":   second + "      - {method: GET, path: nowhere}\n",
			"products.tides.status: ":                       strings.Replace(second, "status: PUBLISHED", "status: DRAFT", 1),
			"products.new.status: ":                         second + "  - {name: new, status: PUBLISHED}\n",
			"products.tides.plans.free.quota.limit: ":       strings.Replace(second, "{name: free}", "{name: free, quota: {limit: 0, per: DAY}}", 1),
			"policies.currency: ":                           strings.Replace(second, "policies:", "policies:\n  currency: NONE", 1),
			"organization: There is no organization":        strings.Replace(second, "organization: demo", "organization: nobody", 1),
			"products.tides.plans.pro.price.tiers.0.upTo: ": strings.Replace(second, "upTo: 100000", "upTo: 0", 1),
		} {
			for _, args := range [][]string{{"apply", "-"}, {"apply", "--dry-run", "-"}} {
				_, _, err := do(strings.Replace(bad, "title: Tides", "title: Changed", 1), args...)
				require.Error(t, err, want)
				require.Contains(t, Explain(err), want)
			}
			require.Equal(t, state, export(), want)
		}

		// Who sees it is a part; a product without endpoints says so, so that none stay elsewhere.
		out, _ = apply(strings.NewReplacer("    approval: AUTO\n", "    approval: AUTO\n    visibility: PRIVATE\n", "policies:\n", "policies:\n  catalogueAccess: SIGNED_IN\n").Replace(second) +
			"  - {name: empty, status: DRAFT}\n")
		require.Contains(t, out, "    visibility: PUBLIC → PRIVATE\n")
		require.Contains(t, out, "    catalogueAccess: PUBLIC → SIGNED_IN\n")
		require.Contains(t, export(), "    visibility: PRIVATE\n")
		require.Contains(t, export(), "  catalogueAccess: SIGNED_IN\n")
		_, empty, _ := strings.Cut(export(), "- name: empty\n")
		empty, _, _ = strings.Cut(empty, "- name: ")
		require.Contains(t, empty, "endpoints: []\n")
		apply(strings.Replace(second, "policies:\n", "policies:\n  catalogueAccess: PUBLIC\n", 1))

		name := filepath.Join(t.TempDir(), "catalogue.yaml")
		require.NoError(t, os.WriteFile(name, []byte(second), 0o600))
		_, words, err := do("", "apply", name)
		require.NoError(t, err)
		require.Contains(t, words, "Nothing to do.")
		_, _, err = do("", "apply", filepath.Join(t.TempDir(), "none"))
		require.ErrorContains(t, err, "no such file")
		_, _, err = do("", "export", "--organization=nobody")
		require.ErrorContains(t, err, "There is no organization")

		// An end that has come stays, whatever the file says of it, and the rest is applied.
		for _, status := range []string{"DEPRECATED", "RETIRED"} {
			out, _ = apply(strings.Replace(second, "status: PUBLISHED", "status: "+status, 1))
			require.Contains(t, out, " → "+status+"\n")
			state := export()
			out, words = apply(second)
			require.Empty(t, out)
			require.Contains(t, words, "Kept, although the file says otherwise: product tides is "+status+".")
			require.Equal(t, state, export())
		}
		out, _ = apply(second + "  - {name: new, status: DRAFT}\n")
		require.Contains(t, out, "+ product new\n")
	})
}
