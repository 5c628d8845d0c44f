package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
	"portico/internal/testdb/freeport"
)

// A closed terminal ends the program as SIGTERM does: after the last response.
func TestHangUp(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t), "PORTICO_LOG=json", "PORTICO_LOG_LEVEL=info")
	require.NoError(t, s.Signal(syscall.SIGHUP), s.Log())
	require.Contains(t, s.Log(), `"msg":"stopped"`)
}

// A program that was started by nohup outlives the terminal.
func TestHangUpIsIgnoredUnderNohup(t *testing.T) {
	t.Parallel()
	nohup, err := exec.LookPath("nohup")
	if err != nil {
		t.Skip("nohup is not installed")
	}
	c := servertest.Command(t, testdb.EmptySQLite(t), nil, "serve")
	c.Args = append([]string{nohup, c.Path}, c.Args[1:]...)
	c.Path = nohup
	s := servertest.StartCommand(t, c)
	s.AwaitReady(t)
	require.NoError(t, c.Process.Signal(syscall.SIGHUP))
	r, err := http.Get(s.URL + "/readyz")
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.NoError(t, s.Stop())
}

// A program that is told to stop while it waits for the database logs that and exits
// with code 0.
func TestStopWhileTheDatabaseIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		c := servertest.Command(t, "postgres://nobody@"+freeport.Address(t)+"/x", []string{"PORTICO_DB_WAIT=1h", "PORTICO_LOG=json", "PORTICO_LOG_LEVEL=info"}, "serve")
		var once sync.Once
		log := &listener{word: "asking again"}
		log.heard = func() { once.Do(func() { _ = c.Process.Signal(signal) }) }
		c.Stderr = log
		require.NoError(t, c.Run(), "%s", log)
		require.Contains(t, log.String(), "told to stop before the server was ready")
		require.NotContains(t, log.String(), "panic")
	}
}

// An unreachable Redis is logged at the start, in the log's format and without the
// password.
func TestUnreachableRedisIsLogged(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t), "PORTICO_LOG=json", "REDIS_URL=redis://:geheim@"+freeport.Address(t))
	require.Contains(t, s.Log(), "Redis (REDIS_URL) does not answer")
	for line := range strings.Lines(s.Log()) {
		require.True(t, strings.HasPrefix(line, "{"), line)
	}
	require.NotContains(t, s.Log(), "geheim")
	require.NoError(t, s.Stop())
}

// A mistyped setting is reported, with the name that was probably meant.
func TestMistypedSettingIsReported(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t), "PORTICO_LOG=json", "PORTICO_TRUSTED_PROXY=10.0.0.1")
	require.Contains(t, s.Log(), `"msg":"there is no such setting","variable":"PORTICO_TRUSTED_PROXY","nearest":"PORTICO_TRUSTED_PROXIES"`)
	require.NotContains(t, s.Log(), "10.0.0.1")
	require.Equal(t, 1, strings.Count(s.Log(), "no such setting"), s.Log())
}

// A password that makes the URL invalid is reported, without the password itself.
func TestPasswordThatMakesTheURLInvalid(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://portico:geh/heim@db.internal/portico", "postgres://portico:12/heim@db.internal/portico", "postgres://portico:geh@heim@db.internal/portico",
		"postgres://portico:12?heim@db.internal/portico", "postgres://portico:12#heim@db.internal/portico",
	} {
		for _, command := range []string{"serve", "migrate", "config", "purge"} {
			out, err := servertest.Command(t, url, nil, command).CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(out), "DATABASE_URL")
			require.Contains(t, string(out), "percent-encode")
			for _, part := range []string{"geh", "heim", "12", "db.internal"} {
				require.NotContains(t, string(out), part, url)
			}
		}
	}
}

// The program has the time zones even in a container that contains nothing else.
func TestEmptyContainerHasTimeZones(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root may change the root")
	}
	root := t.TempDir()
	program, err := os.ReadFile(servertest.Binary(t))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, "portico"), program, 0o755))
	require.NoError(t, os.Mkdir(filepath.Join(root, "tmp"), 0o700))
	c := &exec.Cmd{Path: "/portico", Args: []string{"portico", "seed"}, Dir: "/", SysProcAttr: &syscall.SysProcAttr{Chroot: root},
		Env: []string{"PORTICO_DEV=true", "DATABASE_URL=sqlite:/tmp/portico.db", "XDG_CONFIG_HOME=/tmp"}}
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	db := testdb.Open(t, "sqlite:"+filepath.Join(root, "tmp", "portico.db"))
	var zones int
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM organizations WHERE time_zone <> 'UTC'`).Scan(&zones))
	require.NotZero(t, zones, "the demo data has no other zone")
}
