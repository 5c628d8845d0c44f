package httpapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"portico/internal/jsonbody"
	"portico/internal/usage"
)

// A report that is taken is JSON, says what a decoder of JSON reads in it, and
// lies within the bounds.
func FuzzReport(f *testing.F) {
	const good = `{"calls":2,"code":"VALID","at":"2026-03-04T12:00:00Z"}`
	for _, text := range []string{
		`{"batch":"edge/1","calls":[` + good + `]}`, `{"calls":[` + good + `,` + good + `],"batch":"a\u0062"}`, `{"batch":"x","calls":[]}`, `{"batch":"x","batch":"y","calls":[` + good + `]}`,
		`{"batch":"x","calls":[{"calls":1000000000,"latencyMs":100000000000,"statusClass":5,"at":"2026-03-04T12:00:00.123456789+02:00","app":null}]}`,
		`{"batch":"x","calls":[{"calls":1,"latencyMs":3600001,"statusClass":5,"at":"2026-03-04T12:00:00Z"}]}`, `{"batch":"x","calls":[{"calls":1e3}]}`,
		`{"batch":"x","calls":[{"credential":"00000000-0000-0000-0000-000000000001","calls":1}]}`, "", "{", `[]`, `{"batch":"x","calls":[{"calls":-0}]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := new(jsonbody.Reader)
		r.Reset(text)
		s := reportReader{Reader: r}
		id, calls := s.batch()
		if s.Mistake() != nil {
			return
		}
		var plain struct {
			Batch string
			Calls []struct {
				Calls, LatencyMs int64
				StatusClass      int
				Code             string
				At               time.Time
			}
		}
		if err := json.Unmarshal([]byte(text), &plain); err != nil {
			t.Fatalf("taken, and no JSON: %v", err)
		}
		if plain.Batch != id || len(plain.Calls) != len(calls) || len(calls) == 0 || len(calls) > usage.MaxReported || len(id) > usage.MaxBatchID || strings.ContainsAny(id, " \n") {
			t.Fatalf("%q of %d calls, and not %q of %d", id, len(calls), plain.Batch, len(plain.Calls))
		}
		for i, c := range calls {
			p := plain.Calls[i]
			if c.Calls != p.Calls || c.Latency.Milliseconds() != p.LatencyMs || c.StatusClass != p.StatusClass || c.Code != p.Code || !c.At.Equal(p.At) {
				t.Fatalf("call %d is %+v, and not %+v", i, c, p)
			}
			if c.Calls < 0 || c.Calls > usage.MaxCalls || c.Latency < 0 || c.Latency > usage.MaxLatency || c.Calls > 0 && !c.InTime() {
				t.Fatalf("call %d exceeds the bounds: %+v", i, c)
			}
		}
	})
}
