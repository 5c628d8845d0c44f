// Package deploy tests the files of the folder deploy: each is checked by the library of
// its format, and its commands and settings are run as they are written, with the built
// program, a real Postgres and a real Redis. Only hosts, ports, folders and the database's
// user are replaced by those of this machine.
package deploy

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver named "postgres"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/redislimits/redistest"
	"portico/internal/testdb"
	"portico/internal/testdb/freeport"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// installation is a place where an example's commands are run.
type installation struct {
	// settings are the example's environment, fitted to this machine.
	settings map[string]string
	// folder stands for the folders that the example names.
	folder string
	// user runs the commands; nil: the user who runs the tests.
	user *syscall.Credential
}

// install adapts an example's settings to this machine and creates its database on a real
// Postgres, with the name, the user and the password of the example.
func install(t *testing.T, example map[string]string) *installation {
	t.Helper()
	i := &installation{settings: maps.Clone(example), folder: t.TempDir()}
	for name, value := range i.settings {
		switch {
		case strings.HasSuffix(name, "_ADDR"):
			i.settings[name] = freeport.Address(t)
		case name == "DATABASE_URL":
			i.settings[name] = newDatabase(t, value)
		case name == "REDIS_URL":
			i.settings[name], _ = redistest.Start(t)
		case name == "PORTICO_KEYRING":
			i.settings[name] = filepath.Join(i.folder, filepath.Base(value))
		case name == "PORTICO_DRAIN_DELAY":
			i.settings[name] = "0s"
		}
	}
	return i
}

// newDatabase creates the user of a URL, who is no superuser, and the URL's database on
// the tests' Postgres, and returns the database's URL there.
func newDatabase(t *testing.T, example string) string {
	t.Helper()
	server, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("the examples use Postgres, which is not installed")
	}
	want, err := url.Parse(example)
	require.NoError(t, err)
	have, err := url.Parse(server)
	require.NoError(t, err)
	db, err := sql.Open("postgres", server)
	require.NoError(t, err)
	password, _ := want.User.Password()
	user, name := want.User.Username()+"_of_example", strings.TrimPrefix(want.Path, "/")
	require.NotEmpty(t, password)
	do := func(ctx context.Context, statement string) {
		_, err := db.ExecContext(ctx, statement)
		require.NoError(t, err, statement)
	}
	do(t.Context(), fmt.Sprintf(`CREATE ROLE %q LOGIN PASSWORD '%s'`, user, strings.ReplaceAll(password, "'", "''")))
	do(t.Context(), fmt.Sprintf(`CREATE DATABASE %q OWNER %q ENCODING 'UTF8' TEMPLATE template0`, name, user))
	t.Cleanup(func() {
		do(context.Background(), fmt.Sprintf(`DROP DATABASE %q WITH (FORCE)`, name))
		do(context.Background(), fmt.Sprintf(`DROP ROLE %q`, user))
		require.NoError(t, db.Close())
	})
	want.User, want.Host = url.UserPassword(user, password), have.Host
	return want.String()
}

// command prepares the program with only the example's settings in its environment.
func (i *installation) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(servertest.Binary(t), args...)
	c.Dir = i.folder
	c.Env = []string{}
	for _, name := range slices.Sorted(maps.Keys(i.settings)) {
		c.Env = append(c.Env, name+"="+i.settings[name])
	}
	if i.user != nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: i.user}
	}
	return c
}

// run runs a command to its end and returns what it wrote.
func (i *installation) run(t *testing.T, input string, args ...string) string {
	t.Helper()
	c := i.command(t, args...)
	c.Stdin = strings.NewReader(input)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "portico %s\n%s", strings.Join(args, " "), out)
	return string(out)
}

// serve runs the example's server until the test ends, and waits until it is
// ready. It must exit with code 0 when it is stopped.
func (i *installation) serve(t *testing.T, args ...string) {
	t.Helper()
	var log bytes.Buffer
	c := i.command(t, args...)
	c.Stdout, c.Stderr = &log, &log
	require.NoError(t, c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			require.NoError(t, err, log.String())
		case <-time.After(30 * time.Second):
			_ = c.Process.Kill()
			t.Errorf("the program does not end:\n%s", log.String())
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		answer, err := http.Get("http://" + i.settings["PORTICO_ADDR"] + "/readyz")
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the program has ended: %v\n%s", err, log.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("the program does not become ready:\n%s", log.String())
		}
	}
}

// client returns a client of the example's server.
func (i *installation) client() *servertest.Server {
	return &servertest.Server{URL: "http://" + i.settings["PORTICO_ADDR"], Gate: "http://" + i.settings["PORTICO_GATEWAY_ADDR"]}
}

// read returns a file of the folder deploy.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", name))
	require.NoError(t, err)
	return string(text)
}

// recipe returns the lines of a file's opening comment that begin with a prefix,
// as arguments, without the prefix.
func recipe(t *testing.T, text, prefix string) [][]string {
	t.Helper()
	var out [][]string
	for line := range strings.Lines(text) {
		line, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimLeft(line, "# ")), prefix)
		if ok {
			out = append(out, words(t, line))
		}
	}
	require.NotEmpty(t, out, "no line begins with %q", prefix)
	return out
}

// words divides a command line as a shell does.
func words(t *testing.T, line string) []string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `for word in `+line+`; do printf '%s\n' "$word"; done`).Output()
	require.NoError(t, err, line)
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// reachable lets other users access the program and a folder of the test.
func reachable(t *testing.T, folder string) {
	t.Helper()
	for _, path := range []string{filepath.Dir(servertest.Binary(t)), folder} {
		for ; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
			require.NoError(t, os.Chmod(path, 0o755))
		}
	}
}
