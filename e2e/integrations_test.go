package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// The shell blocks of docs/integrations.md run as they are written, one after another;
// only the address is another. What follows a block as JSON is what it prints, with any
// text for each "…".
func TestTheIntegrationsPage(t *testing.T) {
	each(t, func(t *testing.T, s *servertest.Server) {
		page, err := os.ReadFile("../docs/integrations.md")
		require.NoError(t, err)
		script, want := "set -eu\n", []string{}
		for _, block := range regexp.MustCompile("(?s)```(sh|json)\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
			if block[1] == "json" {
				want = append(want, block[2])
				continue
			}
			script += block[2]
		}
		require.Contains(t, script, "PORTICO=http://127.0.0.1:8080\n")
		script = strings.Replace(script, "http://127.0.0.1:8080", s.URL, 1)
		c := exec.CommandContext(t.Context(), "sh", "-c", script)
		c.Stderr = os.Stderr
		out, err := c.Output()
		require.NoError(t, err, string(out))
		var pattern strings.Builder
		for _, w := range want {
			pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSuffix(w, "\n")), "…", "(?s:.*?)") + "(?s:.*?)")
		}
		require.NotEmpty(t, want)
		require.Regexp(t, "^"+pattern.String(), string(out))
		require.NotContains(t, string(out), "pst_", "the token is in no answer but the first")
	})
}
