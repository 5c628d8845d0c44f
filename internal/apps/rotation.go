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
	"portico/ent/db/credential"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// RotateKeyInput is the input of RotateKey.
type RotateKeyInput struct {
	CredentialID   string
	OverlapMinutes *int // nil: lifecycle.DefaultOverlap, or what is left of its life
	Reason         *string
	IdempotencyKey *string
}

// RotatedCredential is a new credential, and the one whose place it takes.
type RotatedCredential struct {
	CreatedCredential
	Predecessor *db.Credential
}

// RotateKey creates a credential that takes the place of an active one, which expires
// when the overlap ends. A credential has one successor at a time: another rotation is
// refused until that one is revoked.
func (svc *Service) RotateKey(ctx context.Context, in RotateKeyInput) (RotatedCredential, error) {
	if err := fault.Collect(checkOverlap(in.OverlapMinutes), input.CheckReason("reason", in.Reason)); err != nil {
		return RotatedCredential{}, err
	}
	key := in.IdempotencyKey
	in.IdempotencyKey = nil
	o, err := newRequest(ctx, "rotateKey", key, in)
	if err != nil {
		return RotatedCredential{}, err
	}
	return change.Once(ctx, svc.changes, o, func(ctx context.Context, tx *change.Tx) (RotatedCredential, change.Created, error) {
		out, err := svc.rotateCredential(ctx, tx, in)
		if err != nil {
			return out, change.Created{}, err
		}
		return out, change.Created{First: out.Credential.ID, Second: out.Predecessor.ID}, nil
	}, svc.replayRotation)
}

// replayRotation returns what an earlier request created, without the secret.
func (svc *Service) replayRotation(ctx context.Context, m change.Created) (RotatedCredential, error) {
	both, err := svc.entities.CredentialsByID(ctx, []uuid.UUID{m.First, m.Second}, nil)
	if err == nil && (both[m.First] == nil || both[m.Second] == nil) {
		err = fault.NotFound() // deleted meanwhile
	}
	return RotatedCredential{CreatedCredential{Credential: both[m.First], Replayed: true}, both[m.Second]}, err
}

func checkOverlap(minutes *int) error {
	if minutes == nil {
		return nil
	}
	return input.CheckRange("overlapMinutes", *minutes, 0, int(lifecycle.MaxOverlap/time.Minute))
}

func (svc *Service) rotateCredential(ctx context.Context, tx *change.Tx, in RotateKeyInput) (RotatedCredential, error) {
	old, owner, err := lockCredentialAndOwner(ctx, tx, in.CredentialID)
	if err != nil {
		return RotatedCredential{}, err
	}
	if err := authorizeRotation(ctx, tx, old); err != nil {
		return RotatedCredential{}, err
	}
	end, err := overlapEnd(tx.Now, old.ExpiresAt, in.OverlapMinutes)
	if err != nil {
		return RotatedCredential{}, err
	}
	c := newCredential{
		Name: old.Name, Labels: old.Labels, Environment: old.Environment, ExpiresAt: successorEnd(tx, old),
		Access: old.Access, Addresses: old.AllowedAddresses, RateLimit: old.RateLimit, Predecessor: &old.ID,
	}
	if c.Products, err = listedProducts(ctx, tx.AccessEntry, old.ID); err != nil {
		return RotatedCredential{}, err
	}
	var out RotatedCredential
	if out.Credential, out.Secret, err = svc.createCredential(ctx, tx, owner, c); err != nil {
		return RotatedCredential{}, err
	}
	out.Predecessor, err = endByRotation(ctx, tx, old, out.Credential.ID, end, input.OrZero(in.Reason))
	return out, err
}

// lockCredentialAndOwner locks a credential, and before it its app or account, as the
// deletion of these does.
func lockCredentialAndOwner(ctx context.Context, tx *change.Tx, id string) (*db.Credential, CredentialOwner, error) {
	keyID, err := input.DecodeID(nodeid.Credential, id)
	if err != nil {
		return nil, CredentialOwner{}, err
	}
	of, err := tx.Credential.Query().Where(credential.ID(keyID)).Select(credential.FieldAppID, credential.FieldAccountID).Only(ctx)
	if err != nil {
		return nil, CredentialOwner{}, err
	}
	if of.AppID != nil {
		_, err = change.LockRowForUpdate(ctx, tx, tx.App, *of.AppID, app.FieldID)
	} else {
		_, err = change.LockRowForShare(ctx, tx, tx.Account, of.AccountID, account.FieldID)
	}
	if err != nil {
		return nil, CredentialOwner{}, err
	}
	c, err := lockCredential(ctx, tx, id)
	if err != nil {
		return nil, CredentialOwner{}, err
	}
	return c, CredentialOwner{c.OrganizationID, c.AccountID, c.AppID}, nil
}

