package deploy

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb/freeport"
)

// project loads compose.yaml with the library of Docker Compose itself, which checks the
// schema and refuses undeclared names.
func project(t *testing.T, env ...string) (*types.Project, error) {
	t.Helper()
	folder := filepath.Join("..", "..", "deploy", "compose")
	options, err := cli.NewProjectOptions([]string{filepath.Join(folder, "compose.yaml")}, cli.WithWorkingDirectory(folder), cli.WithEnv(env))
	require.NoError(t, err)
	return options.LoadProject(t.Context())
}

func TestComposeAsksForAPassword(t *testing.T) {
	_, err := project(t)
	require.ErrorContains(t, err, "see env.example")
	require.Contains(t, read(t, "compose/env.example"), "POSTGRES_PASSWORD=\n", "the example has no password of its own")
}

func TestComposePublishesPortsOnLoopbackOnly(t *testing.T) {
	p, err := project(t, "POSTGRES_PASSWORD=secret")
	require.NoError(t, err)
	for name, s := range p.Services {
		for _, port := range s.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, "%s is open to others", name)
		}
		require.NotEqual(t, "latest", s.Image[strings.LastIndexByte(s.Image, ':')+1:], name)
	}
	s := p.Services["portico"]
	require.True(t, s.ReadOnly)
	require.Equal(t, []string{"ALL"}, s.CapDrop)
	require.FileExists(t, filepath.Join(s.Build.Context, s.Build.Dockerfile))
}

// The commands at the head of the file, as they are written: keys, server, organization,
// administrator.
func TestComposesRecipe(t *testing.T) {
	p, err := project(t, "POSTGRES_PASSWORD=secret")
	require.NoError(t, err)
	s := p.Services["portico"]
	settings := map[string]string{}
	for name, value := range lastStage(t).environment {
		settings[name] = value
	}
	for name, value := range s.Environment {
		require.NotNil(t, value, name)
		settings[name] = *value
	}
	i := install(t, settings)
	served := false
	for _, args := range recipe(t, read(t, "compose/compose.yaml"), "docker compose ") {
		switch {
		case args[0] == "up":
			i.serve(t, s.Command...)
			served = true
		case args[0] == "run":
			require.Equal(t, []string{"--rm", "portico"}, args[1:3])
			i.run(t, servertest.UserPassword+"\n", args[3:]...)
		default:
			require.Equal(t, "build", args[0])
		}
	}
	require.True(t, served)
	i.client().SignInWith(t, "admin@acme.example", servertest.UserPassword)
	require.Contains(t, i.run(t, "", "health"), `"ok"`)
}

// Redis starts with the arguments of the file, and its health check finds it.
func TestComposesRedis(t *testing.T) {
	p, err := project(t, "POSTGRES_PASSWORD=secret")
	require.NoError(t, err)
	address := freeport.Address(t)
	port := address[strings.LastIndexByte(address, ':')+1:]
	command := p.Services["redis"].Command
	c := exec.Command(installed(t, command[0]), append(command[1:], "--port", port, "--bind", "127.0.0.1")...)
	c.Dir = t.TempDir()
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	check := p.Services["redis"].HealthCheck.Test
	require.Equal(t, "CMD", check[0])
	require.Eventually(t, func() bool {
		out, _ := exec.Command(installed(t, check[1]), append([]string{"-p", port}, check[2:]...)...).Output()
		return strings.TrimSpace(string(out)) == "PONG"
	}, 20*time.Second, 20*time.Millisecond)
}
