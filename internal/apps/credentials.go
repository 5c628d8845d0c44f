package apps

import (
	"cmp"
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
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// GenerateKeyInput is the input of GenerateKey; the credential belongs to an
// app or to a whole account.
type GenerateKeyInput struct {
	AppID             *string
	AccountID         *string
	Name              *string
	Labels            []domain.Label `json:",omitempty"` // omitted if empty, so that older inputs keep their hash
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
	Labels      []domain.Label
	Environment access.Environment
	ExpiresAt   *time.Time
	Access      access.ProductAccess
	Products    []uuid.UUID
	Addresses   []string
	RateLimit   *access.RateLimit
	Predecessor *uuid.UUID // nil: it takes no other's place
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
		input.CheckLabels("labels", in.Labels),
		input.CheckFuture("expiresAt", in.ExpiresAt, now),
		checkAccess(*accessOf(in.Access, in.AccessControlList), in.AccessControlList),
		checkAddresses("allowedAddresses", in.AllowedAddresses),
		input.CheckRateLimit(in.RateLimit),
	)
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
		Name: input.OrZero(in.Name), Labels: input.SortLabels(in.Labels), Environment: input.Or(in.Environment, access.Development), ExpiresAt: in.ExpiresAt,
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
	latest := latestEnd(tx, e)
	if latest == nil {
		return end, nil
	}
	if end == nil {
		return latest, nil
	}
	if end.After(*latest) {
		n := strconv.Itoa(*tx.Viewer.Policy.LongestKeyLife.In(e))
		return nil, fault.Input(fault.TooFar, "expiresAt", "Keys for this environment may live at most "+n+" days.", fault.Param{Name: "max", Value: n})
	}
	return end, nil
}

// latestEnd returns when credentials for an environment expire at the latest by the
// organization's longest key life; nil if it has none.
func latestEnd(tx *change.Tx, e access.Environment) *time.Time {
	days := tx.Viewer.Policy.LongestKeyLife.In(e)
	if days == nil {
		return nil
	}
	latest := tx.Now.Add(time.Duration(*days) * 24 * time.Hour)
	return &latest
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
		SetName(c.Name).SetNameFolded(domain.Fold(c.Name)).SetEnvironment(c.Environment).SetAccess(c.Access).SetNillableExpiresAt(end).
		SetNillableExpiryNotice(lifecycle.ExpiryNotice(tx.Now, end)).SetNillablePredecessorID(c.Predecessor)
	if len(c.Labels) > 0 {
		create.SetLabels(c.Labels)
	}
	if c.Addresses != nil {
		create.SetAllowedAddresses(c.Addresses)
	}
	if c.RateLimit != nil {
		create.SetRateLimit(c.RateLimit)
	}
	created, err := storeCredential(ctx, tx, create, c)
	if err != nil {
		return nil, nil, err
	}
	tx.Record(CredentialCreated(created, c.Products))
	return created, &secret, nil
}

// storeCredential stores a credential, at once where its access control list or its
// predecessor will refer to it, and the list.
func storeCredential(ctx context.Context, tx *change.Tx, create *db.CredentialCreate, c newCredential) (*db.Credential, error) {
	if len(c.Products) == 0 && c.Predecessor == nil {
		return change.CreateLast(ctx, tx, create)
	}
	created, err := create.Save(ctx)
	if err != nil {
		return nil, err
	}
	return created, createAccessList(ctx, tx, created, c.Products)
}

// FillCredential sets what each new credential has: its owner, and the hash and
// the hints of its secret, never the secret.
func FillCredential(c *db.CredentialCreate, owner CredentialOwner, secret apikey.Secret, peppers Peppers, at time.Time) *db.CredentialCreate {
	id, pepper := peppers.Pepper()
	return c.SetOrganizationID(owner.organization).SetAccountID(owner.account).SetNillableAppID(owner.app).
		SetUsername(secret.Username).SetPepperID(id).SetSecretHint(apikey.Hint(secret.Password)).SetRawKeyHint(apikey.RawHint(secret.RawKey)).
		SetSecretHash(apikey.Hash(pepper, secret.Username, secret.Password)).
		SetNameFolded("").SetCreatedAt(at).SetUpdatedAt(at)
}

// CredentialCreated returns the event of a new credential with an access control
// list; nil for none.
func CredentialCreated(c *db.Credential, products []uuid.UUID) eventlog.Entry {
	return CredentialEvent(eventlog.CredentialCreated, c, change.Attributes("username", c.Username, "name", c.Name, "labels", c.Labels,
		"environment", c.Environment, "access", c.Access,
		"accessControlList", input.ListedProducts(products), "expiresAt", c.ExpiresAt,
		"allowedAddresses", c.AllowedAddresses, "rateLimit", c.RateLimit, "predecessor", credentialID(c.PredecessorID)))
}

func CredentialEvent(t eventlog.Type, c *db.Credential, changes []domain.Change) eventlog.Entry {
	name := c.Name
	if name == "" {
		name = "…" + cmp.Or(c.SecretHint, apikey.Hint(c.Username)) // an imported one has no hint
	}
	return eventlog.Entry{Type: t, Subject: nodeid.Credential, SubjectID: c.ID, SubjectName: name, AccountID: &c.AccountID, AppID: c.AppID, Changes: changes}
}
