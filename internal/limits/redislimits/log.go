package redislimits

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// LogWith sends what the Redis library has to say to a log, as warnings; it
// would write plain lines to standard error. The library has one log for the
// whole process, so only the program itself calls this, before anything else.
// The log is asked for at each line, for it is chosen later.
func LogWith(log func() *slog.Logger) { redis.SetLogger(redisLog(log)) }

type redisLog func() *slog.Logger

// Printf logs a line.
func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l().WarnContext(ctx, "the Redis library", "says", fmt.Sprintf(format, v...))
}