// authorizeRotation asks the policy about the rotation of a credential. A refusal
// because of its status, or because it is being rotated, is a problem of the input.
func authorizeRotation(ctx context.Context, tx *change.Tx, c *db.Credential) error {
	rotated, err := beingRotated(ctx, tx, c)
	if err != nil {
		return err
	}
	d := policy.Decide(tx.Viewer, toRotate(c, rotated))
	if d.Is(policy.Status) && c.Status == access.CredentialActive {
		return change.WrongStatus("credentialId", *d.Message, "BEING_ROTATED")
	}
	return credentialRefusal(c, d)
}

func toRotate(c *db.Credential, beingRotated bool) policy.Request {
	return policy.RotateCredential(c.OrganizationID, c.AccountID, c.Status, c.Environment, beingRotated)
}

// beingRotated reports whether a credential that the caller has locked has a successor
// that is not revoked.
func beingRotated(ctx context.Context, tx *change.Tx, c *db.Credential) (bool, error) {
	if c.SuccessorID == nil {
		return false, nil
	}
	return tx.Credential.Query().Where(credential.ID(*c.SuccessorID), credential.StatusNEQ(access.CredentialRevoked)).Exist(ctx)
}

// overlapEnd returns when an overlap of some minutes ends, nil for the default; not
// later than the credential expires.
func overlapEnd(now time.Time, expires *time.Time, minutes *int) (time.Time, error) {
	if minutes == nil {
		end := now.Add(lifecycle.DefaultOverlap)
		if expires != nil && expires.Before(end) {
			end = *expires
		}
		return end, nil
	}
	end := now.Add(time.Duration(*minutes) * time.Minute)
	if expires != nil && end.After(*expires) {
		left := strconv.Itoa(int(expires.Sub(now) / time.Minute))
		return end, fault.Input(fault.TooFar, "overlapMinutes", "The key itself expires in "+left+" minutes.", fault.Param{Name: "max", Value: left})
	}
	return end, nil
}

// unrotatedEnd returns when a credential would expire had it not been rotated; nil for
// never.
func unrotatedEnd(c *db.Credential) *time.Time {
	if c.RotatedAt != nil {
		return c.ExpiresUnrotatedAt
	}
	return c.ExpiresAt
}

// successorEnd returns the expiry of a credential's successor: it lives as long as the
// credential was to live, as far as the organization allows. nil stands for the longest
// life, or none.
func successorEnd(tx *change.Tx, c *db.Credential) *time.Time {
	own := unrotatedEnd(c)
	if own == nil {
		return nil
	}
	end := tx.Now.Add(own.Sub(c.CreatedAt))
	if latest := latestEnd(tx, c.Environment); latest != nil && end.After(*latest) {
		return latest
	}
	return &end
}

// endByRotation gives a credential its successor, and lets it expire when the overlap
// ends.
func endByRotation(ctx context.Context, tx *change.Tx, c *db.Credential, successor uuid.UUID, end time.Time, reason string) (*db.Credential, error) {
	var d change.Diff
	d.Add("expiresAt", c.ExpiresAt, end)
	d.Changes = append(d.Changes, SuccessorOf(&successor)...)
	e := CredentialEvent(eventlog.CredentialRotated, c, d.Changes)
	e.Reason = reason
	tx.Record(e)
	u := tx.Credential.UpdateOne(c).SetSuccessorID(successor).SetRotatedAt(tx.Now).SetNillableExpiresUnrotatedAt(unrotatedEnd(c))
	ending, err := setOverlap(u, tx.Now, end).AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	ending.Status = ending.Status.At(tx.Now, ending.ExpiresAt) // an overlap of 0 is over
	return ending, nil
}

// setOverlap sets when the overlap with a credential's successor ends, and from when on a
// use is told. The notices of other expiries would say that another key is needed.
func setOverlap(u *db.CredentialUpdateOne, rotated, end time.Time) *db.CredentialUpdateOne {
	u.SetExpiresAt(end).ClearExpiryRecordedAt().SetExpiryNotice(lifecycle.LastExpiryNotice())
	if from := lifecycle.StillUsedFrom(rotated, end); from != nil {
		return u.SetStillUsedFrom(*from)
	}
	return u.ClearStillUsedFrom()
}

// SuccessorOf returns what an event says of a credential's successor; nothing if it has
// none.
func SuccessorOf(successor *uuid.UUID) []domain.Change {
	return change.Attributes("successor", credentialID(successor))
}

// rotationsOf returns what an event says of the credential that took a credential's place,
// and of the one whose place it took.
func rotationsOf(c *db.Credential) []domain.Change {
	return append(change.Attributes("predecessor", credentialID(c.PredecessorID)), SuccessorOf(c.SuccessorID)...)
}

// credentialID returns the opaque id of a credential, for an event; nil for none.
func credentialID(id *uuid.UUID) any {
	if id == nil {
		return nil
	}
	return nodeid.Encode(nodeid.Credential, *id)
}
