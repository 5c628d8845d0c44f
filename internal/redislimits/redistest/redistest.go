// Package redistest runs a real Redis for a test, on a free port of this
// machine, with nothing stored on disk. Without redis-server on the PATH the
// test is skipped; with CI=true in the environment it fails.
package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"portico/internal/testdb/freeport"
)

const (
	// startTime is how long the server may take to answer for the first time.
	startTime = 30 * time.Second
	// attempts: a free port may be taken by somebody else before Redis has it.
	attempts = 5
)

// Start runs a Redis until stop is called or the test ends.
func Start(t testing.TB) (url string, stop func()) {
	t.Helper()
	s := New(t)
	return s.URL(), s.Stop
}

// Server is a Redis that can be ended and started again on the same port. Its
// methods fail the test when they cannot do what they should.
type Server struct {
	t       testing.TB
	program string
	folder  string
	port    int

	mu      sync.Mutex
	process *os.Process
	ended   chan struct{}
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("redis-server is not installed, and in CI the tests need it")
		}
		t.Skip("redis-server is not installed")
	}
	s := &Server{t: t, program: program, folder: t.TempDir()}
	t.Cleanup(s.Stop)
	for range attempts {
		if s.port, err = freeport.New(); err != nil {
			t.Fatal(err)
		}
		if err = s.launch(); err == nil {
			return s
		}
	}
	t.Fatalf("starting Redis: %v", err)
	return nil
}

// URL is where the server listens, also while it is stopped.
func (s *Server) URL() string { return "redis://" + s.address() + "/0" }

func (s *Server) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Stop kills the server; it loses all it knew. Stopped already, it does nothing.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	_ = s.process.Kill() // it may have ended by itself
	<-s.ended
	s.process = nil
}

// Restart starts the server again, empty, on its port.
func (s *Server) Restart() {
	s.t.Helper()
	s.Stop()
	if err := s.launch(); err != nil {
		s.t.Fatalf("starting Redis again: %v", err)
	}
}

// Freeze halts the server: connections stay open and nothing is answered.
func (s *Server) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (s *Server) Thaw() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(signal os.Signal) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		s.t.Fatal("Redis is not running")
	}
	if err := s.process.Signal(signal); err != nil {
		s.t.Fatalf("signalling Redis: %v", err)
	}
}

// launch starts the program and waits until it answers.
func (s *Server) launch() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cmd := exec.Command(s.program, "--bind", "127.0.0.1", "--port", strconv.Itoa(s.port),
		"--save", "", "--appendonly", "no", "--dir", s.folder, "--daemonize", "no", "--loglevel", "warning")
	cmd.SysProcAttr = endWithParent()
	ended, started := make(chan struct{}), make(chan error)
	go func() {
		// The kernel ends the server when the thread that started it ends.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is killed
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process, s.ended = cmd.Process, ended
	if err := s.await(cmd.Process.Pid, ended); err != nil {
		_ = cmd.Process.Kill() // it may have ended by itself
		<-ended
		s.process = nil
		return err
	}
	return nil
}

// await polls until this very process answers.
func (s *Server) await(pid int, ended <-chan struct{}) error {
	client := redis.NewClient(&redis.Options{Addr: s.address(), MaxRetries: -1, PoolSize: 1})
	defer func() { _ = client.Close() }() // nothing is left to write
	deadline := time.Now().Add(startTime)
	for {
		info, err := client.InfoMap(context.Background(), "server").Result()
		if err == nil && info["Server"]["process_id"] == strconv.Itoa(pid) {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("redis-server ended at once on port %d", s.port)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("redis-server does not answer: %w", err)
		}
	}
}
