package command

import (
	"context"
	"fmt"
)

type purgeCommand struct{}

// Help returns when it is needed.
func (purgeCommand) Help() string {
	return "Servers do this themselves every hour. Each organization says how long deleted apps and old events are kept."
}

// Run purges once.
func (purgeCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		gone, err := b.portal.Maintenance.Purge(ctx)
		if gone != nil {
			fmt.Fprintf(p.stderr, "Purged: %d apps, %d accounts, %d events, %d idempotency keys, %d sign-in attempts.\n",
				gone.Apps, gone.Accounts, gone.Events, gone.IdempotencyKeys, gone.SignInAttempts)
		}
		return err
	})
}
