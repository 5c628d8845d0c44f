package deploy

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb/freeport"
)

// guide returns the commands in docs/operating.md for one way to run Portico.
func guide(t *testing.T, way string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n## Commands in place\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	_, part, found := strings.Cut(section, "\n**"+way)
	require.True(t, found, way)
	part, _, _ = strings.Cut(part, "\n**")
	return part
}

// inside runs the commands of a way that begin with a prefix as the container
// would, with its settings alone, and signs in as the administrator that they create.
func inside(t *testing.T, i *installation, way string, prefixes ...string) {
	t.Helper()
	token := ""
	for line := range strings.Lines(guide(t, way)) {
		for _, prefix := range prefixes {
			command, ok := strings.CutPrefix(strings.TrimSpace(line), prefix)
			if !ok {
				continue
			}
			args := words(t, command)
			c := i.command(t, args...)
			c.Stdin = strings.NewReader(servertest.UserPassword + "\n")
			out, err := c.Output()
			require.NoError(t, err, "%s\n%s", line, out)
			if args[0] == "gateway" {
				token = string(out)
			}
		}
	}
	i.client().SignInWith(t, "admin@acme.example", servertest.UserPassword)
	require.Regexp(t, `^pst_\w+\n$`, token)
}

// The commands are run as they are written, in a shell, by a user who is not root; only
// the user and the folders are those of this machine.
func TestCommandsBesideTheUnit(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run a command as another user")
	}
	installed(t, "runuser")
	settings, err := dotenv.Parse(strings.NewReader(read(t, "systemd/portico.env.example")))
	require.NoError(t, err)
	i := install(t, settings)
	i.settings["DATABASE_URL"] += "&application_name=portico" // which a shell would split without the quotes
	require.Contains(t, read(t, "systemd/portico.env.example"), "\nDATABASE_URL='")
	i.run(t, "", "keys", "create")
	i.serve(t)

	var env strings.Builder
	for _, name := range slices.Sorted(maps.Keys(i.settings)) {
		fmt.Fprintf(&env, "%s='%s'\n", name, i.settings[name])
	}
	file := filepath.Join(i.folder, "portico.env")
	require.NoError(t, os.WriteFile(file, []byte(env.String()), 0o600))
	nobody, err := user.Lookup("nobody")
	require.NoError(t, err)
	uid, err := strconv.Atoi(nobody.Uid)
	require.NoError(t, err)
	reachable(t, i.folder)
	for _, path := range []string{file, i.settings["PORTICO_KEYRING"]} {
		require.NoError(t, os.Chown(path, uid, -1))
	}
	_, script, _ := strings.Cut(guide(t, "systemd"), "```sh\n")
	script, _, _ = strings.Cut(script, "```")
	script = strings.NewReplacer("runuser -u portico", "runuser -u nobody", "/etc/portico/portico.env", file,
		"/var/lib/portico", i.folder, "/usr/local/bin/portico", servertest.Binary(t)).Replace(script)
	c := exec.Command("sh", "-ec", script)
	c.Env = []string{"PATH=" + os.Getenv("PATH")}
	c.Stdin = strings.NewReader(servertest.UserPassword + "\n")
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "pst_")
	i.client().SignInWith(t, "admin@acme.example", servertest.UserPassword)
}

func TestCommandsInCompose(t *testing.T) {
	p, err := project(t, "POSTGRES_PASSWORD=secret")
	require.NoError(t, err)
	settings := maps.Clone(lastStage(t).environment)
	for name, value := range p.Services["portico"].Environment {
		settings[name] = *value
	}
	i := install(t, settings)
	i.run(t, "", "keys", "create")
	i.serve(t, p.Services["portico"].Command...)
	inside(t, i, "Compose", "docker compose exec portico portico ", "docker compose exec -T portico portico ")
	// The other names in it exist.
	require.Contains(t, guide(t, "Compose"), " "+p.Volumes["keyring"].Name+":/ring")
	require.Contains(t, guide(t, "Compose"), " --user "+lastStage(t).user+" ")
}

func TestCommandsInAPod(t *testing.T) {
	settings := map[string]string{"DATABASE_URL": "postgres://portico:secret@postgres/portico?sslmode=disable"}
	i := install(t, settings)
	maps.Copy(i.settings, map[string]string{"PORTICO_ADDR": freeport.Address(t), "PORTICO_GATEWAY_ADDR": "off", "PORTICO_OPS_ADDR": "off",
		"PORTICO_KEYRING": filepath.Join(i.folder, "keyring.json")})
	i.run(t, "", "keys", "create")
	i.serve(t)
	inside(t, i, "Kubernetes", "kubectl -n portico exec deploy/portico -- portico ", "kubectl -n portico exec -it deploy/portico -- portico ")
}
