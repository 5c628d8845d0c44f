package command

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"portico/internal/server"
)

// healthTime is how long the health command waits: longer than /readyz takes to
// find that the database is silent.
const healthTime = server.ReadyTime + time.Second

// maxReasonBytes is how much of a response is shown.
const maxReasonBytes = 1 << 10

type healthCommand struct{}

// Help returns what it is for.
func (healthCommand) Help() string {
	return "Asks /readyz of the server that listens at PORTICO_ADDR on this machine. " +
		"The exit code is 0 when it is ready and 1 when it is not: for containers, which have no curl."
}

// Run fails unless the server is ready.
func (healthCommand) Run(ctx context.Context, p *program) error {
	host, port, err := net.SplitHostPort(p.config.Addr)
	if err != nil {
		return fmt.Errorf("PORTICO_ADDR: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no server answers at %s: %w", p.config.Addr, err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxReasonBytes))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: %s", text)
	}
	_, err = p.stdout.Write(text)
	return err
}
