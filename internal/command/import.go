package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"portico/clients/go/gate/access"
	"portico/internal/keyimport"
)

type importCommand struct {
	Organization string `required:"" placeholder:"SLUG" help:"The organization's slug."`
	Environment  string `enum:",DEVELOPMENT,STAGING,PRODUCTION" default:"" placeholder:"NAME" help:"The environment of keys whose line names none: DEVELOPMENT, STAGING or PRODUCTION."`
	File         string `arg:"" placeholder:"FILE" help:"The file with the keys, in JSON Lines; - for standard input."`
}

// Help returns what a line looks like.
func (importCommand) Help() string {
	return "Each line is a JSON object with app (the app's reference id) and the key: username and secret as callers send them by Basic, " +
		"or key, the one string that they send, or sha256, the SHA-256 of that string in base 16. " +
		"It may have name, environment, labels (objects with key and value), createdAt and expiresAt. Lines that cannot be imported are written to standard output, each with its number and why. " +
		"What was imported before is left as it is, so after an interruption the same command goes on. " +
		"Gateways accept keys that are no pair of UUIDs only where the organization's importedKeys is on."
}

// errRefused is the error of an import of which some lines were refused.
var errRefused = errors.New("not all lines were imported: standard output says which, and why")

// Run imports keys.
func (i importCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		o, err := b.portal.Identity.Organization(ctx, i.Organization)
		if err != nil {
			return err
		}
		from, err := i.open(p)
		if err != nil {
			return err
		}
		defer func() { _ = from.Close() }()
		out := json.NewEncoder(p.stdout)
		out.SetEscapeHTML(false)
		sum, err := b.portal.Imports.Import(ctx, keyimport.Options{
			Organization: o.ID, Refused: func(r keyimport.Refusal) error { return out.Encode(r) }, Stored: p.showProgress(),
		}, keyimport.NewReader(from, access.Environment(i.Environment), time.Now()))
		return errors.Join(sumUp(p, sum, o.ImportedKeys), endOf(sum, err))
	})
}

// sumUp writes what an import has done, and what its keys still need: a line that was
// refused makes that no less true of the others.
func sumUp(p *program, sum keyimport.Sum, accepted bool) error {
	text := fmt.Sprintf("%s: %s imported, %d there already, %d refused.\n", counted(sum.Lines, "line"), counted(sum.Imported, "key"), sum.Present, sum.Refused)
	if !accepted && sum.Lines > 0 {
		text += "The organization's importedKeys is off: gateways accept of these only pairs of UUIDs.\n"
	}
	_, err := io.WriteString(p.stderr, text)
	return err
}

// endOf returns the error with which an import ends.
func endOf(sum keyimport.Sum, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("the import ended after line %d; the same command goes on from there: %w", sum.Lines, err)
	case sum.Refused > 0:
		return errRefused
	}
	return nil
}

// counted returns a number with what it counts, such as "1 key" or "2 keys".
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func (i importCommand) open(p *program) (io.ReadCloser, error) {
	if i.File == "-" {
		return io.NopCloser(p.stdin), nil
	}
	f, err := os.Open(i.File)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// showProgress returns a function that says every ten seconds how far an import is.
func (p *program) showProgress() func(keyimport.Sum) {
	const every = 10 * time.Second
	last := time.Now()
	return func(s keyimport.Sum) {
		if time.Since(last) >= every {
			last = time.Now()
			_, _ = fmt.Fprintf(p.stderr, "%s so far.\n", counted(s.Lines, "line"))
		}
	}
}
