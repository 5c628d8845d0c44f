package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"portico/internal/catalogfile"
	"portico/internal/change"
	"portico/internal/domain"
)

type exportCommand struct {
	Organization string `required:"" placeholder:"SLUG" help:"The organization's slug."`
}

// Help says what the file is for.
func (exportCommand) Help() string {
	return "The file is YAML, and goes to standard output. `portico apply` makes a catalogue what a file says: keep it in version control, change it there, or use it for another organization."
}

// Run writes a catalogue.
func (e exportCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		f, err := catalogfile.Export(ctx, catalogueOptions(b), e.Organization)
		if err != nil {
			return err
		}
		return f.Write(p.stdout)
	})
}

type applyCommand struct {
	DryRun bool   `help:"Say what would change, and change nothing."`
	File   string `arg:"" placeholder:"FILE" help:"The file; - for standard input."`
}

// Help says what becomes of what the file does not name.
func (applyCommand) Help() string {
	return "What the file says of a product or a plan is all that it is: what is left out has its default, but a product's status is always given. Endpoints that a product's list does not have are deleted, unless it has no list at all. " +
		"Products, plans and policies that the file does not name stay as they are, and a product that is deprecated or retired stays so. All changes are one transaction: one that is refused takes all others back. " +
		"Each change is written to standard output; applied again, the same file changes nothing."
}

// Run applies a file.
func (a applyCommand) Run(ctx context.Context, p *program) error {
	f, err := a.read(p)
	if err != nil {
		return err
	}
	return p.withBackend(ctx, func(b *opened) error {
		done, err := catalogfile.Apply(ctx, catalogueOptions(b), f, a.DryRun)
		if err != nil {
			return err
		}
		return a.report(p, done)
	})
}

func (a applyCommand) read(p *program) (*catalogfile.File, error) {
	if a.File == "-" {
		return catalogfile.Read(p.stdin)
	}
	from, err := os.Open(a.File)
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }()
	return catalogfile.Read(from)
}

func catalogueOptions(b *opened) catalogfile.Options {
	return catalogfile.Options{
		Client: b.Client, Changes: change.NewRunner(change.Options{Client: b.Client, Database: b.Database, Clock: b.Clock}),
		Inside: func(tx *change.Tx) catalogfile.Services {
			inside := b.ServicesInside(tx)
			return catalogfile.Services{Identity: inside.Identity, Catalog: inside.Catalog}
		},
	}
}

// report writes what was changed, or would be, and what the file does not name.
func (a applyCommand) report(p *program, done *catalogfile.Result) error {
	var out strings.Builder
	for _, s := range done.Steps {
		fmt.Fprintf(&out, "%s %s\n", mark(s.Type), s.What)
		for _, c := range s.Changes {
			fmt.Fprintf(&out, "    %s: %s\n", c.Field, difference(c))
		}
	}
	if _, err := io.WriteString(p.stdout, out.String()); err != nil {
		return err
	}
	var words strings.Builder
	for _, name := range done.Kept {
		fmt.Fprintf(&words, "Not in the file, and kept: %s.\n", name)
	}
	for _, what := range done.Ended {
		fmt.Fprintf(&words, "Kept, although the file says otherwise: %s.\n", what)
	}
	switch {
	case len(done.Steps) == 0:
		words.WriteString("Nothing to do.\n")
	case a.DryRun:
		fmt.Fprintf(&words, "%s to make; nothing was changed.\n", counted(len(done.Steps), "change"))
	default:
		fmt.Fprintf(&words, "%s made.\n", counted(len(done.Steps), "change"))
	}
	_, err := io.WriteString(p.stderr, words.String())
	return err
}

// mark returns the sign of a change, by the type of its event.
func mark(of string) string {
	switch {
	case strings.HasSuffix(of, "_CREATED"):
		return "+"
	case strings.HasSuffix(of, "_DELETED"):
		return "-"
	}
	return "~"
}

// difference returns what a change makes of a value.
func difference(c domain.Change) string {
	switch {
	case c.Before == nil && c.After != nil:
		return quoted(*c.After)
	case c.Before != nil && c.After == nil:
		return quoted(*c.Before) + " → none"
	case c.Before == nil:
		return "none"
	}
	return quoted(*c.Before) + " → " + quoted(*c.After)
}

// quoted returns a value on one line: texts are quoted where they have more than one.
func quoted(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Sprintf("%q", s)
	}
	return s
}
