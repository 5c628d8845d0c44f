package frontends_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// When a session is renewed, and how often requests are sent again: the rules of
// session.js, with a clock that is moved.
func TestSessionRules(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no Node on this machine, and CI needs one")
		}
		t.Skip("no Node on this machine")
	}
	out, err := exec.CommandContext(t.Context(), "node", "--test", "session.test.mjs").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Regexp(t, `(?m)^# pass [1-9]`, string(out), "a file without tests passes too")
	require.Regexp(t, `(?m)^# (skipped|todo) 0$`, string(out))
}
