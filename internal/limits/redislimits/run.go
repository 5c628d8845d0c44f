package redislimits

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"portico/internal/limits"
)

// keepFor is how long a quota's count outlives its period, for nodes whose
// clocks differ.
const keepFor = time.Hour

// run executes the script and puts what it answered into level.
func (l *Limiter) run(ctx context.Context, a *limits.Ask, level *limits.Level, take bool) (limits.Outcome, error) {
	// A caller that gives up says nothing about Redis: the call is short, and is
	// finished, so that what it took is known here.
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
	level.Key, level.Subscription, level.Used = limits.Debt(numbers[1]), limits.Debt(numbers[2]), numbers[3]
	return limits.Outcome(numbers[0]), nil
}

// keys names the three values. The organization in braces keeps them on one
// node of a Redis Cluster, as a script needs.
func keys(a *limits.Ask, level *limits.Level) []string {
	prefix := "portico:{" + a.Organization.String() + "}:"
	return []string{
		prefix + "key:" + a.Key.String(),
		prefix + "rate:" + a.Subscription.String(),
		prefix + "quota:" + a.QuotaCounter().String() + ":" + strconv.FormatInt(level.Start.Unix(), 10),
	}
}

// arguments are ARGV as take.lua says.
func arguments(a *limits.Ask, level *limits.Level, take bool) []any {
	out := make([]any, 0, 14)
	out = append(out, max(a.Cost, 1), take)
	out = appendRate(out, a.KeyRate, level.Key)
	out = appendRate(out, a.SubscriptionRate, level.Subscription)
	return append(out, max(a.Quota.Limit, 0), level.Used, level.Fresh, (level.Left + keepFor).Milliseconds())
}

func appendRate(out []any, r limits.Rate, debt limits.Debt) []any {
	if r.None() {
		return append(out, 0, 0, 0, 0)
	}
	return append(out, r.Limit, r.Unit(), r.Capacity(), int64(debt))
}
