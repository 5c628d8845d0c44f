package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/keyheader"
	"portico/clients/go/gate/verdict"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/jsonbody"
	"portico/internal/nodeid"
	"portico/internal/usage"
)

// Usage stores what gateways report: an *intake.Store.
type Usage interface {
	// Accept stores a batch once; replayed reports that it was stored already. The
	// error is fault.CodeBadUserInput for what a reporter may not report.
	Accept(ctx context.Context, by usage.Reporter, batchID string, calls []usage.Reported) (replayed bool, err error)
}

// reportTimeout bounds the storing of a batch.
const reportTimeout = 5 * time.Second

// report is POST /v1/usage: calls that a gateway decided on its own, and what the
// API behind it answered. A batch that is sent again is counted once.
func (h *Handler) report(w http.ResponseWriter, r *http.Request, c *gateway.Caller) {
	k := h.begin()
	defer h.end(k)
	text, ok := h.text(w, r, k, c, mostUsageBytes)
	if !ok {
		return
	}
	k.json.Reset(text)
	s := reportReader{Reader: k.json, organization: c.Organization}
	id, calls := s.batch()
	if s.Mistake() != nil {
		h.invalid(w, s.Mistake())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), reportTimeout)
	defer cancel()
	replayed, err := h.Usage.Accept(ctx, usage.Reporter{Organization: c.Organization, Products: c.Products, Environment: c.Environment}, id, calls)
	switch {
	case err != nil:
		h.refuseReport(w, r, err)
	case replayed:
		h.answer(w, []byte(`{"replayed":true}`))
	default:
		for i := range calls {
			if calls[i].Code != "" {
				c.Reported(calls[i].Code, calls[i].At, calls[i].Calls)
			}
		}
		h.answer(w, []byte(`{"replayed":false}`))
	}
}

// refuseReport answers what the gateway can correct; after any other error it may
// retry, which counts nothing twice.
func (h *Handler) refuseReport(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.From(err)
	if f.Code == fault.CodeBadUserInput {
		h.problem(w, http.StatusBadRequest, codeInvalid, f.Message)
		return
	}
	h.Log.WarnContext(r.Context(), "a report of calls could not be stored", "error", err)
	h.retryLater(w, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonDatabase, max(time.Second, f.RetryAfter), "The report cannot be stored now. Send the same batch again."))
}

// reportReader parses a batch of reports. Usage checks the contents.
type reportReader struct {
	*jsonbody.Reader
	organization uuid.UUID
}

func (r *reportReader) batch() (id string, calls []usage.Reported) {
	if !r.Open('{', "", jsonbody.NotObject) {
		return "", nil
	}
	var seen jsonbody.Fields
	for r.More('}') {
		switch name := r.Name(); name {
		case "batch":
			seen.Once(r.Reader, 0, name)
			id = r.Text(name)
		case "calls":
			seen.Once(r.Reader, 1, name)
			calls = r.calls()
		default:
			r.FailUnknownField(name)
		}
	}
	r.End()
	switch {
	case r.Mistake() != nil:
	case id == "" || len(id) > usage.MaxBatchID || !keyheader.Visible(id):
		r.Fail("batch", "must be 1 to 100 letters, digits and signs.")
	case len(calls) == 0:
		r.Fail("calls", "must be an array of 1 to 1000 reports.")
	}
	return id, calls
}

func (r *reportReader) calls() (all []usage.Reported) {
	const reason = "must be an array of 1 to 1000 reports."
	if !r.Open('[', "calls", reason) {
		return nil
	}
	for r.More(']') {
		if len(all) == usage.MaxReported {
			r.Fail("calls", reason)
			return nil
		}
		all = append(all, r.call())
		r.FailIn("calls", len(all)-1)
	}
	return all
}

// call parses one report. A null field counts as absent.
func (r *reportReader) call() (c usage.Reported) {
	c.Organization = r.organization
	if !r.Open('{', "", "Each report must be a JSON object.") {
		return c
	}
	var seen jsonbody.Fields
	for r.More('}') {
		r.member(&c, &seen, r.Name())
	}
	if r.Mistake() == nil && c.Calls > 0 && !c.InTime() {
		r.Fail("latencyMs", "must be at most 3600000 for each call.")
	}
	return c
}

func (r *reportReader) member(c *usage.Reported, seen *jsonbody.Fields, name string) {
	id := func(bit int, k nodeid.Kind, into *uuid.UUID) {
		seen.Once(r.Reader, bit, name)
		*into = r.node(name, k)
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
		seen.Once(r.Reader, 5, name)
		c.Code = r.code(name)
	case "statusClass":
		seen.Once(r.Reader, 6, name)
		c.StatusClass = int(r.Integer(name, 1, 5))
	case "latencyMs":
		seen.Once(r.Reader, 7, name)
		c.Latency = time.Duration(r.Integer(name, 0, usage.MaxLatency.Milliseconds())) * time.Millisecond
	case "calls":
		seen.Once(r.Reader, 8, name)
		c.Calls = r.Integer(name, 1, usage.MaxCalls)
	case "at":
		seen.Once(r.Reader, 9, name)
		c.At = r.time(name)
	default:
		r.FailUnknownField(name)
	}
}

// node parses an id of a kind, as in verdicts or in the feed.
func (r *reportReader) node(field string, k nodeid.Kind) uuid.UUID {
	if r.Null() {
		return uuid.Nil
	}
	text := r.Text(field)
	id, ok := nodeid.Decode(k, text)
	if !ok && len(text) == len(uuid.Nil.String()) {
		plain, err := uuid.Parse(text)
		id, ok = plain, err == nil
	}
	if !ok && r.Mistake() == nil {
		r.Fail(field, "must be the id of such an object.")
	}
	return id
}

func (r *reportReader) code(field string) string {
	if r.Null() {
		return ""
	}
	text := r.Text(field)
	if _, ok := verdict.ParseCode(text); !ok && r.Mistake() == nil {
		r.Fail(field, "must be a code of the gate.")
	}
	return text
}

func (r *reportReader) time(field string) time.Time {
	if r.Null() {
		return time.Time{}
	}
	text := r.Text(field)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil && r.Mistake() == nil {
		r.Fail(field, "must be a time of RFC 3339.")
	}
	return at.UTC()
}
