package change

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/policy"
	"portico/internal/retention"
	"portico/internal/viewer"
)

// remembered returns how long an idempotency key is remembered.
func remembered() time.Duration { return retention.RuleOf("idempotency_keys").For }

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

// findEarlier returns what an earlier request under the key created; nil if there
// was none, or if the viewer may see nothing, which the change then refuses.
// Another input under the same key is a CONFLICT.
func (r *Runner) findEarlier(ctx context.Context, q Request) (*Created, error) {
	v := viewer.Current(ctx)
	if policy.ReachOf(v) == policy.Nothing {
		return nil, nil
	}
	var hash []byte
	var out Created
	var second uuid.NullUUID
	err := r.database.QueryRowContext(ctx, `SELECT input_hash, object_id, second_id FROM idempotency_keys
		WHERE organization_id = $1 AND user_id = $2 AND mutation = $3 AND key = $4 AND created_at > $5`,
		v.OrganizationID, v.PrincipalID(), q.mutation, *q.key, r.clock.Now().Add(-remembered())).Scan(&hash, &out.First, &second)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, PublicError(err)
	case !bytes.Equal(hash, q.hash):
		return nil, fault.New(fault.CodeConflict, fault.ReasonIdempotencyKeyReused, "The idempotency key was used before with another input.")
	}
	out.Second = second.UUID
	return &out, nil
}

// remember stores, within the change, what the request created. A concurrent
// request under the same key waits here for the first one, and returns
// errReplay.
func (tx *Tx) remember(ctx context.Context, q Request, m Created) error {
	v := tx.Viewer
	if _, err := tx.ExecContext(ctx, `DELETE FROM idempotency_keys WHERE user_id = $1 AND mutation = $2 AND key = $3 AND created_at <= $4`,
		v.PrincipalID(), q.mutation, *q.key, tx.Now.Add(-remembered())); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO idempotency_keys
		(id, organization_id, user_id, mutation, key, input_hash, object_id, second_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		id, v.OrganizationID, v.PrincipalID(), q.mutation, *q.key, q.hash, m.First, uuid.NullUUID{UUID: m.Second, Valid: m.Second != uuid.Nil}, tx.Now)
	if _, taken := database.IsUnique(err); taken {
		return errReplay
	}
	return err
}

// Once is Write for something that is created once per idempotency key. It
// returns what f has created or, by again, what an earlier request created. What
// f created is recognized by its random ids: a row that this same request left,
// when the result of its commit was lost, is not a replay.
//
// Parts of a transaction have no idempotency key.
func Once[T any](ctx context.Context, r *Runner, q Request, f func(context.Context, *Tx) (T, Created, error), again func(context.Context, Created) (T, error)) (T, error) {
	if q.key == nil {
		return Write(ctx, r, func(ctx context.Context, tx *Tx) (T, error) {
			v, _, err := f(ctx, tx)
			return v, err
		})
	}
	var none T
	if r.outer != nil {
		return none, errors.New("change: a part of a transaction has no idempotency key")
	}
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
	if err == nil {
		return out, nil
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
