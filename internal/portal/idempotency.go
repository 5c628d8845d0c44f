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

// idempotencyLife is how long a key of the client's choice is remembered.
const idempotencyLife = 24 * time.Hour

// idempotentRequest tells of a mutation that may be sent again under a key of the client's
// choice.
type idempotentRequest struct {
	mutation string
	key      *string
	hash     []byte
}

// newIdempotentRequest hashes the input, and the account it is for. It holds no secret, and
// its key is left out by the caller.
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

// createdIDs is what the first request made.
type createdIDs struct{ first, second uuid.UUID }

// errReplay ends a change whose key was used before, or is being used.
var errReplay = errors.New("portal: the idempotency key was used before")

// findEarlier finds what an earlier request under the key made. Another input
// under the same key is a CONFLICT.
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

// rememberKey notes, inside the change, what the request made. Whoever comes
// second waits here for the first, and gets errReplay.
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

// idempotent makes something once for its key: it gives what make has made, or,
// by again, what an earlier request made. The rows that make has made are known
// by their ids, which are random: a row that this very request left behind,
// when its commit was heard of no more, is no repetition.
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
		return none, err // whatever was in hand has not happened
	}
	// Of several at once the later ones may have been refused for what the
	// first has made.
	m, lost := p.findEarlier(ctx, o)
	if m != nil {
		if v, yes := own[m.first]; yes {
			return v, p.syncOrganization(ctx, viewer.Current(ctx).OrganizationID)
		}
		return replay(ctx, p, m, nil, again)
	}
	if errors.Is(err, errReplay) {
		// Without the row that was in the way nothing was made, here or there.
		if lost == nil {
			lost = fault.Conflict("Another request with this idempotency key was under way; try again.")
		}
		return none, lost
	}
	return none, err
}

// replay answers with what an earlier request made, as it is now: this node's
// gate goes by that, too.
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
