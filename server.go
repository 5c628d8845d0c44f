// Command portico is the backend of a developer portal: a GraphQL API over
// SQLite or Postgres, and the commands that set it up. Only this package knows
// all the others.
//
// server.go starts it; commands.go is the command line, with a file for each
// group of commands; backend.go puts the services together, routes.go puts
// them behind HTTP; serve.go runs that until it is told to stop.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"portico/internal/config"
	"portico/internal/fault"
	"portico/internal/redislimits"
	"portico/internal/telemetry"
)

func main() {
	redislimits.LogWith(slog.Default)
	telemetry.LogWith(slog.Default)
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	// The second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	p := &program{environ: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	err := p.run(ctx, os.Args[1:], os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "portico:", explain(err))
	}
	os.Exit(exitCode(err))
}

// endSignals returns the signals that end the program after the last response.
// A closed terminal is one, unless the program was started by nohup to outlive
// it.
func endSignals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// run runs the program. Results are written to stdout, everything else to
// stderr. It returns when the command is done; serve is done when ctx has ended
// and the last request is completed.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	return (&program{stdin: stdin, stdout: stdout, stderr: stderr}).run(ctx, args, getenv)
}

func (p *program) run(ctx context.Context, args []string, getenv func(string) string) error {
	command, err := parse(args, getenv, p)
	if err != nil || command == nil {
		return err
	}
	p.log = newLogger(p.config, p.stderr)
	slog.SetDefault(p.log)
	if !unchecked(command) { // it reports them itself
		for _, u := range config.Unknown(p.environ) {
			p.log.WarnContext(ctx, "there is no such setting", "variable", u.Name, "nearest", u.Nearest)
		}
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return command.Run()
}

// explain returns the text of an error for the user of the command line.
func explain(err error) string {
	var lines []string
	for _, problem := range fault.Problems(err) {
		line := problem.Message
		if len(problem.Field) > 0 {
			line = strings.Join(problem.Field, ".") + ": " + line
		}
		lines = append(lines, line)
	}
	if lines == nil {
		return err.Error()
	}
	return strings.Join(lines, "\n  ")
}

// exitCode returns 2 for an invalid command line, and 1 for all other errors.
func exitCode(err error) int {
	var parse *kong.ParseError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &parse):
		return 2
	}
	return 1
}
