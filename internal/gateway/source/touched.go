package source

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/internal/eventlog"
)

// Touched is what must be read again after some events.
type Touched struct {
	Catalogue                           bool
	Accounts, Apps, Credentials, Tokens IDs
	// Moved are the apps that went to another account: with their credentials.
	Moved IDs
}

// TouchedBy follows the nouns of the events' types, so that it understands verbs
// added by a newer version of the program, which may run beside this one on the
// same database. For an unknown noun it reports at least the app or account.
func TouchedBy(lines []eventlog.Line) Touched {
	t := Touched{Accounts: IDs{}, Apps: IDs{}, Credentials: IDs{}, Tokens: IDs{}, Moved: IDs{}}
	for i := range lines {
		t.add(&lines[i])
	}
	return t
}

func (t *Touched) add(l *eventlog.Line) {
	noun, _, _ := strings.Cut(string(l.Type), "_")
	switch noun {
	case "ORGANIZATION", "PRODUCT", "PLAN", "ENDPOINT":
		t.Catalogue = true
	case "ACCOUNT":
		t.Accounts[l.SubjectID] = true
	case "APP":
		t.addApp(l)
	case "CREDENTIAL":
		t.Credentials[l.SubjectID] = true
	case "SERVICE": // a service token
		// A new token may have been used before its event was read.
		if l.Type != eventlog.ServiceTokenCreated {
			t.Tokens[l.SubjectID] = true
		}
	case "USER", "MEMBER": // people do not affect verdicts
	default: // SUBSCRIPTION among them
		t.addOwner(l)
	}
}

func (t *Touched) addApp(l *eventlog.Line) {
	switch l.Type {
	case eventlog.AppTransferOffered, eventlog.AppTransferDeclined, eventlog.AppTransferCancelled, eventlog.AppTransferExpired:
		return // an offer alone changes nothing
	case eventlog.AppTransferAccepted:
		t.Moved[l.SubjectID] = true
	}
	t.Apps[l.SubjectID] = true
}

func (t *Touched) addOwner(l *eventlog.Line) {
	if l.AppID != nil {
		t.Apps[*l.AppID] = true
	} else if l.AccountID != nil {
		t.Accounts[*l.AccountID] = true
	}
}

// Change reads the present state of what was touched.
func (s *Reader) Change(ctx context.Context, organization uuid.UUID, t Touched) (*keycache.Change, error) {
	c := &keycache.Change{}
	if err := s.addMoved(ctx, organization, t); err != nil {
		return nil, err
	}
	var err error
	if c.Accounts, err = s.AccountsByID(ctx, organization, t.Accounts.List()); err != nil {
		return nil, err
	}
	if c.Apps, err = s.appsByID(ctx, organization, t.Apps.List()); err != nil {
		return nil, err
	}
	if c.Credentials, err = s.credentialsByID(ctx, organization, t.Credentials.List()); err != nil {
		return nil, err
	}
	// After the apps: it then lists every revision by which their subscriptions went, or they
	// have been moved since to the newest.
	if t.Catalogue {
		if c.Catalogue, err = s.Catalogue(ctx, organization); err != nil {
			return nil, err
		}
	}
	c.GoneAccounts = missing(t.Accounts, c.Accounts, func(a keycache.Account) uuid.UUID { return a.ID })
	c.GoneApps = missing(t.Apps, c.Apps, func(a keycache.App) uuid.UUID { return a.ID })
	c.GoneCredentials = missing(t.Credentials, c.Credentials, func(k keycache.Credential) uuid.UUID { return k.ID })
	return c, nil
}

// addMoved adds to what was touched the credentials of apps that went to another account,
// and that account.
func (s *Reader) addMoved(ctx context.Context, organization uuid.UUID, t Touched) error {
	if len(t.Moved) == 0 {
		return nil
	}
	moved, err := s.CredentialsOf(ctx, organization, t.Moved.List(), nil)
	for _, k := range moved {
		t.Credentials[k.ID], t.Accounts[k.AccountID] = true, true
	}
	return err
}

// missing returns the ids that were asked for and not found. It modifies asked.
func missing[T any](asked IDs, found []T, id func(T) uuid.UUID) []uuid.UUID {
	for _, f := range found {
		delete(asked, id(f))
	}
	if len(asked) == 0 {
		return nil
	}
	return asked.List()
}
