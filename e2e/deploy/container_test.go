package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/require"
)

const dockerfile = "container/Dockerfile"

// stages parses the Dockerfile with Docker's own parser, whose warnings fail the test.
func stages(t *testing.T) []instructions.Stage {
	t.Helper()
	parsed, err := parser.Parse(strings.NewReader(read(t, dockerfile)))
	require.NoError(t, err)
	require.Empty(t, parsed.Warnings)
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, message string, _ []parser.Range) {
		t.Errorf("%s: %s", rule, message)
	}})
	all, _, err := instructions.Parse(parsed.AST, lint)
	require.NoError(t, err)
	return all
}

// image is the configuration of the container in the last stage.
type image struct {
	user, health             string
	entrypoint, command      []string
	environment              map[string]string
	copiesProgram, copiesAll bool
}

func lastStage(t *testing.T) image {
	t.Helper()
	all := stages(t)
	out := image{environment: map[string]string{}}
	for _, c := range all[len(all)-1].Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			out.user = c.User
		case *instructions.EntrypointCommand:
			require.False(t, c.PrependShell, "there is no shell")
			out.entrypoint = c.CmdLine
		case *instructions.CmdCommand:
			require.False(t, c.PrependShell, "there is no shell")
			out.command = c.CmdLine
		case *instructions.EnvCommand:
			for _, pair := range c.Env {
				out.environment[pair.Key] = pair.Value
			}
		case *instructions.HealthCheckCommand:
			require.Equal(t, "CMD", c.Health.Test[0], "there is no shell")
			out.health = strings.Join(c.Health.Test[1:], " ")
		case *instructions.CopyCommand:
			out.copiesProgram = out.copiesProgram || c.From == "build" && c.DestPath == "/usr/local/bin/portico"
			out.copiesAll = out.copiesAll || c.From == ""
		}
	}
	return out
}

func TestContainerHasOneFileAndIsNotRoot(t *testing.T) {
	i := lastStage(t)
	uid, err := strconv.Atoi(strings.Split(i.user, ":")[0])
	require.NoError(t, err, "Kubernetes' runAsNonRoot needs a number")
	require.NotZero(t, uid)
	require.True(t, i.copiesProgram)
	require.False(t, i.copiesAll, "nothing of the sources belongs into it")
	require.Equal(t, []string{"/usr/local/bin/portico"}, i.entrypoint)
	require.Equal(t, "/usr/local/bin/portico health", i.health)
}

// The command of the build creates one static executable.
func TestTheContainersBuild(t *testing.T) {
	program := filepath.Join(t.TempDir(), "portico")
	var command string
	for _, c := range stages(t)[0].Commands {
		if run, ok := c.(*instructions.RunCommand); ok && strings.Contains(run.CmdLine[0], "go build") {
			command = strings.ReplaceAll(run.CmdLine[0], "/out/portico", program)
		}
	}
	require.NotEmpty(t, command)
	build := exec.Command("sh", "-c", command)
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "VERSION=v9.8.7")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	out, err = exec.Command(program, "version").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "v9.8.7")
	linked, _ := exec.Command("ldd", program).CombinedOutput() // it fails for a static executable
	require.Contains(t, string(linked), "not a dynamic executable")
}

// The settings of the image suffice to serve, except for the database.
func TestTheContainersSettings(t *testing.T) {
	image := lastStage(t)
	settings := map[string]string{"DATABASE_URL": "postgres://portico:secret@postgres/portico?sslmode=disable"}
	for name, value := range image.environment {
		settings[name] = value
	}
	i := install(t, settings)
	i.run(t, "", "keys", "create")
	c := i.command(t, words(t, strings.TrimPrefix(image.health, image.entrypoint[0]))...)
	require.Error(t, c.Run(), "no server runs yet")
	i.serve(t, image.command...)
	require.Contains(t, i.run(t, "", words(t, strings.TrimPrefix(image.health, image.entrypoint[0]))...), `"ok"`)
}
