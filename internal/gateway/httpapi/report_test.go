package httpapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/usage"
)

func TestReport(t *testing.T) { onBoth(t, tryReport) }

func tryReport(t *testing.T, b *testServer) {
	t.Helper()
	node := nodeid.Encode
	body := fmt.Sprintf(`{"batch":"edge-1/42","calls":[
		{"credential":%q,"app":%q,"account":%q,"product":%q,"endpoint":%q,"code":"VALID","statusClass":2,"latencyMs":1500,"calls":3,"at":"2026-03-04T13:59:00+02:00"},
		{"code":"NOT_FOUND","calls":1,"at":"2026-03-04T12:04:59Z","account":null}]}`,
		node(nodeid.Credential, id(1)), node(nodeid.App, id(2)), node(nodeid.Account, id(3)), node(nodeid.Product, id(4)), node(nodeid.Endpoint, id(7)))
	if a := b.send(t, "POST", "/v1/usage", body); a.status != 200 || a.body != `{"replayed":false}` {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := b.send(t, "POST", "/v1/usage", body); a.status != 200 || a.body != `{"replayed":true}` {
		t.Errorf("again: %d %s", a.status, a.body)
	}
	want := []usage.Reported{
		{Call: usage.Call{Organization: organization(), Credential: id(1), App: id(2), Account: id(3), Product: id(4), Endpoint: id(7), Code: "VALID"},
			At: noon().Add(-time.Minute), Calls: 3, StatusClass: 2, Latency: 1500 * time.Millisecond},
		{Call: usage.Call{Organization: organization(), Code: "NOT_FOUND"}, At: noon().Add(5*time.Minute - time.Second), Calls: 1},
	}
	if got := b.usage.batches["edge-1/42"]; !reflect.DeepEqual(got, want) {
		t.Errorf("stored %+v\nwant   %+v", got, want)
	}
}

func TestReportRefusesBadInput(t *testing.T) { onBoth(t, tryReportRefusesBadInput) }

func tryReportRefusesBadInput(t *testing.T, b *testServer) {
	t.Helper()
	call := func(more string) string {
		return `{"batch":"x","calls":[{"calls":1,"code":"VALID","at":"2026-03-04T12:00:00Z"},{` + more + `}]}`
	}
	good := `"calls":1,"code":"VALID","at":"2026-03-04T12:00:00Z"`
	many := func(n int) string {
		return `{"batch":"x","calls":[` + strings.TrimSuffix(strings.Repeat(`{`+good+`},`, n), ",") + `]}`
	}
	for body, field := range map[string]string{
		`{"calls":[{` + good + `}]}`: "batch", `{"batch":"","calls":[{` + good + `}]}`: "batch", `{"batch":7,"calls":[]}`: "batch",
		`{"batch":"` + strings.Repeat("a", 101) + `","calls":[{` + good + `}]}`: "batch", `{"batch":"a b","calls":[{` + good + `}]}`: "batch",
		`{"batch":"x"}`: "calls", `{"batch":"x","calls":[]}`: "calls", `{"batch":"x","calls":{}}`: "calls", many(1001): "calls",
		`{"batch":"x","calls":[],"colour":1}`: "colour", `{"batch":"x","batch":"y"}`: "batch",
		call(good + `,"colour":1`): "calls.1.colour", call(good + `,"app":"` + nodeid.Encode(nodeid.Account, id(1)) + `"`): "calls.1.app", call(good + `,"app":"` + id(1).String()[1:] + `"`): "calls.1.app",
		call(good + `,"credential":""`): "calls.1.credential", call(good + `,"calls":2`): "calls.1.calls",
		call(`"calls":0`): "calls.1.calls", call(`"calls":-1`): "calls.1.calls", call(`"calls":1.5`): "calls.1.calls",
		call(`"code":"FINE"`): "calls.1.code", call(`"code":""`): "calls.1.code",
		call(`"statusClass":6`): "calls.1.statusClass", call(`"statusClass":200`): "calls.1.statusClass", call(good + `,"latencyMs":-1`): "calls.1.latencyMs",
		call(good + `,"latencyMs":3600001`): "calls.1.latencyMs", call(`"calls":1000000000,"latencyMs":100000000001`): "calls.1.latencyMs", call(`"calls":1000000001`): "calls.1.calls",
		call(`"at":"yesterday"`): "calls.1.at", call(`"at":1`): "calls.1.at",
		`{"batch":"x","calls":[7]}`: "", `[]`: "", `{"batch":"x","calls":[{`: "", "": "",
	} {
		refused(t, b.send(t, "POST", "/v1/usage", body, "Content-Type", "", "Content-Type", "application/json"), body, http.StatusBadRequest, field)
	}
	if len(b.usage.batches) != 0 {
		t.Errorf("stored %v", b.usage.batches)
	}
	if a := b.send(t, "POST", "/v1/usage", many(1000)); a.status != 200 {
		t.Errorf("a thousand: %d %s", a.status, a.body)
	}
}

func TestReportsAtTheLimitsAreAccepted(t *testing.T) { onBoth(t, tryReportsAtTheLimitsAreAccepted) }

func tryReportsAtTheLimitsAreAccepted(t *testing.T, b *testServer) {
	t.Helper()
	const at = `,"at":"2026-03-04T12:00:00Z"`
	for i, call := range []string{
		`"calls":1000000000,"latencyMs":100000000000,"statusClass":5` + at, `"calls":1,"latencyMs":3600000,"statusClass":1` + at,
		`"calls":2,"latencyMs":7200000,"statusClass":1` + at, `"calls":1,"latencyMs":0,"code":"VALID"` + at,
	} {
		batch := strings.Repeat("~", usage.MaxBatchID-1) + fmt.Sprint(i)
		if a := b.send(t, "POST", "/v1/usage", `{"batch":"`+batch+`","calls":[{`+call+`}]}`); a.status != 200 || len(b.usage.batches[batch]) != 1 {
			t.Errorf("%s: %d %s", call, a.status, a.body)
		}
	}
	for field, call := range map[string]string{"latencyMs": `"calls":2,"latencyMs":7200001`, "statusClass": `"calls":1,"statusClass":0`} {
		a := b.send(t, "POST", "/v1/usage", `{"batch":"x","calls":[{`+call+at+`}]}`)
		refused(t, a, call, http.StatusBadRequest, "calls.0."+field)
	}
}

func TestReportCannotBeStored(t *testing.T) { onBoth(t, tryReportCannotBeStored) }

func tryReportCannotBeStored(t *testing.T, b *testServer) {
	t.Helper()
	body := `{"batch":"x","calls":[{"calls":1,"statusClass":5,"at":"2026-03-04T12:00:00Z"}]}`
	for _, c := range []struct {
		err    error
		status int
	}{
		{fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "Too old."), 400},
		{fault.New(fault.CodeConflict, fault.ReasonConcurrentChange, "Lost a race."), 503}, {fault.RetryAfter(fault.CodeUnavailable, fault.ReasonDatabase, time.Second, "Down."), 503}, {errors.New("pq: broken"), 503},
	} {
		b.usage.err = c.err
		a := b.send(t, "POST", "/v1/usage", body)
		refused(t, a, c.err.Error(), c.status, "")
		if (a.header.Get("Retry-After") != "") != (c.status == 503) || strings.Contains(a.body, "pq") {
			t.Errorf("%v: %v %s", c.err, a.header, a.body)
		}
	}
}

func TestReportsForOthersAppsAreRefused(t *testing.T) { onBoth(t, tryReportsForOthersAppsAreRefused) }

func tryReportsForOthersAppsAreRefused(t *testing.T, b *testServer) {
	t.Helper()
	a := b.send(t, "POST", "/v1/usage", `{"batch":"x","calls":[{"calls":1,"code":"VALID","at":"2026-03-04T12:00:00Z","app":"`+nodeid.Encode(nodeid.App, id(0xff))+`"}]}`)
	refused(t, a, "another organization's app", http.StatusBadRequest, "")
	if len(b.usage.batches) != 0 {
		t.Error("it was stored")
	}
}
