package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/servicetoken"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// CreateServiceTokenInput is the input of CreateServiceToken.
type CreateServiceTokenInput struct {
	Name           string
	Scopes         []domain.ServiceTokenScope
	AccountID      *string
	ExpiresAt      *time.Time
	IdempotencyKey *string
}

// CreatedServiceToken is a new service token's public part and the token itself, which
// is returned only this once.
type CreatedServiceToken struct {
	ServiceToken *db.ServiceToken
	Secret       string
	Replayed     bool
}

// CreateServiceToken creates a service token. The token itself is in the result and is
// stored nowhere. A name that was used before is TAKEN.
func (svc *Service) CreateServiceToken(ctx context.Context, in CreateServiceTokenInput) (CreatedServiceToken, error) {
	scopes := domain.NewScopes(in.Scopes...)
	if err := fault.Collect(
		input.CheckName("name", in.Name),
		checkScopes(scopes, len(in.Scopes), in.AccountID != nil),
		input.CheckFuture("expiresAt", in.ExpiresAt, svc.clock.Now()),
		checkIdempotencyKey(in.IdempotencyKey),
	); err != nil {
		return CreatedServiceToken{}, err
	}
	key := in.IdempotencyKey
	in.IdempotencyKey = nil
	o, err := change.NewRequest(ctx, "createServiceToken", key, in)
	if err != nil {
		return CreatedServiceToken{}, err
	}
	return change.Once(ctx, svc.changes, o, func(ctx context.Context, tx *change.Tx) (CreatedServiceToken, change.Created, error) {
		out, err := svc.createServiceToken(ctx, tx, in, scopes)
		if err != nil {
			return out, change.Created{}, err
		}
		return out, change.Created{First: out.ServiceToken.ID}, nil
	}, svc.replayServiceToken)
}

// checkScopes checks which scopes go together: a token acts for an account, for the
// organization, or for gateways. given is how many were given, account whether one is
// named.
func checkScopes(s domain.Scopes, given int, account bool) error {
	if s == 0 {
		return fault.Input(fault.Required, "scopes", "Name at least one scope.")
	}
	if err := input.AtMost("scopes", given, len(domain.ServiceTokenScopes())); err != nil {
		return err
	}
	ofAccount := s.HasAny(domain.PortalRead, domain.PortalWrite)
	switch {
	case ofAccount && !s.Only(domain.PortalRead, domain.PortalWrite):
		return fault.Input(fault.NotAllowed, "scopes", "A token that acts for an account has no other scopes than PORTAL_READ and PORTAL_WRITE.")
	case s.HasAny(domain.GatewayScope) && !s.Only(domain.GatewayScope):
		return fault.Input(fault.NotAllowed, "scopes", "A gateway's token has no other scopes.")
	case ofAccount && !account:
		return fault.Input(fault.Required, "accountId", "Name the account that the token acts for.")
	case !ofAccount && account:
		return fault.Input(fault.NotAllowed, "accountId", "Only a token with PORTAL_READ or PORTAL_WRITE acts for an account.")
	}
	return nil
}

func (svc *Service) createServiceToken(ctx context.Context, tx *change.Tx, in CreateServiceTokenInput, scopes domain.Scopes) (CreatedServiceToken, error) {
	if err := tx.Authorize(policy.CreateServiceToken(tx.OrganizationID())); err != nil {
		return CreatedServiceToken{}, err
	}
	var accountID *uuid.UUID
	if in.AccountID != nil {
		id, _ := nodeid.Decode(nodeid.Account, *in.AccountID)
		acc, err := lockAccountForShare(ctx, tx, id)
		if err != nil {
			return CreatedServiceToken{}, err
		}
		accountID = &acc.ID
	}
	secret, hash, hint := svc.machines.New()
	out, err := addServiceToken(ctx, tx, tx.ServiceToken.Create().SetName(in.Name).SetScopes(scopes.Names()).SetNillableAccountID(accountID).
		SetNillableExpiresAt(in.ExpiresAt).SetNillableExpiryNotice(lifecycle.ExpiryNotice(tx.Now, in.ExpiresAt)).
		SetTokenHash(hash).SetHint(hint))
	if err != nil {
		return CreatedServiceToken{}, change.Taken(err, "name", "A service token of the organization has this name, or had it before it was revoked, and names are not used twice.")
	}
	return CreatedServiceToken{ServiceToken: out, Secret: secret}, nil
}

func checkIdempotencyKey(key *string) error {
	if key == nil {
		return nil
	}
	return input.CheckName("idempotencyKey", *key)
}

