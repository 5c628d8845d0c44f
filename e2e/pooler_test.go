package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
	"portico/internal/testdb/freeport"
)

// pooled runs PgBouncer in transaction mode before an empty database, and
// returns the database's URL through it; settings are added to its own.
func pooled(t *testing.T, address string, settings ...string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if _, err := os.Stat("/usr/sbin/pgbouncer"); err == nil {
			program = "/usr/sbin/pgbouncer"
		} else if os.Getenv("CI") == "true" {
			t.Fatal("pgbouncer is not installed, and in CI the tests need it")
		} else {
			t.Skip("pgbouncer is not installed")
		}
	}
	u, err := url.Parse(address)
	require.NoError(t, err)
	port, err := freeport.New()
	require.NoError(t, err)
	folder, err := os.MkdirTemp("", "portico-pgbouncer-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	config := filepath.Join(folder, "pgbouncer.ini")
	text := fmt.Sprintf("[databases]\n* = host=%s port=%s user=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\n"+
		"auth_type = any\npool_mode = transaction\ndefault_pool_size = 4\nmax_client_conn = 100\n%s\n",
		u.Hostname(), u.Port(), u.User.Username(), port, strings.Join(settings, "\n"))
	require.NoError(t, os.WriteFile(config, []byte(text), 0o644))
	require.NoError(t, os.Chmod(folder, 0o755))
	cmd := exec.Command(program, config)
	if os.Geteuid() == 0 { // it refuses to run as root
		nobody, err := user.Lookup("nobody")
		require.NoError(t, err)
		uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
		require.NoError(t, err)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", u.Host)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, 20*time.Second, 10*time.Millisecond, "pgbouncer does not listen: %s", &said)
	return u.String()
}

// With the setting for poolers, everything works behind a pooler in transaction mode.
func TestBehindAPooler(t *testing.T) {
	t.Parallel()
	address, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has no pooler")
	}
	through := pooled(t, address)
	s := servertest.Start(t, through, "PORTICO_DB_POOLER=transaction", "PORTICO_LISTEN_URL="+address)
	developer, admin := s.SignIn(t, "developer@demo.example"), s.SignIn(t, "admin@demo.example")
	product := developer.Must(t, `{ products(first: 1) { nodes { id } } }`, nil).Text("products", "nodes", 0, "id")
	// Many concurrently, so that statements run in different sessions.
	done := make(chan error, 24)
	for i := range cap(done) {
		go func() {
			a, err := developer.Try(`mutation($n: String!) { createApp(input: {name: $n}) { app { id } userErrors { message } } }`, vars{"n": fmt.Sprint("App ", i)})
			if err == nil && a.Text("createApp", "app", "id") == "" {
				err = fmt.Errorf("%s", a.Raw)
			}
			done <- err
		}()
	}
	for range cap(done) {
		require.NoError(t, <-done)
	}
	app := developer.Must(t, `mutation { createApp(input: {name: "Behind"}) { app { id } secret { rawKey } userErrors { message } } }`, nil)
	id, key := app.Text("createApp", "app", "id"), app.Text("createApp", "secret", "rawKey")
	registered := developer.Must(t, `mutation($a: ID!, $p: ID!) { register(input: {appId: $a, productId: $p}) { productSubscription { id } userErrors { message } } }`, vars{"a": id, "p": product})
	admin.Must(t, `mutation($s: ID!) { approveSubscription(input: {subscriptionId: $s}) { productSubscription { status } userErrors { message } } }`,
		vars{"s": registered.Text("register", "productSubscription", "id")})
	developer.Must(t, `query($a: ID!) { app(id: $a) { name credentials { nodes { status } } productSubscriptions { nodes { status } } timeline { nodes { type } } } }`, vars{"a": id})
	require.NotEmpty(t, key)
	require.NotContains(t, s.Log(), "level=ERROR", s.Log())
	require.NoError(t, s.Stop())
}

// With the setting, a parameter of DATABASE_URL that the pooler refuses or drops is
// named as the cause.
func TestPoolerWithASearchPath(t *testing.T) {
	t.Parallel()
	address, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has no pooler")
	}
	for name, c := range map[string]struct{ parameter, settings string }{
		"refused":         {"search_path=elsewhere", ""},
		"refused options": {"options=-c%20search_path%3Delsewhere", ""},
		"dropped":         {"search_path=elsewhere", "ignore_startup_parameters = search_path"},
		"dropped options": {"options=-c%20search_path%3Delsewhere", "ignore_startup_parameters = options"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := servertest.Command(t, pooled(t, address, c.settings)+"&"+c.parameter, []string{"PORTICO_DB_WAIT=1h", "PORTICO_DB_POOLER=transaction"}, "serve").CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(out), "a parameter of DATABASE_URL")
			require.NotContains(t, string(out), "Set PORTICO_DB_POOLER")
			require.NotContains(t, string(out), "asking again")
		})
	}
}

// Without the setting the start fails at once and names the pooler, whether the pooler
// refuses the settings of a session or ignores them.
func TestPoolerWithoutTheSetting(t *testing.T) {
	t.Parallel()
	address, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has no pooler")
	}
	for name, settings := range map[string][]string{
		"refuses":  nil,
		"swallows": {"ignore_startup_parameters = default_transaction_isolation,tcp_user_timeout,tcp_keepalives_idle,tcp_keepalives_interval,tcp_keepalives_count,idle_in_transaction_session_timeout,statement_timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := servertest.Command(t, pooled(t, address, settings...), []string{"PORTICO_DB_WAIT=1h"}, "serve").CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(out), "PORTICO_DB_POOLER=transaction")
			require.NotContains(t, string(out), "asking again")
		})
	}
}
