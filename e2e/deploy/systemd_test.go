package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/coreos/go-systemd/v22/unit"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// installed returns the path of an installed program. Without it the test is skipped;
// with CI=true it fails.
func installed(t *testing.T, name string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed, and in CI the tests need it", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// option returns the only value of a unit's option.
func option(t *testing.T, name string) string {
	t.Helper()
	all, err := unit.DeserializeOptions(strings.NewReader(read(t, "systemd/portico.service")))
	require.NoError(t, err)
	var values []string
	for _, o := range all {
		if o.Name == name {
			values = append(values, o.Value)
		}
	}
	require.Len(t, values, 1, name)
	return values[0]
}

// systemd reports no error in the unit, and few rights that the service could still
// drop.
func TestSystemdVerifiesTheUnit(t *testing.T) {
	analyze, root := installed(t, "systemd-analyze"), t.TempDir()
	put := func(path, text string, mode os.FileMode) {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), mode))
	}
	put("/etc/systemd/system/portico.service", read(t, "systemd/portico.service"), 0o644)
	put("/etc/portico/portico.env", read(t, "systemd/portico.env.example"), 0o640)
	put("/usr/local/bin/portico", "", 0o755)
	for _, target := range []string{"sysinit.target", "basic.target", "shutdown.target", "multi-user.target", "network-online.target"} {
		put("/lib/systemd/system/"+target, "[Unit]\nDescription="+target+"\n", 0o644)
	}
	out, err := exec.Command(analyze, "verify", "--man=no", "--recursive-errors=no", "--root="+root, "portico.service").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Empty(t, string(out))
	// Of 100: the rest is the network, which it needs.
	out, err = exec.Command(analyze, "security", "--offline=true", "--threshold=20", "--no-pager",
		filepath.Join(root, "/etc/systemd/system/portico.service")).CombinedOutput()
	require.NoError(t, err, string(out))
}

// The unit's command with the settings of the example serves.
func TestTheUnitsCommand(t *testing.T) {
	settings, err := dotenv.Parse(strings.NewReader(read(t, "systemd/portico.env.example")))
	require.NoError(t, err)
	i := install(t, settings)
	i.run(t, "", "keys", "create")
	command := words(t, option(t, "ExecStart"))
	require.Equal(t, "/usr/local/bin/portico", command[0])
	i.serve(t, command[1:]...)
	i.run(t, "", "org", "create", "--slug", "acme", "--name", "Acme Inc.")
	i.run(t, servertest.UserPassword+"\n", "user", "create", "--organization", "acme", "--email", "admin@acme.example", "--name", "Administrator")
	i.client().SignInWith(t, "admin@acme.example", servertest.UserPassword)
}
