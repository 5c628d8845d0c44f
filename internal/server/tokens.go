package server

import (
	"context"
	"time"

	"portico/internal/fault"
)

// usesEvery is how often it is stored when service tokens were last used.
const usesEvery = 5 * time.Second

// storeUses stores when service tokens were last used, until ctx ends. Outages of the
// database are reported elsewhere.
func (p *process) storeUses(ctx context.Context) {
	tick := time.NewTicker(usesEvery)
	defer tick.Stop()
	for {
		last := false
		select {
		case <-ctx.Done():
			last = true
		case <-tick.C:
		}
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTime)
		if err := p.directory.StoreUses(limited); err != nil && !fault.Is(err, fault.CodeUnavailable) {
			p.log.WarnContext(ctx, "it could not be stored when service tokens were last used", "error", err)
		}
		cancel()
		if last {
			return
		}
	}
}
