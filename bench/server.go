package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"portico/bench/machine"
	"portico/internal/testdb/freeport"
)

const (
	// serverCore is the core of the servers alone, otherCore that of Postgres and the
	// clients.
	serverCore = "0"
	otherCore  = "1"
	// porticoName and baselineName are the names of their connections in Postgres.
	porticoName, baselineName = "bench portico", "bench baseline"
	// startTime bounds the time until a server answers.
	startTime = 30 * time.Second
)

// server is a process under measurement.
type server struct {
	// name is that of its connections in Postgres.
	name    string
	address string
	// ops is the address of its profiles, or "off".
	ops string
	cmd *exec.Cmd
}

// start runs a server on a free port and waits until it answers. Its log is written to
// /dev/null. If profiled is true, it has a listener for profiles.
func (w *world) start(ctx context.Context, name string, profiled bool, command ...string) (*server, error) {
	env, err := named(w.env, w.url, name)
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	ops := "off"
	if profiled {
		if ops, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", serverCore}, command...)...)
	cmd.Env = append(env, "PORTICO_ADDR="+address, "PORTICO_GATEWAY_ADDR=off", "PORTICO_OPS_ADDR="+ops)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close() // the process has its own handle
	cmd.Stdout, cmd.Stderr = null, null
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{name: name, address: address, ops: ops, cmd: cmd}
	for until := time.Now().Add(startTime); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			return s, c.Close()
		}
	}
	return nil, errors.Join(fmt.Errorf("%v does not answer", command), s.stop())
}

// freeAddress returns an address of this machine at which nothing listens.
func freeAddress() (string, error) {
	port, err := freeport.New()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	_ = s.cmd.Wait() // its exit code does not matter
	return nil
}

// ask sends one request, outside of any measurement.
func (s *server) ask(ctx context.Context, token string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || !bytes.HasPrefix(text, []byte(`{"data":{`))) {
		err = fmt.Errorf("status %d: %.300s", answer.StatusCode, text)
	}
	return text, err
}

// cpu returns the CPU time that the process has used.
func (s *server) cpu() (time.Duration, error) { return machine.CPU(strconv.Itoa(s.cmd.Process.Pid)) }
