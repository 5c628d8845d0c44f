package redislimits

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"portico/clients/go/gate/limits"
)

// keepFor is how long Redis keeps a quota's count after its period, for nodes whose
// clocks differ.
const keepFor = time.Hour

// run executes the script, stores its answer in level and returns the outcome.
func (l *Limiter) run(ctx context.Context, a *limits.Ask, level *limits.Level, take bool) (limits.Outcome, error) {
	// The call is not canceled with ctx: a caller that gives up is no failure of
	// Redis. The call is short, and once finished, what it took is known here.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.timeout)
	defer cancel()
	numbers, err := l.script.Run(ctx, l.client, keys(a, level), arguments(a, level, take)...).Int64Slice()
	if err != nil {
		return 0, fmt.Errorf("asking Redis for limits: %w", err)
	}
	outcome, err := parse(numbers, level)
	if err != nil {
		return 0, err
	}
	return outcome, nil
}

func parse(numbers []int64, level *limits.Level) (limits.Outcome, error) {
	if len(numbers) != 4 || numbers[0] < int64(limits.Passed) || numbers[0] > int64(limits.QuotaUnknown) {
		return 0, fmt.Errorf("asking Redis for limits: the script answered %v", numbers)
	}
	level.Key, level.App, level.Used = limits.Debt(numbers[1]), limits.Debt(numbers[2]), numbers[3]
	return limits.Outcome(numbers[0]), nil
}

// keys returns the names of the three values. The organization in braces keeps them
// on one node of a Redis Cluster, as a script requires.
func keys(a *limits.Ask, level *limits.Level) []string {
	prefix := "portico:{" + a.Organization.String() + "}:"
	return []string{
		prefix + "key:" + a.Key.String(),
		prefix + "rate:" + a.AppCounter.String(),
		prefix + "quota:" + a.QuotaCounter().String() + ":" + strconv.FormatInt(level.Start.Unix(), 10),
	}
}

// arguments returns the script's ARGV, as documented in take.lua.
func arguments(a *limits.Ask, level *limits.Level, take bool) []any {
	out := make([]any, 0, 14)
	out = append(out, max(a.Cost, 1), take)
	out = appendRate(out, a.KeyRate, level.Key)
	out = appendRate(out, a.AppRate, level.App)
	return append(out, max(a.Quota.Limit, 0), level.Used, level.Fresh, (level.Left + keepFor).Milliseconds())
}

func appendRate(out []any, r limits.Rate, debt limits.Debt) []any {
	if r.None() {
		return append(out, 0, 0, 0, 0)
	}
	return append(out, r.Limit, r.Unit(), r.Capacity(), int64(debt))
}
