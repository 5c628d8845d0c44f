package fault_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/fault"
)

func TestAFaultKeepsItsCauseToItself(t *testing.T) {
	e := fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, io.EOF, "Try again.")
	wrapped := fmt.Errorf("around: %w", e)
	if got := fault.From(wrapped); got != e || got.Message != "Try again." || !errors.Is(got, io.EOF) {
		t.Errorf("found %+v", got)
	}
	if !fault.Is(wrapped, fault.CodeUnavailable) || fault.Is(wrapped, fault.CodeInternal) || fault.Is(io.EOF, fault.CodeInternal) || fault.Is(nil, "") {
		t.Error("Is is mistaken")
	}
	if text := e.Error(); !strings.Contains(text, "EOF") || !strings.Contains(text, "UNAVAILABLE") {
		t.Errorf("the log reads %q", text)
	}
	if text := fault.New(fault.CodeForbidden, fault.ReasonRole, "No.").Error(); text != "FORBIDDEN: No." {
		t.Errorf("the log reads %q", text)
	}
}

func TestWhatIsUnknownIsInternalAndHidden(t *testing.T) {
	secret := errors.New("pq: password authentication failed")
	e := fault.From(secret)
	if e.Code != fault.CodeInternal || e.Reason != fault.ReasonDefect || strings.Contains(e.Message, "pq") || !errors.Is(e, secret) {
		t.Errorf("became %+v", e)
	}
}

func TestShorthands(t *testing.T) {
	if e := fault.NotFound(); e.Code != fault.CodeNotFound || e.Reason != fault.ReasonUnknownObject || e.Message != fault.NotFound().Message {
		t.Errorf("missing is %+v", e)
	}
	if e := fault.StaleVersion(); e.Code != fault.CodeConflict || e.Reason != fault.ReasonStaleVersion {
		t.Errorf("stale is %+v", e)
	}
	if e := fault.Conflict("Late."); e.Code != fault.CodeConflict || e.Reason != fault.ReasonConcurrentChange || e.Message != "Late." {
		t.Errorf("lost is %+v", e)
	}
	if e := fault.RetryAfter(fault.CodeRateLimited, fault.ReasonSignInFailures, time.Minute, "Slowly."); e.Code != fault.CodeRateLimited || e.RetryAfter != time.Minute {
		t.Errorf("later is %+v", e)
	}
}

func TestProblems(t *testing.T) {
	i := fault.Input(fault.TooLong, "labels.0.key", "Too long.", fault.Param{Name: "max", Value: "63"})
	p := fault.Problems(fmt.Errorf("around: %w", i))
	if len(p) != 1 || p[0].Code != fault.TooLong || !slices.Equal(p[0].Field, []string{"labels", "0", "key"}) || p[0].Params[0].Value != "63" {
		t.Errorf("the problems are %+v", p)
	}
	if f := fault.Input(fault.Required, "", "Say something.").Problems[0].Field; f != nil {
		t.Errorf("no field is %v, and not null", f)
	}
	if fault.Problems(io.EOF) != nil || fault.Problems(nil) != nil || fault.Problems(fault.NotFound()) != nil {
		t.Error("problems were found where there are none")
	}
}

func TestCollect(t *testing.T) {
	a, b := fault.Input(fault.Required, "a", "A."), fault.Input(fault.Taken, "b", "B.")
	if err := fault.Collect(nil, nil); err != nil {
		t.Errorf("nothing became %v", err)
	}
	if err := fault.Collect(); err != nil {
		t.Errorf("nothing became %v", err)
	}
	err := fault.Collect(nil, a, nil, b)
	if p := fault.Problems(err); len(p) != 2 || p[0].Code != fault.Required || p[1].Code != fault.Taken || err.Error() != "A. B." {
		t.Errorf("collected %v", err)
	}
	if err := fault.Collect(a, io.EOF, b); err != io.EOF {
		t.Errorf("another error became %v", err)
	}
}
