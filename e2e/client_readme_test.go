package e2e

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
	"portico/internal/testdb/freeport"
)

// The go.mod and the program of the Go client's README, in an empty folder beside a
// clone, make a server that accepts calls with a valid key. Only addresses differ.
func TestTheGoClientsREADME(t *testing.T) {
	t.Parallel()
	direct := testdb.EmptySQLite(t)
	s := servertest.Start(t, direct)
	c := newOrganization(t, s, "readme")
	product := c.limitedProduct(t, "currency-rates", nil)
	app, _ := c.newApp(t, "Shop")
	_, raw := c.newKey(t, app)
	c.register(t, app, product)

	address := freeport.Address(t)
	server := exec.CommandContext(t.Context(), buildReadme(t, s.Gate, address))
	server.Env = append(os.Environ(), "PORTICO_GATEWAY_TOKEN="+s.GatewayToken(t, "readme", "edge-1"))
	server.Stderr = os.Stderr
	require.NoError(t, server.Start())
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })

	call := func(key string) (status int, body string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/", nil)
		require.NoError(t, err)
		r.Header.Set("X-API-Key", key)
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, ""
		}
		defer w.Body.Close()
		text, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		return w.StatusCode, string(text)
	}
	require.Eventually(t, func() bool { status, _ := call(raw); return status == http.StatusOK }, waitForOthers, pollOthers)
	_, greeting := call(raw)
	require.Equal(t, "Good day, "+app+".\n", greeting)
	status, refusal := call("junk")
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, refusal, "MALFORMED")
}

// buildReadme builds the README's program for the addresses of a gate and of its own,
// and returns the executable.
func buildReadme(t *testing.T, gate, address string) string {
	t.Helper()
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(root, "clients/go/gate/README.md"))
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```(go)?\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 2, "a go.mod and a program")
	program := blocks[1][2]
	for shown, used := range map[string]string{"http://127.0.0.1:8081": gate, "127.0.0.1:9000": address} {
		require.Equal(t, 1, strings.Count(program, shown))
		program = strings.Replace(program, shown, used, 1)
	}
	folder := t.TempDir()
	require.NoError(t, os.Symlink(root, filepath.Join(folder, "portico")))
	folder = filepath.Join(folder, "server")
	require.NoError(t, os.Mkdir(folder, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "go.mod"), []byte(blocks[0][2]), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte(program), 0o600))
	build := exec.CommandContext(t.Context(), "go", "build", "-o", "server", ".")
	build.Dir = folder
	// What the module needs was fetched when this module was.
	build.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return filepath.Join(folder, "server")
}
