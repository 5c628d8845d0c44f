package gate

import (
	"context"
	"time"

	"portico/internal/clock"
)

// Start is New with a clock and a monotonic time of the test's.
func Start(ctx context.Context, o Options, c clock.Clock, mono func() time.Duration) (*Gate, error) {
	return start(ctx, o, c, mono)
}
