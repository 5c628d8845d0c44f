// Package frontends runs the front ends of docs/frontends.md in a browser, as the
// page shows them.
package frontends_test

import (
	"bufio"
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/clock"
	"portico/internal/command"
)

// shifted is the machine's clock, and how far it was moved ahead.
type shifted struct{ ahead atomic.Int64 }

// Now returns the time.
func (s *shifted) Now() time.Time {
	return clock.Whole(time.Now().Add(time.Duration(s.ahead.Load())))
}

func (s *shifted) advance(d time.Duration) { s.ahead.Add(int64(d)) }

// scene is a development server in the test's process, whose clock can be moved.
type scene struct {
	url   string
	clock *shifted
}

// client returns an anonymous client of the server.
func (s *scene) client() *servertest.Client { return &servertest.Client{URL: s.url} }

// signIn signs in from another device.
func (s *scene) signIn(t *testing.T, email string) *servertest.Client {
	t.Helper()
	c := s.client()
	c.Token = c.Must(t, `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { accessToken userErrors { message } } }`,
		servertest.Vars{"e": email, "p": servertest.Password}).Text("signIn", "accessToken")
	return c
}

// start runs the server, and stops it at the end of the test.
func start(t *testing.T, database string, origins ...string) *scene {
	t.Helper()
	s := &scene{clock: &shifted{}}
	folder := t.TempDir()
	settings := map[string]string{
		"PORTICO_DEV": "true", "DATABASE_URL": database, "PORTICO_ADDR": "127.0.0.1:0", "PORTICO_GATEWAY_ADDR": "off", "PORTICO_OPS_ADDR": "off",
		"PORTICO_LOG_LEVEL": "error", "PORTICO_DRAIN_DELAY": "0s", "PORTICO_ALLOWED_ORIGINS": strings.Join(origins, ","),
		"XDG_CONFIG_HOME": folder, "HOME": folder,
	}
	output, stdout := io.Pipe()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		err := command.Run(ctx, []string{"serve"}, command.Environment{Getenv: func(name string) string { return settings[name] },
			Stdin: strings.NewReader(""), Stdout: stdout, Stderr: os.Stderr, Version: "test", Clock: s.clock})
		_ = stdout.CloseWithError(io.EOF)
		done <- err
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if address, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "GraphQL"); ok {
			s.url = strings.TrimSuffix(strings.TrimSpace(address), "/graphql")
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, output) }()
	require.NotEmpty(t, s.url, "the server told no address")
	return s
}

// at returns the server's address under another name of this machine.
func (s *scene) at(host string) string { return withHost(s.url, host) }

func withHost(address, host string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return "http://" + host + ":" + u.Port()
}

// build returns the script of a front end in apps, with all that it imports.
func build(t *testing.T, app string) []byte {
	t.Helper()
	if _, err := os.Stat("node_modules/.bin/esbuild"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the front ends' packages are not installed: run npm ci in e2e/frontends")
		}
		t.Skip("the front ends' packages are not installed: run npm ci in e2e/frontends")
	}
	packages, err := filepath.Abs("node_modules")
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), "node_modules/.bin/esbuild", "apps/"+app, "--bundle", "--format=esm", "--jsx=automatic",
		"--log-level=warning", `--define:process.env.NODE_ENV="development"`)
	// The files of docs import packages that are installed here.
	c.Env = append(os.Environ(), "NODE_PATH="+packages)
	c.Stderr = os.Stderr
	script, err := c.Output()
	require.NoError(t, err)
	return script
}

// serve serves a front end whose script finds the server at an address.
func serve(t *testing.T, script []byte, api func() string) string {
	t.Helper()
	server := httptest.NewServer(frontEnd(script, api))
	t.Cleanup(server.Close)
	return server.URL
}

// serveBehind serves a front end and, on the same origin, the API, as proxies do.
func serveBehind(t *testing.T, script []byte, s *scene) string {
	t.Helper()
	mux := frontEnd(script, func() string { return "" })
	api := proxy(t, s, nil)
	mux.Handle("/graphql", api)
	mux.Handle("/session/graphql", api)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// proxy passes requests on to the server; answered, if there is one, sees the responses.
func proxy(t *testing.T, s *scene, answered func(*http.Response) error) http.Handler {
	t.Helper()
	target, err := url.Parse(s.url)
	require.NoError(t, err)
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		ModifyResponse: answered,
	}
}

func frontEnd(script []byte, api func() string) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><body data-server="%s"><div id="root"></div><script type="module" src="/app.js"></script>`, html.EscapeString(api()))
	})
	mux.HandleFunc("GET /app.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(script)
	})
	return mux
}
