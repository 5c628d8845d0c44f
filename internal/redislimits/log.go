package redislimits

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// LogWith sends the log lines of the Redis library to a log, as warnings; by default
// the library writes plain lines to standard error. It has one log for the whole
// process, so only the program itself calls LogWith, before anything else. log is
// called for each line, as the program chooses its log later.
func LogWith(log func() *slog.Logger) { redis.SetLogger(redisLog(log)) }

type redisLog func() *slog.Logger

// Printf logs a line.
func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l().WarnContext(ctx, "the Redis library", "says", fmt.Sprintf(format, v...))
}
