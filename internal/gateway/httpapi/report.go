package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/verdict"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/nodeid"
	"portico/internal/usage"
)

// Usage stores what gateways report: an *intake.Store.
type Usage interface {
	// Accept stores a batch once; replayed reports that it was stored already. The
	// error is fault.BadUserInput for what a reporter may not report.
	Accept(ctx context.Context, by usage.Reporter, batchID string, calls []usage.Reported) (replayed bool, err error)
}

// reportTimeout bounds the storing of a batch.
const reportTimeout = 5 * time.Second

// report is POST /v1/usage: calls that a gateway decided on its own, and what the
// API behind it answered. A batch that is sent again is counted once.
func (d *Handler) report(w http.ResponseWriter, r *http.Request, c *gateway.Caller) {
	k := d.begin()
	defer d.end(k)
	text, ok := d.text(w, r, k, c, mostUsageBytes)
	if !ok {
		return
	}
	k.json.reset(text)
	s := reportReader{jsonReader: k.json, organization: c.Organization}
	id, calls := s.batch()
	if s.bad != nil {
		d.invalid(w, s.bad)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), reportTimeout)
	defer cancel()
	replayed, err := d.Usage.Accept(ctx, usage.Reporter{Organization: c.Organization, Products: c.Products, Environment: c.Environment}, id, calls)
	switch {
	case err != nil:
		d.refuseReport(w, r, err)
	case replayed:
		d.answer(w, []byte(`{"replayed":true}`))
	default:
		d.answer(w, []byte(`{"replayed":false}`))
	}
}

// refuseReport answers what the gateway can correct; after any other error it may
// retry, which counts nothing twice.
func (d *Handler) refuseReport(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.From(err)
	if f.Code == fault.CodeBadUserInput {
		d.problem(w, http.StatusBadRequest, codeInvalid, f.Message)
		return
	}
	d.Log.WarnContext(r.Context(), "a report of calls could not be stored", "error", err)
	d.retryLater(w, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonDatabase, max(time.Second, f.RetryAfter), "The report cannot be stored now. Send the same batch again."))
}

// reportReader parses a batch of reports. Usage checks the contents.
type reportReader struct {
	*jsonReader
	organization uuid.UUID
}

func (s *reportReader) batch() (id string, calls []usage.Reported) {
	if !s.open('{', "", notObject) {
		return "", nil
	}
	var seen fields
	for s.more('}') {
		switch name := s.name(); name {
		case "batch":
			seen.once(s.jsonReader, 0, name)
			id = s.string(name)
		case "calls":
			seen.once(s.jsonReader, 1, name)
			calls = s.calls()
		default:
			s.failUnknownField(name)
		}
	}
	s.end()
	switch {
	case s.bad != nil:
	case id == "" || len(id) > usage.MaxBatchID || !visible(id):
		s.fail("batch", "must be 1 to 100 letters, digits and signs.")
	case len(calls) == 0:
		s.fail("calls", "must be an array of 1 to 1000 reports.")
	}
	return id, calls
}

func (s *reportReader) calls() (all []usage.Reported) {
	const reason = "must be an array of 1 to 1000 reports."
	if !s.open('[', "calls", reason) {
		return nil
	}
	for s.more(']') {
		if len(all) == usage.MaxReported {
			s.fail("calls", reason)
			return nil
		}
		all = append(all, s.call())
		s.failIn("calls", len(all)-1)
	}
	return all
}

// call parses one report. A null field counts as absent.
func (s *reportReader) call() (c usage.Reported) {
	c.Organization = s.organization
	if !s.open('{', "", "Each report must be a JSON object.") {
		return c
	}
	var seen fields
	for s.more('}') {
		s.member(&c, &seen, s.name())
	}
	if s.bad == nil && c.Calls > 0 && !c.InTime() {
		s.fail("latencyMs", "must be at most 3600000 for each call.")
	}
	return c
}

func (s *reportReader) member(c *usage.Reported, seen *fields, name string) {
	id := func(bit int, k nodeid.Kind, into *uuid.UUID) {
		seen.once(s.jsonReader, bit, name)
		*into = s.node(name, k)
	}
	switch name {
	case "credential":
		id(0, nodeid.Credential, &c.Credential)
	case "app":
		id(1, nodeid.App, &c.App)
	case "account":
		id(2, nodeid.Account, &c.Account)
	case "product":
		id(3, nodeid.Product, &c.Product)
	case "endpoint":
		id(4, nodeid.Endpoint, &c.Endpoint)
	case "code":
		seen.once(s.jsonReader, 5, name)
		c.Code = s.code(name)
	case "statusClass":
		seen.once(s.jsonReader, 6, name)
		c.StatusClass = int(s.integer(name, 1, 5))
	case "latencyMs":
		seen.once(s.jsonReader, 7, name)
		c.Latency = time.Duration(s.integer(name, 0, usage.MaxLatency.Milliseconds())) * time.Millisecond
	case "calls":
		seen.once(s.jsonReader, 8, name)
		c.Calls = s.integer(name, 1, usage.MaxCalls)
	case "at":
		seen.once(s.jsonReader, 9, name)
		c.At = s.time(name)
	default:
		s.failUnknownField(name)
	}
}

// node parses an id of a kind, as in verdicts or in the feed.
func (s *reportReader) node(field string, k nodeid.Kind) uuid.UUID {
	if s.null() {
		return uuid.Nil
	}
	text := s.string(field)
	id, ok := nodeid.Decode(k, text)
	if !ok && len(text) == len(uuid.Nil.String()) {
		plain, err := uuid.Parse(text)
		id, ok = plain, err == nil
	}
	if !ok && s.bad == nil {
		s.fail(field, "must be the id of such an object.")
	}
	return id
}

func (s *reportReader) code(field string) string {
	if s.null() {
		return ""
	}
	text := s.string(field)
	if _, ok := verdict.ParseCode(text); !ok && s.bad == nil {
		s.fail(field, "must be a code of the gate.")
	}
	return text
}

func (s *reportReader) time(field string) time.Time {
	if s.null() {
		return time.Time{}
	}
	text := s.string(field)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil && s.bad == nil {
		s.fail(field, "must be a time of RFC 3339.")
	}
	return at.UTC()
}
