package seed

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"

	"portico/clients/go/gate/rawkey"
	"portico/ent/db"
	"portico/internal/apikey"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// minter creates credentials with fixed user names and random passwords that are
// not recorded.
type minter struct {
	pepperID string
	pepper   []byte
}

// prefix is the prefix of the raw keys: the default of organizations.
const prefix = "ptk"

func newMinter(o Options) *minter {
	id, secret := o.Pepper()
	return &minter{id, secret}
}

// secret is what is stored of a new password.
type secret struct {
	hash          []byte
	hint, rawHint string
}

func (m *minter) secret(username uuid.UUID) (secret, error) {
	password, err := uuid.NewRandom()
	if err != nil {
		return secret{}, err
	}
	raw := apikey.RawHint(rawkey.Join(prefix, username, password))
	return secret{apikey.Hash(m.pepper, username, password), apikey.Hint(password), raw}, nil
}

// key creates a credential of an app, or of the whole account if a is nil, and
// applies what happened to it.
func (p *player) key(ctx context.Context, own owner, a *db.App, k key) (*db.Credential, error) {
	made, err := p.mint(ctx, own, a, k)
	if err != nil {
		return nil, err
	}
	for _, name := range k.listed {
		x, ok := p.products[name]
		if !ok {
			return nil, fmt.Errorf("seed: there is no product %q", name)
		}
		err := p.AccessEntry.Create().SetID(p.ids.next()).SetOrganizationID(p.org.ID).SetAccountID(own.ID).
			SetCredentialID(made.ID).SetProductID(x.ID).Exec(ctx)
		if err != nil {
			return nil, err
		}
	}
	p.sum.Keys++
	p.tell(own.by, keyCreated(made))
	if k.addresses != nil || k.rate != nil {
		p.pass()
		if made, err = p.restrict(ctx, own, made, k); err != nil {
			return nil, err
		}
	}
	for _, action := range k.then {
		p.pass()
		if made, err = p.act(ctx, own, made, action, k); err != nil {
			return nil, err
		}
	}
	if k.expired {
		return made, p.expire(ctx, made)
	}
	return made, nil
}

func (p *player) mint(ctx context.Context, own owner, a *db.App, k key) (*db.Credential, error) {
	id := p.ids.next()
	username := named("key", p.ids.n)
	create := p.Credential.Create().SetID(id).SetOrganizationID(p.org.ID).SetAccountID(own.ID).SetName(k.name).
		SetEnvironment(cmp.Or(k.environment, domain.Development)).
		SetUsername(username).SetCreatedAt(p.now).SetUpdatedAt(p.now)
	if a != nil {
		create.SetAppID(a.ID)
	}
	if k.listed != nil {
		create.SetAccess(domain.AccessListed)
	}
	if k.expired {
		create.SetExpiresAt(p.now.Add(pace))
	} else if k.lasts > 0 {
		create.SetExpiresAt(p.now.Add(k.lasts))
	}
	s, err := p.keys.secret(username)
	if err != nil {
		return nil, err
	}
	return create.SetSecretHash(s.hash).SetSecretHint(s.hint).SetRawKeyHint(s.rawHint).SetPepperID(p.keys.pepperID).Save(ctx)
}

// restrict sets where a credential may be used from, and how often.
func (p *player) restrict(ctx context.Context, own owner, made *db.Credential, k key) (*db.Credential, error) {
	u := p.Credential.UpdateOne(made).SetUpdatedAt(p.now).AddVersion(1)
	var changes []domain.Change
	if k.addresses != nil {
		u.SetAllowedAddresses(k.addresses)
		changes = append(changes, change.Attributes("allowedAddresses", k.addresses)...)
	}
	if k.rate != nil {
		u.SetRateLimit(k.rate)
		changes = append(changes, change.Attributes("rateLimit", k.rate)...)
	}
	p.tell(own.by, keyEvent(eventlog.CredentialUpdated, made, changes))
	return u.Save(ctx)
}

// act disables or revokes a credential.
func (p *player) act(ctx context.Context, own owner, k *db.Credential, a lifecycle.CredentialAction, told key) (*db.Credential, error) {
	to, ok := lifecycle.NextCredential(k.Status, a)
	if !ok {
		return nil, fmt.Errorf("seed: %s cannot follow %s", a, k.Status)
	}
	u := p.Credential.UpdateOne(k).SetStatus(to).SetUpdatedAt(p.now).AddVersion(1)
	e := keyEvent(eventlog.CredentialDisabled, k, became("status", k.Status, to))
	e.Reason = told.note
	switch a {
	case lifecycle.Disable:
		p.tell(p.admin, e)
	case lifecycle.Revoke:
		u.SetRevokedAt(p.now).SetRevokedReason(told.reason).SetRevokedNote(told.note).SetNillableRevokedBy(by(own.by))
		e.Type = eventlog.CredentialRevoked
		e.Changes = append(e.Changes, change.Attributes("revokedReason", told.reason)...)
		p.tell(own.by, e)
	default:
		return nil, fmt.Errorf("seed: nobody plays %s", a)
	}
	return u.Save(ctx)
}

// expire makes a credential expire, with Portico's event for it.
func (p *player) expire(ctx context.Context, made *db.Credential) error {
	p.pass()
	p.tell(viewer.ForSystem(p.org.ID), keyEvent(eventlog.CredentialExpired, made, became("status", made.Status, lifecycle.CredentialExpired)))
	return p.Credential.UpdateOne(made).SetExpiryRecordedAt(p.now).Exec(ctx)
}

func keyCreated(k *db.Credential) eventlog.Entry {
	return keyEvent(eventlog.CredentialCreated, k, change.Attributes("username", k.Username, "name", k.Name,
		"environment", k.Environment, "access", k.Access, "expiresAt", k.ExpiresAt))
}

func keyEvent(t eventlog.Type, k *db.Credential, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Credential, SubjectID: k.ID, SubjectName: cmp.Or(k.Name, "…"+k.SecretHint),
		AccountID: &k.AccountID, AppID: k.AppID, Changes: changes}
}
