package portal

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/idempotencykey"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/viewer"
)

// idempotencyLife is how long an idempotency key is remembered.
const idempotencyLife = 24 * time.Hour

// idempotentRequest identifies a mutation that may be sent again under an
// idempotency key.
type idempotentRequest struct {
	mutation string
	key      *string
	hash     []byte
}

// newIdempotentRequest hashes the input and the account it is for. The caller
// leaves the key out of the input, which contains no secret.
func newIdempotentRequest(ctx context.Context, mutation string, key *string, input any) (idempotentRequest, error) {
	if key == nil {
		return idempotentRequest{}, nil
	}
	if err := fault.Collect(checkName("idempotencyKey", *key)); err != nil {
		return idempotentRequest{}, err
	}
	raw, err := json.Marshal([]any{viewer.Current(ctx).AccountID, input})
	if err != nil {
		return idempotentRequest{}, err
	}
	sum := sha256.Sum256(raw)
	return idempotentRequest{mutation: mutation, key: key, hash: sum[:]}, nil
}

// createdIDs is the ids of the rows that the first request created.
type createdIDs struct{ first, second uuid.UUID }

// errReplay rolls back a change whose idempotency key was used before, or is
// being used.
var errReplay = errors.New("portal: the idempotency key was used before")

// findEarlier returns what an earlier request under the key created. Another
// input under the same key is a CONFLICT.
func (p *Portal) findEarlier(ctx context.Context, o idempotentRequest) (*createdIDs, error) {
	if o.key == nil {
		return nil, nil
	}
	row, err := p.client.IdempotencyKey.Query().Where(
		idempotencykey.UserID(viewer.Current(ctx).UserID), idempotencykey.Mutation(o.mutation), idempotencykey.Key(*o.key),
		idempotencykey.CreatedAtGT(p.clock.Now().Add(-idempotencyLife)),
	).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, publicError(err)
	}
	if string(row.InputHash) != string(o.hash) {
		return nil, fault.New(fault.CodeConflict, fault.ReasonIdempotencyKeyReused, "The idempotency key was used before with another input.")
	}
	return &createdIDs{first: row.ObjectID, second: deref(row.SecondID)}, nil
}

// rememberKey stores, within the change, what the request created. A concurrent
// request under the same key waits here for the first one, and returns
// errReplay.
func (c *change) rememberKey(ctx context.Context, o idempotentRequest, m createdIDs) error {
	if o.key == nil {
		return nil
	}
	if _, err := c.IdempotencyKey.Delete().Where(
		idempotencykey.UserID(c.viewer.UserID), idempotencykey.Mutation(o.mutation), idempotencykey.Key(*o.key),
		idempotencykey.CreatedAtLTE(c.now.Add(-idempotencyLife)),
	).Exec(ctx); err != nil {
		return err
	}
	create := c.IdempotencyKey.Create().SetOrganizationID(c.viewer.OrganizationID).SetUserID(c.viewer.UserID).
		SetMutation(o.mutation).SetKey(*o.key).SetInputHash(o.hash).SetObjectID(m.first).SetCreatedAt(c.now)
	if m.second != uuid.Nil {
		create.SetSecondID(m.second)
	}
	err := create.Exec(ctx)
	if _, taken := database.IsUnique(err); taken {
		return errReplay
	}
	return err
}

// idempotent creates something once per idempotency key. It returns what make
// has created or, by again, what an earlier request created. What make created
// is recognized by its random ids: a row that this same request left, when the
// result of its commit was lost, is not a replay.
func idempotent[T any](ctx context.Context, p *Portal, o idempotentRequest, make func(context.Context, *change) (T, createdIDs, error), again func(context.Context, createdIDs) (T, error)) (T, error) {
	var out, none T
	if m, err := p.findEarlier(ctx, o); m != nil || err != nil {
		return replay(ctx, p, m, err, again)
	}
	own := map[uuid.UUID]T{}
	err := p.change(ctx, func(ctx context.Context, c *change) error {
		v, m, err := make(ctx, c)
		if err != nil {
			return err
		}
		out, own[m.first] = v, v
		return c.rememberKey(ctx, o, m)
	})
	if err == nil {
		return out, nil
	}
	if o.key == nil {
		return none, err // rolled back
	}
	// Of concurrent requests, the later ones may have been refused because of
	// what the first one created.
	m, lost := p.findEarlier(ctx, o)
	if m != nil {
		if v, yes := own[m.first]; yes {
			return v, p.syncOrganization(ctx, viewer.Current(ctx).OrganizationID)
		}
		return replay(ctx, p, m, nil, again)
	}
	if errors.Is(err, errReplay) {
		// The conflicting row is gone: neither request created anything.
		if lost == nil {
			lost = fault.Conflict("Another request with this idempotency key was under way; try again.")
		}
		return none, lost
	}
	return none, err
}

// replay returns what an earlier request created, in its present state, once
// this node's key cache has applied that.
func replay[T any](ctx context.Context, p *Portal, m *createdIDs, err error, again func(context.Context, createdIDs) (T, error)) (out T, _ error) {
	if err != nil {
		return out, err
	}
	out, err = again(ctx, *m)
	if err != nil && !revealsState(err) {
		return out, err
	}
	if behind := p.syncOrganization(ctx, viewer.Current(ctx).OrganizationID); err == nil {
		err = behind
	}
	return out, err
}
