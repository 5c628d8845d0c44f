package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

// Timeouts and the polling interval for conditions that tests wait for.
const (
	waitLong = 20 * time.Second
	waitStep = 5 * time.Millisecond
)

// running is the program, serving inside the test's process.
type running struct {
	url string
	// stop stops the program as SIGTERM does. done receives its error.
	stop context.CancelFunc
	done chan error
	log  *logText
}

// start runs `portico serve` with these flags and returns when it serves.
func start(t *testing.T, flags ...string) *running {
	t.Helper()
	s := launch(t, flags...)
	select {
	case address := <-s.log.serving:
		s.url = "http://" + address
	case err := <-s.done:
		s.done <- err // for the end of the test
		require.FailNow(t, "the program ended", "%v\n%s", err, s.log)
	}
	return s
}

// launch runs `portico serve` and does not wait.
func launch(t *testing.T, flags ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &running{stop: cancel, done: make(chan error, 1), log: newLogText()}
	args := append([]string{"serve", "--addr=127.0.0.1:0", "--gateway-addr=127.0.0.1:0", "--ops-addr=127.0.0.1:0", "--drain-delay=0s", "--log=json", "--log-level=debug"}, flags...)
	go func() { s.done <- run(ctx, args, noVariables, strings.NewReader(""), io.Discard, s.log) }()
	t.Cleanup(func() { s.end(t) })
	return s
}

// end stops the program and requires that it ends without an error.
func (s *running) end(t *testing.T) {
	t.Helper()
	s.stop()
	err := <-s.done
	s.done <- err // for a later call
	if !errors.Is(err, context.Canceled) {
		require.NoError(t, err, s.log.String())
	}
}

// demo returns the flags of a development server with the test's own secrets.
func demo(t *testing.T, url string) []string {
	t.Helper()
	return []string{"--dev", "--database-url=" + url, "--keyring=" + newDevelopmentRing(t)}
}

func newRing(t *testing.T, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keyring.json")
	_, err := portico("", append(flags, "keys", "create", "--keyring", path)...)
	require.NoError(t, err)
	return path
}

// newDevelopmentRing creates a ring that only development accepts.
func newDevelopmentRing(t *testing.T) string {
	t.Helper()
	return newRing(t, "--dev")
}

// portico runs a command and returns what it wrote to standard output.
func portico(stdin string, args ...string) (string, error) {
	var out bytes.Buffer
	err := run(context.Background(), args, noVariables, strings.NewReader(stdin), &out, io.Discard)
	return out.String(), err
}

// porticoWith is like portico, with an environment.
func porticoWith(environment map[string]string, args ...string) (stdout string, err error) {
	var out bytes.Buffer
	getenv := func(name string) string { return environment[name] }
	err = run(context.Background(), args, getenv, strings.NewReader(""), &out, io.Discard)
	return out.String(), err
}

// run runs a command with everything that the program finds.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	return Run(ctx, args, Environment{Getenv: getenv, Stdin: stdin, Stdout: stdout, Stderr: stderr, Version: "development"})
}

func noVariables(string) string { return "" }

// ask sends a document and returns its data.
func (s *running) ask(t *testing.T, token, document string, args ...any) map[string]any {
	t.Helper()
	status, body := s.post(t, token, fmt.Sprintf(document, args...))
	require.Equal(t, http.StatusOK, status, body)
	var answer struct {
		Data   map[string]any
		Errors []any
	}
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	require.Empty(t, answer.Errors, body)
	return answer.Data
}

func (s *running) post(t *testing.T, token, document string) (status int, body string) {
	t.Helper()
	text, err := json.Marshal(map[string]string{"query": document})
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/graphql", bytes.NewReader(text))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return send(t, r)
}

func (s *running) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	require.NoError(t, err)
	return send(t, r)
}

func send(t *testing.T, r *http.Request) (status int, body string) {
	t.Helper()
	w, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w.StatusCode, string(text)
}

func (s *running) signIn(t *testing.T, email, password string) (token string) {
	t.Helper()
	data := s.ask(t, "", `mutation { signIn(input: {email: %q, password: %q}) { accessToken } }`, email, password)
	return at(data, "signIn", "accessToken").(string)
}

// at returns the value at a path inside a response.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			v = v.(map[string]any)[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v
}

