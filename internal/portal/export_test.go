package portal

import "context"

// ReplayOfNothing plays a mutation that found its idempotency key taken by a
// row that is gone when it is looked up.
func (p *Portal) ReplayOfNothing(ctx context.Context) error {
	key := "gone"
	_, err := idempotent(ctx, p, idempotentRequest{mutation: "createApp", key: &key}, func(context.Context, *change) (int, createdIDs, error) {
		return 0, createdIDs{}, errReplay
	}, nil)
	return err
}

// AttemptLife is for tests, which compare it with what the limiter counts.
const AttemptLife = attemptLife

// Tells is for tests, which go through all codes.
func Tells(err error) bool { return revealsState(err) }
