package gate

import (
	"context"
	"time"

	"portico/internal/clock"
)

// Start is New with the test's clock and monotonic time.
func Start(ctx context.Context, o Options, c clock.Clock, mono func() time.Duration) (*Gate, error) {
	return start(ctx, o, c, mono)
}
