// Package servertest starts the real program for tests: the built binary, on a free port
// and a database of the test's own.
package servertest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	// Password is the demo users' password. No other user can have it.
	Password = "portico-demo"
	// UserPassword is the password of the users that tests create.
	UserPassword = "copper-lantern-9"
)

// Server is a running program.
type Server struct {
	// URL is the base URL of the API: http://127.0.0.1:12345.
	URL string
	// Gate is the base URL for gateways, Ops that of metrics.
	Gate, Ops string
	process   *exec.Cmd
	output    *buffer
	errors    *buffer
	ended     chan error
}

// Binary builds the program once for the test process and returns its path.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Main runs a package's tests and removes the program that was built for them.
// It is the body of TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if folder != "" {
		_ = os.RemoveAll(folder) // the system empties its temporary folder
	}
	os.Exit(code)
}

// folder contains the program after it was built.
var folder string

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "portico-e2e-")
	if err != nil {
		return "", err
	}
	folder = dir
	// The tests are a module of their own, one folder below the program's.
	tests, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "portico")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Dir = filepath.Dir(filepath.Dir(strings.TrimSpace(string(tests))))
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return path, nil
})

// Command prepares `portico args…` in development mode on a database; environment entries
// in extra come last and override others.
func Command(t testing.TB, databaseURL string, extra []string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(Binary(t), args...)
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(),
		"PORTICO_DEV=true", "PORTICO_ADDR=127.0.0.1:0", "PORTICO_GATEWAY_ADDR=127.0.0.1:0", "PORTICO_OPS_ADDR=127.0.0.1:0",
		"DATABASE_URL="+databaseURL, "XDG_CONFIG_HOME="+c.Dir, "PORTICO_LOG_LEVEL=warn",
		// Tests send more requests in a minute than people do.
		"PORTICO_USER_BUDGET=0", "PORTICO_ORGANIZATION_BUDGET=0")
	c.Env = append(c.Env, extra...)
	return c
}

// Start runs `portico serve` and waits until it is ready; it is stopped at the end of the test.
func Start(t testing.TB, databaseURL string, extra ...string) *Server {
	t.Helper()
	s := StartCommand(t, Command(t, databaseURL, extra, "serve"))
	s.AwaitReady(t)
	return s
}

// StartCommand runs a prepared `portico serve` and waits for its address.
func StartCommand(t testing.TB, c *exec.Cmd) *Server {
	t.Helper()
	s := &Server{process: c, output: &buffer{}, errors: &buffer{}, ended: make(chan error, 1)}
	c.Stderr = s.errors
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Kill() })
	address := make(chan string, 1)
	go s.watch(out, address)
	select {
	case s.URL = <-address:
	case err := <-s.ended:
		s.ended <- err
		t.Fatalf("the program ended: %v\n%s", err, s.errors)
	case <-time.After(30 * time.Second):
		t.Fatalf("the program told no address\n%s", s.errors)
	}
	return s
}

// watch reads the program's output until it ends. A development server prints the address
// of GraphQL.
func (s *Server) watch(out io.Reader, address chan<- string) {
	lines := bufio.NewScanner(io.TeeReader(out, s.output))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) != 2 {
			continue
		}
		switch fields[0] { // GraphQL comes last
		case "Gateways":
			s.Gate = strings.TrimSuffix(fields[1], "/v1/verify")
		case "Metrics":
			s.Ops = strings.TrimSuffix(fields[1], "/metrics")
		case "GraphQL":
			address <- strings.TrimSuffix(fields[1], "/graphql")
		}
	}
	s.ended <- s.process.Wait()
}

// AwaitReady waits until /readyz succeeds.
func (s *Server) AwaitReady(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		r, err := http.Get(s.URL + "/readyz")
		if err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the program does not become ready\n%s", s.errors)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill ends the program at once, as a crash would (SIGKILL), and waits for it.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop tells the program to stop (SIGTERM) and returns its exit error.
func (s *Server) Stop() error { return s.end(syscall.SIGTERM) }

// Signal sends a signal that ends the program and returns its exit error.
func (s *Server) Signal(signal syscall.Signal) error { return s.end(signal) }

func (s *Server) end(signal syscall.Signal) error {
	_ = s.process.Process.Signal(signal)
	err := <-s.ended
	s.ended <- err
	return err
}

// Log returns what the program has written to its standard error so far.
func (s *Server) Log() string { return s.errors.String() }

// Output returns what the program has written to its standard output so far.
func (s *Server) Output() string { return s.output.String() }

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String returns all of it.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
