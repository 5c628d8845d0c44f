package portal

import "context"

// ReplayOfDeletedRow runs a mutation whose idempotency key was taken by a row
// that is deleted when it is looked up.
func (p *Portal) ReplayOfDeletedRow(ctx context.Context) error {
	key := "gone"
	_, err := idempotent(ctx, p, idempotentRequest{mutation: "createApp", key: &key}, func(context.Context, *change) (int, createdIDs, error) {
		return 0, createdIDs{}, errReplay
	}, nil)
	return err
}

// AttemptLife exports attemptLife, to be compared with the limiter's.
const AttemptLife = attemptLife

// RevealsState exports revealsState.
func RevealsState(err error) bool { return revealsState(err) }
