package servertest

import (
	"os/exec"
	"testing"
	"time"
)

// StartTogether runs several prepared `portico serve` concurrently and waits until all are
// ready.
func StartTogether(t testing.TB, commands ...*exec.Cmd) []*Server {
	t.Helper()
	servers := make([]*Server, len(commands))
	addresses := make([]chan string, len(commands))
	for i, c := range commands {
		s := &Server{process: c, output: &buffer{}, errors: &buffer{}, ended: make(chan error, 1)}
		c.Stderr = s.errors
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Kill)
		servers[i], addresses[i] = s, make(chan string, 1)
		go s.watch(out, addresses[i])
	}
	for i, s := range servers {
		select {
		case s.URL = <-addresses[i]:
		case err := <-s.ended:
			s.ended <- err
			t.Fatalf("program %d of %d ended: %v\n%s", i+1, len(servers), err, s.errors)
		case <-time.After(60 * time.Second):
			t.Fatalf("program %d of %d told no address\n%s", i+1, len(servers), s.errors)
		}
		s.AwaitReady(t)
	}
	return servers
}
