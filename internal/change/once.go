package change

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

// IdempotencyLife is how long an idempotency key is remembered.
const IdempotencyLife = 24 * time.Hour

// Request identifies a mutation that may be sent again under an idempotency key.
// The zero value is a request without a key.
type Request struct {
	mutation string
	key      *string
	hash     []byte
}

// NewRequest hashes the input and the account it is for. The caller has checked
// the key, and leaves it out of the input, which contains no secret. Without a
// key it returns the zero value.
func NewRequest(ctx context.Context, mutation string, key *string, input any) (Request, error) {
	if key == nil {
		return Request{}, nil
	}
	raw, err := json.Marshal([]any{viewer.Current(ctx).AccountID, input})
	if err != nil {
		return Request{}, err
	}
	sum := sha256.Sum256(raw)
	return Request{mutation: mutation, key: key, hash: sum[:]}, nil
}

// Created is the ids of the one or two rows that a request created.
type Created struct{ First, Second uuid.UUID }

// errReplay rolls back a change whose idempotency key was used before, or is
// being used.
var errReplay = errors.New("change: the idempotency key was used before")

// findEarlier returns what an earlier request under the key created. Another
// input under the same key is a CONFLICT.
func (r *Runner) findEarlier(ctx context.Context, q Request) (*Created, error) {
	if q.key == nil {
		return nil, nil
	}
	row, err := r.client.IdempotencyKey.Query().Where(
		idempotencykey.UserID(viewer.Current(ctx).UserID), idempotencykey.Mutation(q.mutation), idempotencykey.Key(*q.key),
		idempotencykey.CreatedAtGT(r.clock.Now().Add(-IdempotencyLife)),
	).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, PublicError(err)
	}
	if string(row.InputHash) != string(q.hash) {
		return nil, fault.New(fault.CodeConflict, fault.ReasonIdempotencyKeyReused, "The idempotency key was used before with another input.")
	}
	out := &Created{First: row.ObjectID}
	if row.SecondID != nil {
		out.Second = *row.SecondID
	}
	return out, nil
}

// remember stores, within the change, what the request created. A concurrent
// request under the same key waits here for the first one, and returns
// errReplay.
func (tx *Tx) remember(ctx context.Context, q Request, m Created) error {
	if q.key == nil {
		return nil
	}
	if _, err := tx.IdempotencyKey.Delete().Where(
		idempotencykey.UserID(tx.Viewer.UserID), idempotencykey.Mutation(q.mutation), idempotencykey.Key(*q.key),
		idempotencykey.CreatedAtLTE(tx.Now.Add(-IdempotencyLife)),
	).Exec(ctx); err != nil {
		return err
	}
	create := tx.IdempotencyKey.Create().SetOrganizationID(tx.Viewer.OrganizationID).SetUserID(tx.Viewer.UserID).
		SetMutation(q.mutation).SetKey(*q.key).SetInputHash(q.hash).SetObjectID(m.First).SetCreatedAt(tx.Now)
	if m.Second != uuid.Nil {
		create.SetSecondID(m.Second)
	}
	err := create.Exec(ctx)
	if _, taken := database.IsUnique(err); taken {
		return errReplay
	}
	return err
}

// Once is Write for something that is created once per idempotency key. It
// returns what f has created or, by again, what an earlier request created. What
// f created is recognized by its random ids: a row that this same request left,
// when the result of its commit was lost, is not a replay.
func Once[T any](ctx context.Context, r *Runner, q Request, f func(context.Context, *Tx) (T, Created, error), again func(context.Context, Created) (T, error)) (T, error) {
	var none T
	if m, err := r.findEarlier(ctx, q); m != nil || err != nil {
		return replay(ctx, r, m, err, again)
	}
	own := map[uuid.UUID]T{} // what each attempt created
	out, err := Write(ctx, r, func(ctx context.Context, tx *Tx) (T, error) {
		v, m, err := f(ctx, tx)
		if err != nil {
			return v, err
		}
		own[m.First] = v
		return v, tx.remember(ctx, q, m)
	})
	if err == nil || q.key == nil {
		return out, err
	}
	// Of concurrent requests, the later ones may have been refused because of
	// what the first one created.
	m, lost := r.findEarlier(ctx, q)
	if m != nil {
		if v, yes := own[m.First]; yes {
			return v, r.Sync(ctx, viewer.Current(ctx).OrganizationID)
		}
		return replay(ctx, r, m, nil, again)
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
func replay[T any](ctx context.Context, r *Runner, m *Created, err error, again func(context.Context, Created) (T, error)) (out T, _ error) {
	if err != nil {
		return out, err
	}
	out, err = again(ctx, *m)
	if err != nil && !revealsState(err) {
		return out, err
	}
	if behind := r.Sync(ctx, viewer.Current(ctx).OrganizationID); err == nil {
		err = behind
	}
	return out, err
}
