// Command baseline is a server against which Portico's speed is measured: written by hand
// for a few operations alone, it returns the same responses to the same requests with the
// fewest prepared statements.
//
// It does what every server for these requests must do: the same
// authentication (access token and the statement that finds the user), the
// same pool and drivers with the same deadlines, the same timeouts of HTTP, a
// limit on the body, a request id and a line of log for each request. It has
// no GraphQL: it selects an operation by its name and returns the fields of the
// benchmark's document. Its only role is the administrator.
//
// Its statements read plain columns into structs, which encoding/json writes;
// it does not have Postgres build the JSON.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"portico/internal/auth"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/gqlhttp"
	"portico/internal/identity"
	"portico/internal/keyring"
)

// The issuer and the audience of Portico's access tokens.
const (
	issuer   = "portico"
	audience = "portico-api"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "baseline:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. The settings are Portico's own, from the
// environment.
func run(ctx context.Context) error {
	ring, err := keyring.Load(os.Getenv("PORTICO_KEYRING"), clock.System{})
	if err != nil {
		return err
	}
	conns, err := strconv.Atoi(os.Getenv("PORTICO_DB_CONNS"))
	if err != nil {
		return fmt.Errorf("PORTICO_DB_CONNS: %w", err)
	}
	d, err := database.Open(ctx, os.Getenv("DATABASE_URL"), database.Options{MaxConns: conns})
	if err != nil {
		return err
	}
	defer d.Close()
	l, err := net.Listen("tcp", os.Getenv("PORTICO_ADDR"))
	if err != nil {
		return err
	}
	who := &auth.Authenticator{
		Tokens:    auth.NewTokens(ring, clock.System{}, issuer, audience),
		Machines:  auth.NewMachineTokens(ring),
		Directory: identity.NewDirectory(d, clock.System{}, true),
		RequestID: requestID,
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	handler := traced(log, who.Middleware(&backend{database: d, ring: ring, clock: clock.System{}}))
	server := gqlhttp.Server(l.Addr().String(), handler, gqlhttp.DefaultTimeouts())
	context.AfterFunc(ctx, func() { _ = server.Close() }) // Serve returns the error
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}
