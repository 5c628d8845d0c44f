package command

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"portico/graph"
)

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(_ context.Context, p *program) error {
	_, err := fmt.Fprintf(p.stdout, "portico %s (%s, %s/%s)\n", p.version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

type configCommand struct{}

// Help returns the format.
func (configCommand) Help() string {
	return "One setting per line, in the format of an environment file; settings that have no value are comments."
}

// Run prints the configuration.
func (configCommand) Run(_ context.Context, p *program) error {
	for _, s := range p.config.Settings() {
		line := s.Name + "=" + s.Value
		if s.Value == "" {
			line = "# " + s.Name + " is not set"
		}
		if _, err := fmt.Fprintln(p.stdout, line); err != nil {
			return err
		}
	}
	return nil
}

type schemaCommand struct {
	Role string `enum:"admin,approver,portal,anonymous" default:"admin" placeholder:"ROLE" help:"Whose view of the schema: admin, approver, portal (a developer) or anonymous."`
}

// Help returns what it does not need.
func (schemaCommand) Help() string {
	return "The administrators' view contains the others. No database is needed."
}

// Run prints the schema.
func (s schemaCommand) Run(_ context.Context, p *program) error {
	role, _ := graph.RoleOf(s.Role) // kong has checked it
	sdl, err := graph.SchemaFor(role)
	if err != nil {
		return err
	}
	_, err = io.WriteString(p.stdout, sdl)
	return err
}
