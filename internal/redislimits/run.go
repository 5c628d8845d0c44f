package redislimits

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

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
	outcome, err := parse(numbers, a, level)
	if err != nil {
		return 0, err
	}
	return outcome, nil
}

func parse(numbers []int64, a *limits.Ask, level *limits.Level) (limits.Outcome, error) {
	buckets, quotas := furtherOf(a)
	if len(numbers) != 4+len(buckets)+len(quotas) || numbers[0] < int64(limits.Passed) || numbers[0] > int64(limits.QuotaUnknown) {
		return 0, fmt.Errorf("asking Redis for limits: the script answered %v", numbers)
	}
	level.Key, level.App = limits.Debt(numbers[1]), limits.Debt(numbers[2])
	rest := numbers[3:]
	for n, i := range buckets {
		level.Further[i].Debt = limits.Debt(rest[n])
	}
	rest = rest[len(buckets):]
	level.Used = rest[0]
	for n, i := range quotas {
		level.Further[i].Used = rest[1+n]
	}
	return limits.Outcome(numbers[0]), nil
}

// furtherOf returns the places of the further rate limits and quotas of a call: most calls
// have none, and then the script gets none.
func furtherOf(a *limits.Ask) (buckets, quotas []int) {
	for i := range a.Further {
		if !a.Further[i].Rate.None() {
			buckets = append(buckets, i)
		}
		if !a.Further[i].Quota.None() {
			quotas = append(quotas, i)
		}
	}
	return buckets, quotas
}

// keys returns the names of the values. The organization in braces keeps them
// on one node of a Redis Cluster, as a script requires.
func keys(a *limits.Ask, level *limits.Level) []string {
	prefix := "portico:{" + a.Organization.String() + "}:"
	count := func(counter uuid.UUID, of *limits.Count) string {
		return prefix + "quota:" + counter.String() + ":" + strconv.FormatInt(of.Start.Unix(), 10)
	}
	buckets, quotas := furtherOf(a)
	out := append(make([]string, 0, 3+2*limits.MaxFurther), prefix+"key:"+a.Key.String(), prefix+"rate:"+a.AppCounter.String())
	for _, i := range buckets {
		out = append(out, prefix+"rate:"+a.Further[i].Counter.String())
	}
	out = append(out, count(a.QuotaCounter(), &level.Count))
	for _, i := range quotas {
		out = append(out, count(a.Further[i].Counter, &level.Further[i].Count))
	}
	return out
}

// arguments returns the script's ARGV, as documented in take.lua.
func arguments(a *limits.Ask, level *limits.Level, take bool) []any {
	buckets, quotas := furtherOf(a)
	cost := max(a.Cost, 1)
	out := append(make([]any, 0, 18), take, 2+len(buckets))
	out = appendRate(out, a.KeyRate, level.Key, cost)
	out = appendRate(out, a.AppRate, level.App, cost)
	for _, i := range buckets {
		out = appendRate(out, a.Further[i].Rate, level.Further[i].Debt, a.Further[i].CostOf(a))
	}
	out = appendQuota(out, a.Quota, &level.Count, cost, a.Continue)
	for _, i := range quotas {
		out = appendQuota(out, a.Further[i].Quota, &level.Further[i].Count, a.Further[i].CostOf(a), false)
	}
	return out
}

func appendRate(out []any, r limits.Rate, debt limits.Debt, cost int64) []any {
	if r.None() {
		return append(out, 0, 0, 0, 0, 0)
	}
	return append(out, r.Limit, r.Unit(), r.Capacity(), int64(debt), cost)
}

func appendQuota(out []any, q limits.Quota, of *limits.Count, cost int64, counts bool) []any {
	return append(out, max(q.Limit, 0), of.Used, of.Fresh, (of.Left + keepFor).Milliseconds(), cost, counts)
}
