package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"portico/internal/backend"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/installation"
	"portico/internal/keyring"
)

// ringSubject is the subject of the only finding about the secrets.
const ringSubject = "key ring"

// ring loads the configured secrets, and creates none. Only the database knows
// which ring is development's.
func (d *doctor) ring() {
	if backend.UsesDevelopmentRing(d.config) {
		// checkRing replaces this finding once it has read the database.
		d.note(ringSubject, "not looked at: development mode makes one up, and only the database tells which", "see what is said of the database")
		return
	}
	ring, err := backend.OpenRing(d.config)
	if err != nil {
		d.wrong(ringSubject, err.Error(), d.remedy(err))
		return
	}
	d.secrets = ring
	d.ok(ringSubject, "%s", describeRing(ring, time.Now()))
}

// remedy returns what to do about a ring that could not be read.
func (d *doctor) remedy(err error) string {
	const onlyNew = "; only a new installation makes one, by portico keys create"
	switch {
	case errors.Is(err, backend.ErrNoRing):
		return "set it to the file of this installation's secrets" + onlyNew
	case errors.Is(err, keyring.ErrExposed):
		return "chmod 600 " + d.config.Keyring
	case errors.Is(err, fs.ErrPermission):
		return "give the file to the user who runs Portico: chown USER " + d.config.Keyring
	case errors.Is(err, backend.ErrMixed):
		return "decide which it is: PORTICO_DEV=true, or the secrets of an installation"
	}
	return "put the file of the other servers, or of your backup, in its place" + onlyNew
}

// describeRing lists the secrets of a ring: for each use the current one, those
// that are not active yet, and those that only verify.
func describeRing(ring *keyring.Ring, now time.Time) string {
	var uses []string
	for _, use := range keyring.Uses() {
		current := ring.Current(use)
		var names []string
		for _, k := range slices.Backward(ring.All(use)) {
			switch {
			case k.ID == current.ID:
				names = append(names, k.ID+" (current)")
			case k.ActiveFrom.After(now):
				names = append(names, fmt.Sprintf("%s (used from %s on)", k.ID, k.ActiveFrom.UTC().Format(time.RFC3339)))
			default:
				names = append(names, k.ID)
			}
		}
		uses = append(uses, string(use)+" "+strings.Join(names, ", "))
	}
	return ring.Path() + " has " + strings.Join(uses, "; ")
}

// checkRing checks whether the key ring is the one that the database belongs
// to.
func (d *doctor) checkRing(ctx context.Context, db *database.DB) error {
	if !d.migrated {
		return nil
	}
	ring := d.secrets
	var err error
	switch {
	case ring != nil:
		err = installation.Fits(ctx, db, ring)
	case !backend.UsesDevelopmentRing(d.config):
		return nil // reported before
	default:
		ring, err = installation.FindDevelopment(ctx, db, clock.System{})
	}
	switch {
	case errors.Is(err, installation.ErrRealData):
		d.setRingFinding(isWrong, err.Error(), "never run development mode on real data")
	case errors.Is(err, fs.ErrNotExist):
		d.setRingFinding(isWrong, err.Error(), "do what the message says")
	case errors.As(err, new(*keyring.ForeignError)):
		d.setRingFinding(isWrong, err.Error(), "put the file that belongs to this database in its place, or let DATABASE_URL name the database that belongs to the file")
	case err != nil && backend.UsesDevelopmentRing(d.config):
		d.setRingFinding(isWrong, err.Error(), "repair the file, or delete the database")
	case err != nil:
		return err
	case ring == nil:
		d.setRingFinding(isOK, firstRing(), "")
	default:
		d.setRingFinding(isOK, describeRing(ring, time.Now())+", and belongs to this database", "")
	}
	return nil
}

// firstRing returns where the ring of a database without one will be created.
func firstRing() string {
	return "the first start makes one up, as this is development mode, in " + keyring.DevelopmentFolder()
}

// setRingFinding replaces the first finding about the ring by what the database
// has shown.
func (d *doctor) setRingFinding(state, says, advice string) {
	at := slices.IndexFunc(d.findings, func(f finding) bool { return f.about == ringSubject })
	d.findings[at] = finding{ringSubject, state, says, advice}
}
