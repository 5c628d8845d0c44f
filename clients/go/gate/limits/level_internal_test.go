package limits

import (
	"testing"
	"time"
)

// The tighter limit is told: of a refused call the one that it waits longer for, of
// a passed one the one with fewer calls left, and then the one that is full later.
func TestTheTighterRate(t *testing.T) {
	second := func(limit, burst int) Rate { return Rate{Limit: limit, Per: time.Second, Burst: burst} }
	for name, c := range map[string]struct {
		key, subscription         Rate
		keyDebt, subscriptionDebt Debt
		cost                      int64
		refused, want             bool
	}{
		"the key waits longer":                 {second(1, 1), second(2, 1), 1e6, 1e6, 1, true, true},
		"the subscription waits longer":        {second(2, 1), second(1, 1), 1e6, 1e6, 1, true, false},
		"both wait as long":                    {second(1, 1), second(1, 1), 1e6, 1e6, 1, true, true},
		"the key never has room":               {second(9, 1), second(1, 9), 0, 9e6, 2, true, true},
		"the subscription never has room":      {second(1, 9), second(9, 1), 9e6, 0, 2, true, false},
		"neither ever has room":                {second(1, 1), second(1, 1), 0, 0, 2, true, true},
		"the key has fewer calls left":         {second(1, 5), second(1, 5), 3e6, 2e6, 1, false, true},
		"the subscription has fewer":           {second(1, 5), second(1, 5), 2e6, 3e6, 1, false, false},
		"as many left, the key full later":     {second(1, 5), second(2, 5), 3e6, 3e6, 1, false, true},
		"as many left, the other full later":   {second(2, 5), second(1, 5), 3e6, 3e6, 1, false, false},
		"as many left, both full at that time": {second(1, 5), second(1, 5), 3e6, 3e6, 1, false, true},
	} {
		l := Level{Key: c.keyDebt, App: c.subscriptionDebt}
		a := Ask{KeyRate: c.key, AppRate: c.subscription, Cost: c.cost}
		var out Answer
		l.answerRate(&a, c.refused, time.Time{}, &out)
		if got := out.RateOf == OfKey; got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// A call that exceeds the quota waits for the next period, unless it exceeds that, too.
func TestWaitOfAQuota(t *testing.T) {
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	l := Level{Count: Count{Start: now.Add(-time.Hour), End: now.Add(time.Hour), Used: 5, Known: true}}
	for cost, want := range map[int64]time.Duration{1: time.Hour, 5: time.Hour, 6: 0} {
		var out Answer
		l.answer(&Ask{Quota: Quota{Limit: 5}, Cost: cost}, QuotaExceeded, now, &out)
		if out.RetryAfter != want || out.Quota.Remaining != 0 {
			t.Errorf("a cost of %d: %+v", cost, out)
		}
	}
}
