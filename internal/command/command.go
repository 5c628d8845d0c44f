// Package command is the command line of the program: what it accepts (line.go,
// with settings in options.go) and, a file for each, what the commands do. serve
// hands over to package server; the others do their work on an open backend and
// end.
package command

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"

	"github.com/alecthomas/kong"

	"portico/internal/backend"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/fault"
	"portico/internal/portal"
)

// Environment is what a program finds when it is started.
type Environment struct {
	Getenv func(string) string
	// Environ is the environment, NAME=VALUE each, in which misspelled settings
	// are looked for; may be nil.
	Environ []string
	Stdin   io.Reader
	// Results are written to Stdout, everything else to Stderr.
	Stdout, Stderr io.Writer
	// Version is the program's.
	Version string
	// Clock is the machine's clock, by which serve tells the time; nil for clock.System.
	Clock clock.Clock
}

// program is the context of every command.
type program struct {
	config         *config.Config
	log            *slog.Logger
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer
	version        string
	clock          clock.Clock
}

// Run runs the command that args name. It returns when the command is done; serve
// is done when ctx has ended and the last request is completed.
func Run(ctx context.Context, args []string, e Environment) error {
	p := &program{environ: e.Environ, stdin: e.Stdin, stdout: e.Stdout, stderr: e.Stderr, version: e.Version, clock: e.Clock}
	command, err := parse(args, e.Getenv, p)
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

// Explain returns the text of an error for the user of the command line.
func Explain(err error) string {
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

// ExitCode returns 2 for an invalid command line, and 1 for all other errors.
func ExitCode(err error) int {
	var parse *kong.ParseError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &parse):
		return 2
	}
	return 1
}

// opened is what commands work on.
type opened struct {
	*backend.Backend
	portal *portal.Portal
}

// withBackend runs f with an open backend. A database that does not respond is
// not waited for.
func (p *program) withBackend(ctx context.Context, f func(*opened) error) error {
	b, err := backend.Open(ctx, backend.Options{Config: p.config, Log: p.log})
	if err != nil {
		return err
	}
	return errors.Join(f(&opened{Backend: b, portal: b.Services(nil, portal.Counters{})}), b.Close())
}
