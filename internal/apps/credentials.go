package apps

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/internal/apikey"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// GenerateKeyInput is the input of GenerateKey; the credential belongs to an
// app or to a whole account.
type GenerateKeyInput struct {
	AppID             *string
	AccountID         *string
	Name              *string
	Environment       *access.Environment
	ExpiresAt         *time.Time
	Access            *access.ProductAccess // nil: LISTED if the list is not empty, else ALL
	AccessControlList []string
	// AllowedAddresses are networks or single addresses; empty for no
	// restriction.
	AllowedAddresses []string          `json:",omitempty"` // omitted if empty, so that older inputs keep their hash
	RateLimit        *access.RateLimit `json:",omitempty"`
	IdempotencyKey   *string
}

// CreatedCredential is a new credential and its secret, which is returned only
// this once.
type CreatedCredential struct {
	Credential *db.Credential
	Secret     *apikey.Secret
	Replayed   bool
}

// newCredential is the attributes of a credential to create.
type newCredential struct {
	Name        string
	Environment access.Environment
	ExpiresAt   *time.Time
	Access      access.ProductAccess
	Products    []uuid.UUID
	Addresses   []string
	RateLimit   *access.RateLimit
}

// CredentialOwner is the app or account that a credential belongs to.
type CredentialOwner struct {
	organization, account uuid.UUID
	app                   *uuid.UUID
}

// OwnedByApp returns an app as the owner of credentials.
func OwnedByApp(a *db.App) CredentialOwner {
	return CredentialOwner{a.OrganizationID, a.AccountID, &a.ID}
}

// GenerateKey creates a credential. Its secret is in the result and is stored
// nowhere.
func (svc *Service) GenerateKey(ctx context.Context, in GenerateKeyInput) (CreatedCredential, error) {
	if err := fault.Collect(checkCredentialTarget(in), checkNewCredential(in, svc.clock.Now())); err != nil {
		return CreatedCredential{}, err
	}
	key := in.IdempotencyKey
	in.IdempotencyKey, in.Access = nil, accessOf(in.Access, in.AccessControlList)
	o, err := newRequest(ctx, "generateKey", key, in)
	if err != nil {
		return CreatedCredential{}, err
	}
	return change.Once(ctx, svc.changes, o, func(ctx context.Context, tx *change.Tx) (CreatedCredential, change.Created, error) {
		out, err := svc.generateCredential(ctx, tx, in)
		if err != nil {
			return out, change.Created{}, err
		}
		return out, change.Created{First: out.Credential.ID}, nil
	}, svc.replayCredential)
}

// replayCredential returns what an earlier request created, without the secret.
func (svc *Service) replayCredential(ctx context.Context, m change.Created) (CreatedCredential, error) {
	credentials, err := svc.entities.CredentialsByID(ctx, []uuid.UUID{m.First}, nil)
	if err == nil && credentials[m.First] == nil {
		err = fault.NotFound() // deleted meanwhile
	}
	return CreatedCredential{Credential: credentials[m.First], Replayed: true}, err
}

func checkCredentialTarget(in GenerateKeyInput) error {
	if (in.AppID == nil) == (in.AccountID == nil) {
		return fault.Input(fault.Required, "appId", "Name either an app or an account.")
	}
	return nil
}

func checkNewCredential(in GenerateKeyInput, now time.Time) error {
	return fault.Collect(
		input.CheckLine("name", input.OrZero(in.Name), input.MaxShort),
		future("expiresAt", in.ExpiresAt, now),
		checkAccess(*accessOf(in.Access, in.AccessControlList), in.AccessControlList),
		checkAddresses("allowedAddresses", in.AllowedAddresses),
		input.CheckRateLimit(in.RateLimit),
	)
}

func future(field string, t *time.Time, now time.Time) error {
	if t != nil && !t.After(now) {
		return fault.Input(fault.MustBeFuture, field, "This must be in the future.")
	}
	if t != nil && t.Year() > 9999 {
		return fault.Input(fault.InvalidValue, field, "This is too far in the future.")
	}
	return nil
}

func (svc *Service) generateCredential(ctx context.Context, tx *change.Tx, in GenerateKeyInput) (CreatedCredential, error) {
	owner, err := lockCredentialOwner(ctx, tx, in)
	if err != nil {
		return CreatedCredential{}, err
	}
	return svc.createCredentialFor(ctx, tx, owner, in)
}

// createCredentialFor creates a credential for an owner that the caller has
// locked.
func (svc *Service) createCredentialFor(ctx context.Context, tx *change.Tx, owner CredentialOwner, in GenerateKeyInput) (CreatedCredential, error) {
	c := newCredential{
		Name: input.OrZero(in.Name), Environment: input.Or(in.Environment, access.Development), ExpiresAt: in.ExpiresAt,
		Access: *accessOf(in.Access, in.AccessControlList), Addresses: networks(in.AllowedAddresses),
	}
	if in.RateLimit != nil {
		c.RateLimit = input.WithBurst(in.RateLimit)
	}
	if err := tx.Authorize(policy.GenerateCredential(owner.organization, owner.account, c.Environment)); err != nil {
		return CreatedCredential{}, err
	}
	var out CreatedCredential
	var err error
	if c.Products, err = findProducts(ctx, tx, in.AccessControlList); err != nil {
		return CreatedCredential{}, err
	}
	out.Credential, out.Secret, err = svc.createCredential(ctx, tx, owner, c)
	return out, err
}

