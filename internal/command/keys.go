package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"portico/internal/auth"
	"portico/internal/backend"
	"portico/internal/clock"
	"portico/internal/keyring"
)

type keysCreateCommand struct{}

// Help returns what becomes of the file.
func (keysCreateCommand) Help() string {
	return "The file is the one of --keyring. Every server of the installation needs the same one, and a copy belongs where backups are kept: " +
		"without it no API key can be verified any more. An existing file is never overwritten."
}

// Run writes a fresh key ring.
func (keysCreateCommand) Run(_ context.Context, p *program) error {
	if p.config.Keyring == "" {
		return errors.New("say where: portico keys create --keyring FILE")
	}
	create := keyring.Create
	if p.config.Dev {
		create = keyring.CreateDevelopment
	}
	if err := create(p.config.Keyring, clock.System{}); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.stderr, "The key ring %s was created. Keep a copy of it, apart from the database's backups.\n", p.config.Keyring)
	return err
}

// ringFile returns the path of the ring. It queries the database only if the
// path is not configured.
func (p *program) ringFile(ctx context.Context) (path string, err error) {
	if !backend.UsesDevelopmentRing(p.config) {
		_, err := backend.OpenRing(p.config)
		return p.config.Keyring, err
	}
	err = p.withBackend(ctx, func(b *opened) error {
		path = b.Ring.Path()
		return nil
	})
	return path, err
}

type keysRotateCommand struct {
	Use   string        `arg:"" enum:"pepper,jwt,cursor" help:"Which secret: pepper (of stored keys), jwt (of access tokens) or cursor (of lists)."`
	After time.Duration `default:"1m" placeholder:"TIME" help:"How long it waits in the ring before it is used: all servers must have the file by then."`
	Now   bool          `help:"For a jwt or cursor secret that has leaked: switch at once and remove the older ones. With jwt everybody signs in again."`
}

// Help returns what rotation does to what exists.
func (keysRotateCommand) Help() string {
	return "What was made with the older secrets stays valid. Running servers read the new one by themselves; " +
		"it is used from --after later on, when all have it. Servers with a disk of their own must get the file within that time; " +
		"Kubernetes takes up to two minutes to bring a changed secret to its pods, so 10m is right there."
}

// Run adds a secret.
func (k keysRotateCommand) Run(ctx context.Context, p *program) error {
	if k.After < 0 {
		return errors.New("--after: must not be negative")
	}
	path, err := p.ringFile(ctx)
	if err != nil {
		return err
	}
	var added keyring.Key
	if k.Now {
		added, err = keyring.Replace(path, clock.System{}, keyring.Use(k.Use))
	} else {
		added, err = keyring.Rotate(path, clock.System{}, keyring.Use(k.Use), clock.System{}.Now().Add(k.After))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stderr, "%s will be used from %s on.\n", added.ID, added.ActiveFrom.Format(time.RFC3339))
	return err
}

type keysRetireCommand struct{}

// Run drops old JWT secrets.
func (keysRetireCommand) Run(ctx context.Context, p *program) error {
	path, err := p.ringFile(ctx)
	if err != nil {
		return err
	}
	ids, err := keyring.Retire(path, clock.System{}, auth.TokenLife)
	if err != nil {
		return err
	}
	message := "There was nothing to remove."
	if len(ids) > 0 {
		message = "Dropped: " + strings.Join(ids, ", ")
	}
	_, err = fmt.Fprintln(p.stderr, message)
	return err
}