// addServiceToken stores a service token and records its event.
func addServiceToken(ctx context.Context, tx *change.Tx, c *db.ServiceTokenCreate) (*db.ServiceToken, error) {
	out, err := c.SetOrganizationID(tx.OrganizationID()).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	var account *string
	if out.AccountID != nil {
		account = new(nodeid.Encode(nodeid.Account, *out.AccountID))
	}
	tx.Record(serviceTokenEvent(eventlog.ServiceTokenCreated, out, change.Attributes("name", out.Name, "scopes", ScopesOf(out).List(), "account", account,
		"expiresAt", out.ExpiresAt, "products", input.ListedProducts(out.ProductIds), "environment", out.Environment)))
	return out, nil
}

// ServiceTokenExpiring returns the event that a token expires soon.
func ServiceTokenExpiring(t *db.ServiceToken) eventlog.Entry {
	return serviceTokenEvent(eventlog.ServiceTokenExpiring, t, []domain.Change{{Field: "expiresAt", After: domain.Text(t.ExpiresAt)}})
}

// replayServiceToken returns what an earlier request created, without the token itself.
func (svc *Service) replayServiceToken(ctx context.Context, m change.Created) (CreatedServiceToken, error) {
	found, err := svc.entities.ServiceTokensByID(ctx, []uuid.UUID{m.First}, nil)
	if err == nil && found[m.First] == nil {
		err = fault.NotFound()
	}
	return CreatedServiceToken{ServiceToken: found[m.First], Replayed: true}, err
}

// RevokeServiceToken permanently revokes a service token. A revoked one is returned
// unchanged.
func (svc *Service) RevokeServiceToken(ctx context.Context, id string, reason *string) (*db.ServiceToken, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return nil, err
	}
	tokenID, err := input.DecodeID(nodeid.ServiceToken, id)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.ServiceToken, error) {
		if err := tx.Authorize(policy.RevokeServiceToken(tx.OrganizationID())); err != nil {
			return nil, err
		}
		t, err := change.LockRowForUpdate(ctx, tx, tx.ServiceToken, tokenID)
		if err != nil {
			return nil, err
		}
		return revokeServiceToken(ctx, tx, t, input.OrZero(reason))
	})
}

// revokeServiceToken revokes a token that is locked; a revoked one is returned unchanged.
func revokeServiceToken(ctx context.Context, tx *change.Tx, t *db.ServiceToken, reason string) (*db.ServiceToken, error) {
	if t.RevokedAt != nil {
		return t, nil
	}
	e := serviceTokenEvent(eventlog.ServiceTokenRevoked, t, []domain.Change{{Field: "revokedAt", After: domain.Text(tx.Now)}})
	e.Reason = reason
	tx.Record(e)
	return tx.ServiceToken.UpdateOne(t).SetRevokedAt(tx.Now).SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
}

// revokeTokensOf revokes the tokens that act for an account which is being deleted, in
// the order of their ids. It does so as Portico itself: whoever deletes the account need
// not see them.
func revokeTokensOf(ctx context.Context, tx *change.Tx, a *db.Account, reason string) error {
	ctx = viewer.AsSystem(ctx, a.OrganizationID)
	all, err := change.LockForUpdate(tx, tx.ServiceToken.Query().Where(servicetoken.AccountID(a.ID), servicetoken.RevokedAtIsNil())).All(ctx)
	if err != nil {
		return err
	}
	for _, t := range all {
		if _, err := revokeServiceToken(ctx, tx, t, reason); err != nil {
			return err
		}
	}
	return nil
}

// ScopesOf returns what a service token may do.
func ScopesOf(t *db.ServiceToken) domain.Scopes {
	set, _ := domain.ScopesOf(t.Scopes)
	return set
}

// ServiceTokenStatus returns whether a token is accepted now.
func (svc *Service) ServiceTokenStatus(t *db.ServiceToken) domain.ServiceTokenStatus {
	switch {
	case t.RevokedAt != nil:
		return domain.TokenRevoked
	case t.ExpiresAt != nil && !t.ExpiresAt.After(svc.clock.Now()):
		return domain.TokenExpired
	}
	return domain.TokenActive
}

// serviceTokenEvent returns an event about a token. It is for administrators only, also
// if the token acts for an account: developers see what a token does, and no tokens.
func serviceTokenEvent(t eventlog.Type, x *db.ServiceToken, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.ServiceToken, SubjectID: x.ID, SubjectName: x.Name, Changes: changes}
}
