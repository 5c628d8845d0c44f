package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"portico/bench/machine"
	"portico/internal/testdb/freeport"
)

const (
	// serverCore is the core of the servers alone, otherCore that of wrk and Postgres.
	serverCore, otherCore = "0", "1"
	// startTime is how long a server may take to load its keys.
	startTime = 5 * time.Minute
)

// bench is the programs and the measurements.
type bench struct {
	settings
	folder, portico, empty, ring string
	places                       []*place
	contenders                   []*contender
	rival                        *server
	kept                         map[string]bool // the files of raw that this run has written
}

// build builds the programs and creates the key ring.
func (b *bench) build(ctx context.Context) error {
	b.portico, b.empty, b.ring = filepath.Join(b.folder, "portico"), filepath.Join(b.folder, "empty"), filepath.Join(b.folder, "keyring.json")
	for _, command := range [][]string{
		{"go", "build", "-o", b.portico, "portico"},
		{"go", "build", "-o", b.empty, "portico/bench/gate/empty"},
		{b.portico, "keys", "create", "--keyring", b.ring},
	} {
		if out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", command, err, out)
		}
	}
	return nil
}

// env returns the environment of portico on a world.
func (b *bench) env(w *world, more ...string) []string {
	return append(append(os.Environ(), "DATABASE_URL="+w.url, "PORTICO_KEYRING="+b.ring, "PORTICO_DEV=false", "PORTICO_LOG=json",
		"PORTICO_LOG_LEVEL=info", "PORTICO_DRAIN_DELAY=0s", "GOMAXPROCS=1"), more...)
}

// output runs a command of portico and returns its output.
func (b *bench) output(ctx context.Context, w *world, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.portico, args...)
	cmd.Env = b.env(w)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("portico %v: %w\n%s", args, err, complaint.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func (b *bench) tool(ctx context.Context, w *world, args ...string) error {
	_, err := b.output(ctx, w, args...)
	return err
}

// server is a process under measurement.
type server struct {
	address string
	// ops is the address of portico's profiles.
	ops string
	cmd *exec.Cmd
}

// start runs a server on its core and waits until health succeeds.
func start(ctx context.Context, env []string, address, health string, command ...string) (*server, error) {
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", serverCore}, command...)...)
	cmd.Env = env
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{address: address, cmd: cmd}
	for until := time.Now().Add(startTime); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		answer, err := http.Get(health)
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return s, nil
			}
		}
	}
	return nil, errors.Join(fmt.Errorf("%v does not answer", command), s.stop())
}

// freeAddress returns an address of this machine at which nothing listens.
func freeAddress() (string, error) {
	port, err := freeport.New()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
}

// gate starts portico on a world, with all credentials in memory.
func (b *bench) gate(ctx context.Context, w *world) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	ops, err := freeAddress()
	if err != nil {
		return nil, err
	}
	env := b.env(w, "PORTICO_ADDR=127.0.0.1:0", "PORTICO_OPS_ADDR="+ops, "PORTICO_GATEWAY_ADDR="+address, "PORTICO_GATE_PRELOAD=true", "PORTICO_LOG_LEVEL=warn")
	s, err := start(ctx, env, address, "http://"+ops+"/readyz", b.portico, "serve")
	if s != nil {
		s.ops = ops
	}
	return s, err
}

// startRival starts the empty handler.
func (b *bench) startRival(ctx context.Context, verify, authorize int) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	env := append(os.Environ(), "BENCH_ADDR="+address, "BENCH_VERIFY="+strconv.Itoa(verify), "BENCH_AUTHORIZE="+strconv.Itoa(authorize),
		"GOMAXPROCS=1", "GOGC=400")
	return start(ctx, env, address, "http://"+address+"/healthz", b.empty)
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	_ = s.cmd.Wait() // its exit code does not matter
	return nil
}

// cpu returns the CPU time that the process has used.
func (s *server) cpu() (time.Duration, error) { return machine.CPU(strconv.Itoa(s.cmd.Process.Pid)) }

// memory returns the process's memory in MiB, and its highest so far.
func (s *server) memory() (now, most int, err error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, 0, err
	}
	for _, line := range strings.Split(string(text), "\n") {
		var kib int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			now = kib / 1024
		}
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			most = kib / 1024
		}
	}
	return now, most, nil
}