// The main path: an app, its first credential, a subscription, its approval.
func TestDevelopment(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		s := start(t, demo(t, url)...)
		dev := s.signIn(t, "developer@demo.example", "portico-demo")
		created := s.ask(t, dev, `mutation { createApp(input: {name: "First"}) { app { id } secret { rawKey } } }`)
		app := at(created, "createApp", "app", "id")
		key := at(created, "createApp", "secret", "rawKey").(string)
		require.NotEmpty(t, key)
		product := at(s.ask(t, dev, `{ products(first: 1) { nodes { id plans { nodes { id } } } } }`), "products", "nodes", 0)
		registered := s.ask(t, dev, `mutation { register(input: {appId: %q, productId: %q, planId: %q}) { productSubscription { id status } } }`,
			app, at(product, "id"), at(product, "plans", "nodes", 0, "id"))
		require.Equal(t, "WAITING", at(registered, "register", "productSubscription", "status"))

		admin := s.signIn(t, "admin@demo.example", "portico-demo")
		s.ask(t, admin, `mutation { approveSubscription(input: {subscriptionId: %q}) { productSubscription { status } } }`,
			at(registered, "register", "productSubscription", "id"))
		page := s.ask(t, dev, `{ app(id: %q) { productSubscriptions { nodes { status badgeColor } } } }`, app)
		require.Equal(t, map[string]any{"status": "APPROVED", "badgeColor": "GREEN"}, at(page, "app", "productSubscriptions", "nodes", 0))

		s.end(t)
		for _, secret := range []string{dev, admin, key, "portico-demo"} {
			require.NotContains(t, s.log.String(), secret)
		}
	})
}

// What the README says about a production server, without test secrets.
func TestProduction(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		flags := []string{"--database-url=" + url, "--keyring=" + newRing(t)}
		command := func(stdin string, args ...string) string {
			t.Helper()
			out, err := portico(stdin, append(args, flags...)...)
			require.NoError(t, err)
			return out
		}
		require.Empty(t, command("", "org", "create", "--slug=acme", "--name=Acme"))
		command("correct horse battery\n", "user", "create", "--organization=acme", "--email=admin@acme.example", "--name=Administrator")
		require.Regexp(t, `^pst_\w+\n$`, command("", "gateway", "create", "--organization=acme", "--name=edge-1"))
		require.Empty(t, command("", "purge"))

		s := start(t, flags...)
		token := s.signIn(t, "admin@acme.example", "correct horse battery")
		require.Equal(t, "ADMIN", at(s.ask(t, token, `{ viewer { role } }`), "viewer", "role"))
		status, _ := s.get(t, "/playground")
		require.Equal(t, http.StatusNotFound, status)
	})
}

func TestServerStartsAgain(t *testing.T) {
	url := testdb.EmptySQLite(t)
	flags := demo(t, url)
	start(t, flags...).end(t)
	s := start(t, flags...)
	s.signIn(t, "admin@second.example", "portico-demo")
}

// Two servers start on an empty database at once: both succeed, and the data is
// created once.
func TestTwoServersStartTogether(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		flags := demo(t, url)
		both := []*running{launch(t, flags...), launch(t, flags...)}
		for _, s := range both {
			select {
			case address := <-s.log.serving:
				s.url = "http://" + address
			case err := <-s.done:
				s.done <- err // for end
				require.FailNow(t, "the program ended", "%v\n%s", err, s.log)
			}
			// An address that existed twice could not sign in without its organization.
			s.signIn(t, "admin@demo.example", "portico-demo")
		}
	})
}

// A request that is under way when the program is stopped is completed.
func TestDrain(t *testing.T) {
	s := start(t, demo(t, testdb.EmptySQLite(t))...)
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	defer c.Close()
	const body = `{"query": "{ serverInfo { version } }"}`
	_, err = fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: portico\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
	require.NoError(t, err)
	from := bufio.NewReader(c)
	begun, err := from.ReadString('\n') // the server sends it when it begins to read the body
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", begun)
	_, err = from.ReadString('\n')
	require.NoError(t, err)
	s.stop()
	require.Eventually(t, func() bool { return !reachable(s.url) }, waitLong, waitStep, "the server still takes requests")
	_, err = io.WriteString(c, body)
	require.NoError(t, err)
	w, err := http.ReadResponse(from, nil)
	require.NoError(t, err)
	defer w.Body.Close()
	require.Equal(t, http.StatusOK, w.StatusCode)
	s.end(t)
}

func reachable(url string) bool {
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// logText is a log that reports when and where the program serves.
type logText struct {
	mu      sync.Mutex
	text    bytes.Buffer
	lines   *io.PipeWriter
	serving chan string
}

func newLogText() *logText {
	reader, writer := io.Pipe()
	l := &logText{lines: writer, serving: make(chan string, 1)}
	go func() {
		for scanner := bufio.NewScanner(reader); scanner.Scan(); {
			var line struct{ Msg, Address string }
			if json.Unmarshal(scanner.Bytes(), &line) == nil && line.Msg == "serving" {
				l.serving <- line.Address
			}
		}
		_, _ = io.Copy(io.Discard, reader) // after a line that is too long
	}()
	return l
}

// Write appends to the log.
func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	return l.lines.Write(p)
}

// String returns the log so far.
func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