// lockCredentialOwner finds and locks the app or account that the credential will
// belong to.
func lockCredentialOwner(ctx context.Context, tx *change.Tx, in GenerateKeyInput) (CredentialOwner, error) {
	if in.AppID != nil {
		a, err := lockApp(ctx, tx, *in.AppID, app.FieldID, app.FieldOrganizationID, app.FieldAccountID)
		if err != nil {
			return CredentialOwner{}, err
		}
		return OwnedByApp(a), nil
	}
	// The account is the target here: an unknown one is NOT_FOUND.
	id, err := input.DecodeID(nodeid.Account, *in.AccountID)
	if err != nil {
		return CredentialOwner{}, err
	}
	a, err := change.LockRowForShare(ctx, tx, tx.Account, id, account.FieldID, account.FieldOrganizationID)
	if err != nil {
		return CredentialOwner{}, err
	}
	return CredentialOwner{organization: a.OrganizationID, account: a.ID}, nil
}

// limitCredentialLife checks an expiry time against the organization's longest
// key life. Without one, it returns the latest time allowed.
func limitCredentialLife(tx *change.Tx, end *time.Time, e access.Environment) (*time.Time, error) {
	days := tx.Viewer.Policy.LongestKeyLife.In(e)
	if days == nil {
		return end, nil
	}
	latest := tx.Now.Add(time.Duration(*days) * 24 * time.Hour)
	if end == nil {
		return &latest, nil
	}
	if end.After(latest) {
		n := strconv.Itoa(*days)
		return nil, fault.Input(fault.TooFar, "expiresAt", "Keys for this environment may live at most "+n+" days.", fault.Param{Name: "max", Value: n})
	}
	return end, nil
}

// createCredential generates an API key and stores its credential: the hash and
// the hints, never the secret.
func (svc *Service) createCredential(ctx context.Context, tx *change.Tx, owner CredentialOwner, c newCredential) (*db.Credential, *apikey.Secret, error) {
	end, err := limitCredentialLife(tx, c.ExpiresAt, c.Environment)
	if err != nil {
		return nil, nil, err
	}
	secret, err := svc.mint(tx.Viewer.Policy.KeyPrefix)
	if err != nil {
		return nil, nil, err
	}
	create := FillCredential(tx.Credential.Create(), owner, secret, svc.peppers, tx.Now).
		SetName(c.Name).SetEnvironment(c.Environment).SetAccess(c.Access).SetNillableExpiresAt(end)
	if c.Addresses != nil {
		create.SetAllowedAddresses(c.Addresses)
	}
	if c.RateLimit != nil {
		create.SetRateLimit(c.RateLimit)
	}
	created, err := storeCredential(ctx, tx, create, c.Products)
	if err != nil {
		return nil, nil, err
	}
	tx.Record(CredentialCreated(created, c.Products))
	return created, &secret, nil
}

// storeCredential stores a credential, and its access control list, which refers to it.
func storeCredential(ctx context.Context, tx *change.Tx, create *db.CredentialCreate, products []uuid.UUID) (*db.Credential, error) {
	if len(products) == 0 {
		return change.CreateLast(ctx, tx, create)
	}
	created, err := create.Save(ctx)
	if err != nil {
		return nil, err
	}
	return created, createAccessList(ctx, tx, created, products)
}

// FillCredential sets what each new credential has: its owner, and the hash and
// the hints of its secret, never the secret.
func FillCredential(c *db.CredentialCreate, owner CredentialOwner, secret apikey.Secret, peppers Peppers, at time.Time) *db.CredentialCreate {
	id, pepper := peppers.Pepper()
	return c.SetOrganizationID(owner.organization).SetAccountID(owner.account).SetNillableAppID(owner.app).
		SetUsername(secret.Username).SetPepperID(id).SetSecretHint(apikey.Hint(secret.Password)).SetRawKeyHint(apikey.RawHint(secret.RawKey)).
		SetSecretHash(apikey.Hash(pepper, secret.Username, secret.Password)).
		SetCreatedAt(at).SetUpdatedAt(at)
}

// CredentialCreated returns the event of a new credential with an access control
// list; nil for none.
func CredentialCreated(c *db.Credential, products []uuid.UUID) eventlog.Entry {
	return CredentialEvent(eventlog.CredentialCreated, c, change.Attributes("username", c.Username, "name", c.Name,
		"environment", c.Environment, "access", c.Access,
		"accessControlList", input.ListedProducts(products), "expiresAt", c.ExpiresAt,
		"allowedAddresses", c.AllowedAddresses, "rateLimit", c.RateLimit))
}

func CredentialEvent(t eventlog.Type, c *db.Credential, changes []domain.Change) eventlog.Entry {
	name := c.Name
	if name == "" {
		name = "…" + c.SecretHint
	}
	return eventlog.Entry{Type: t, Subject: nodeid.Credential, SubjectID: c.ID, SubjectName: name, AccountID: &c.AccountID, AppID: c.AppID, Changes: changes}
}
