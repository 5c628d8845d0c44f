package limits_test

import (
	"testing"
	"time"

	"portico/clients/go/gate/limits"
)

func TestRateLimitFields(t *testing.T) {
	rate := limits.Window{Limit: 100, Remaining: 99, ResetAt: noon().Add(time.Millisecond), Per: time.Minute}
	quota := limits.Window{Limit: 10000, Remaining: 9321, ResetAt: noon().Add(40111 * time.Second), Per: 24 * time.Hour}
	for name, c := range map[string]struct {
		answer        limits.Answer
		policy, state string
	}{
		"none":              {limits.Answer{}, "", ""},
		"both":              {limits.Answer{Rate: rate, Quota: quota}, `"rate";q=100;w=60, "quota";q=10000;w=86400`, `"rate";r=99;t=1, "quota";r=9321;t=40111`},
		"a rate":            {limits.Answer{Rate: rate}, `"rate";q=100;w=60`, `"rate";r=99;t=1`},
		"a quota":           {limits.Answer{Quota: quota}, `"quota";q=10000;w=86400`, `"quota";r=9321;t=40111`},
		"a second":          {limits.Answer{Rate: limits.Window{Limit: 1, ResetAt: noon(), Per: time.Second}}, `"rate";q=1;w=1`, `"rate";r=0;t=0`},
		"no whole second":   {limits.Answer{Rate: limits.Window{Limit: 1, ResetAt: noon(), Per: time.Millisecond}}, `"rate";q=1`, `"rate";r=0;t=0`},
		"over, and long so": {limits.Answer{Rate: limits.Window{Limit: 1, Remaining: -3, ResetAt: noon().Add(-time.Hour), Per: time.Second}}, `"rate";q=1;w=1`, `"rate";r=0;t=0`},
		"16 digits": {limits.Answer{Quota: limits.Window{Limit: 1 << 62, Remaining: 1e15, ResetAt: noon()}},
			`"quota";q=999999999999999`, `"quota";r=999999999999999;t=0`},
	} {
		want(t, name+": policy", string(c.answer.AppendPolicy([]byte("#"))), "#"+c.policy)
		want(t, name+": state", string(c.answer.AppendState([]byte("#"), noon())), "#"+c.state)
	}
}
