package gateway

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/internal/eventlog"
	"portico/internal/fault"
)

// maxLines is how many events are read and applied at a time.
const maxLines = 500

// catchUp applies everything that was committed before the call. One goroutine
// does at a time; others wait, and then read what has come since.
func (g *Verifier) catchUp(ctx context.Context, t *follower) error {
	select {
	case t.applying <- struct{}{}:
		defer func() { <-t.applying }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		seen, began, position := t.invalidationCount(), g.o.Mono(), t.store.Position()
		lines, err := eventlog.Read(ctx, g.o.DB, t.id, position, maxLines)
		switch {
		case errors.Is(err, eventlog.ErrGap): // the cache cannot be brought up to date
			g.dropFollower(t)
			return fault.New(fault.CodeUnavailable, fault.ReasonBusy, "The organization's keys are loaded anew.")
		case err != nil:
			return err
		}
		if len(lines) > 0 {
			if err := g.apply(ctx, t, lines); err != nil {
				return err
			}
		}
		if len(lines) < maxLines {
			t.confirm(began, seen)
			return nil
		}
	}
}

// apply reads again what the events touched, and puts it into the copy.
func (g *Verifier) apply(ctx context.Context, t *follower, lines []eventlog.Line) error {
	touched := touchedBy(lines)
	change, err := g.rows.change(ctx, t.id, touched)
	if err != nil {
		return err
	}
	change.Position = lines[len(lines)-1].Position
	for i := range change.Credentials {
		t.usernames.add(change.Credentials[i].Username[:])
	}
	t.store.Apply(change)
	for id := range touched.tokens {
		g.callers.drop(t.id, id)
	}
	t.notifyUpdated()
	return nil
}

// ids is a set.
type ids map[uuid.UUID]bool

func (s ids) list() []uuid.UUID {
	out := make([]uuid.UUID, 0, len(s))
	for id := range s {
		out = append(out, id)
	}
	return out
}

// touched is what must be read again after some events.
type touched struct {
	catalogue                           bool
	accounts, apps, credentials, tokens ids
}

// touchedBy follows the nouns of the events' types, so that it understands verbs
// added by a newer version of the program, which may run beside this one on the
// same database. For an unknown noun it reports at least the app or account.
func touchedBy(lines []eventlog.Line) touched {
	t := touched{accounts: ids{}, apps: ids{}, credentials: ids{}, tokens: ids{}}
	for i := range lines {
		t.add(&lines[i])
	}
	return t
}

func (t *touched) add(l *eventlog.Line) {
	noun, _, _ := strings.Cut(string(l.Type), "_")
	switch noun {
	case "ORGANIZATION", "PRODUCT", "PLAN", "ENDPOINT":
		t.catalogue = true
	case "ACCOUNT":
		t.accounts[l.SubjectID] = true
	case "APP":
		t.apps[l.SubjectID] = true
	case "CREDENTIAL":
		t.credentials[l.SubjectID] = true
	case "SERVICE": // a service token
		// A new token may have been used before its event was read.
		if l.Type != eventlog.ServiceTokenCreated {
			t.tokens[l.SubjectID] = true
		}
	case "USER", "MEMBER": // people do not affect verdicts
	default: // SUBSCRIPTION among them
		t.owners(l)
	}
}

func (t *touched) owners(l *eventlog.Line) {
	if l.AppID != nil {
		t.apps[*l.AppID] = true
	} else if l.AccountID != nil {
		t.accounts[*l.AccountID] = true
	}
}

// change reads the present state of what was touched.
func (s source) change(ctx context.Context, organization uuid.UUID, t touched) (*keycache.Change, error) {
	c := &keycache.Change{}
	var err error
	if t.catalogue {
		if c.Catalogue, err = s.catalogue(ctx, organization); err != nil {
			return nil, err
		}
	}
	if c.Accounts, err = s.accountsByID(ctx, organization, t.accounts.list()); err != nil {
		return nil, err
	}
	if c.Apps, err = s.appsByID(ctx, organization, t.apps.list()); err != nil {
		return nil, err
	}
	if c.Credentials, err = s.credentialsByID(ctx, organization, t.credentials.list()); err != nil {
		return nil, err
	}
	c.GoneAccounts = missing(t.accounts, c.Accounts, func(a keycache.Account) uuid.UUID { return a.ID })
	c.GoneApps = missing(t.apps, c.Apps, func(a keycache.App) uuid.UUID { return a.ID })
	c.GoneCredentials = missing(t.credentials, c.Credentials, func(k keycache.Credential) uuid.UUID { return k.ID })
	return c, nil
}

// missing returns the ids that were asked for and not found. It modifies asked.
func missing[T any](asked ids, found []T, id func(T) uuid.UUID) []uuid.UUID {
	for _, f := range found {
		delete(asked, id(f))
	}
	if len(asked) == 0 {
		return nil
	}
	return asked.list()
}
