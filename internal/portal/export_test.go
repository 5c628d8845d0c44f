package portal

import "context"

// ReplayOfNothing plays a mutation that found its idempotency key taken by a
// row that is gone when it is looked up.
func (p *Portal) ReplayOfNothing(ctx context.Context) error {
	key := "gone"
	_, err := p.idempotent(ctx, once{mutation: "createApp", key: &key}, func() error { return errReplay })
	return err
}
