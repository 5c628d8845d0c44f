package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"portico/clients/go/gate/verdict"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/gateway"
)

const (
	// maxCost is the most that one call may take from its limits.
	maxCost = 1_000_000
	// maxBatchSize is the most requests in one batch.
	maxBatchSize = 100
	// maxBatches bounds the batches that are being answered or whose answers are being
	// read, maxBatchesPerToken those of one token; maxBatchesWaiting is how many may
	// wait for a short time.
	maxBatches, maxBatchesPerToken, maxBatchesWaiting = 256, 128, 1000
	// batchTimeout bounds a whole batch: its requests are verified one by one.
	batchTimeout = 5 * time.Second
)

// verify is POST /v1/verify: one request in JSON, one verdict.
func (d *Handler) verify(w http.ResponseWriter, r *http.Request, c *gateway.Caller) {
	k := d.begin()
	defer d.end(k)
	text, ok := d.text(w, r, k, c, mostVerifyBytes)
	if !ok {
		return
	}
	k.head.readHTTP(r.Header)
	d.verifyJSON(r.Context(), k, c, text)
	d.send(w, &k.answer)
}

// verifyJSON answers the request in a JSON body. The header may name the product
// instead; the body takes precedence.
func (d *Handler) verifyJSON(ctx context.Context, k *requestState, c *gateway.Caller, body string) {
	s := k.json
	s.reset(body)
	s.question(&k.question)
	s.end()
	if s.bad != nil {
		k.answer.invalid(s.bad)
		return
	}
	if k.question.Product == "" && len(k.head.product) > 0 {
		var bad *badInput
		if k.question.Product, bad = single(k.head.product, "X-Portico-Product"); bad != nil {
			k.answer.invalid(bad)
			return
		}
	}
	d.Verifier.Verify(ctx, c, &k.question, &k.verdict)
	k.buffer = appendVerdict(k.buffer[:0], c, &k.verdict)
	k.answer.json(k.buffer)
}

// verifyBatch is POST /v1/verify/batch: the verdicts in the order of the requests.
func (d *Handler) verifyBatch(w http.ResponseWriter, r *http.Request, c *gateway.Caller) {
	k := d.begin()
	defer d.end(k)
	text, ok := d.text(w, r, k, c, mostBatchBytes)
	if !ok {
		return
	}
	s := k.json
	s.reset(text)
	questions := s.questions()
	if s.bad != nil {
		d.invalid(w, s.bad)
		return
	}
	claim, ok := d.batches.Enter(r.Context(), c.Token.String(), 1)
	if !ok {
		d.retryLater(w, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, time.Second, "Too many batches are answered at the moment. Come again."))
		return
	}
	defer claim.Leave()
	ctx, cancel := context.WithTimeout(r.Context(), batchTimeout)
	defer cancel()
	out := append(k.buffer[:0], `{"results":[`...)
	for i := range questions {
		if i > 0 {
			out = append(out, ',')
		}
		k.verdict = verdict.Verdict{}
		d.Verifier.Verify(ctx, c, &questions[i], &k.verdict)
		out = appendVerdict(out, c, &k.verdict)
	}
	k.buffer = append(out, "]}"...)
	d.answer(w, k.buffer)
}

// answer writes a JSON body.
func (d *Handler) answer(w http.ResponseWriter, body []byte) {
	d.respond(w, func(a *answer) { a.json(body) })
}

// questions parses a batch.
func (s *jsonReader) questions() []gateway.Request {
	if !s.open('{', "", notObject) {
		return nil
	}
	if s.more('}') {
		if name := s.name(); s.bad == nil && name != "requests" {
			s.failUnknownField(name)
		}
	}
	var all []gateway.Request
	if s.open('[', "requests", "must be an array of 1 to 100 questions.") {
		for s.more(']') {
			if len(all) == maxBatchSize {
				s.fail("requests", "must be an array of 1 to 100 questions.")
				return nil
			}
			all = append(all, gateway.Request{})
			s.question(&all[len(all)-1])
			s.failIn("requests", len(all)-1)
		}
	}
	if s.bad == nil && len(all) == 0 {
		s.fail("requests", "must be an array of 1 to 100 questions.")
	}
	if s.more('}') {
		s.failUnknownField(s.name())
	}
	s.end()
	return all
}

// failIn adds the member of an array to a mistake.
func (s *jsonReader) failIn(array string, i int) {
	if s.bad != nil && s.bad.field != "" {
		s.bad.field = array + "." + strconv.Itoa(i) + "." + s.bad.field
	}
}

// failUnknownField refuses a field. It repeats the name only if it looks like one:
// it could be an API key.
func (s *jsonReader) failUnknownField(name string) {
	for i := range len(name) {
		if c := name[i] | 0x20; (c < 'a' || c > 'z') && name[i] != '_' || len(name) > 32 {
			s.fail("", "A field is not known.")
			return
		}
	}
	s.fail(name, "is not known.")
}

// fields records which fields of an object were present; a duplicate is a mistake,
// because two readers might use different ones.
type fields uint16

func (f *fields) once(s *jsonReader, bit int, name string) {
	if *f&(1<<bit) != 0 {
		s.fail(name, "is there twice.")
	}
	*f |= 1 << bit
}

// question parses one request. A null field counts as absent.
func (s *jsonReader) question(q *gateway.Request) {
	if !s.open('{', "", notObject) {
		return
	}
	var seen fields
	var key, pair bool
	for s.more('}') {
		switch name := s.name(); name {
		case "key":
			seen.once(s, 0, name)
			key = s.next() != 'n'
			q.RawKey = s.string(name)
		case "username":
			seen.once(s, 1, name)
			pair = pair || s.next() != 'n'
			q.Username = s.string(name)
		case "password":
			seen.once(s, 2, name)
			pair = pair || s.next() != 'n'
			q.Password = s.string(name)
		case "product":
			seen.once(s, 3, name)
			q.Product = s.string(name)
		case "app":
			seen.once(s, 4, name)
			q.App = s.string(name)
		case "method":
			seen.once(s, 5, name)
			q.Method = s.string(name)
		case "path":
			seen.once(s, 6, name)
			q.Path = s.string(name)
		case "ip":
			seen.once(s, 7, name)
			q.Address = s.address(name)
		case "cost":
			seen.once(s, 8, name)
			q.Cost = s.integer(name, 1, maxCost)
		default:
			s.failUnknownField(name)
		}
	}
	setPresented(q, key, pair)
}

// setPresented records how the API key of a JSON request was presented. Two keys,
// an empty one and half a pair are malformed: the gateway passes on what callers
// sent, so that this is a verdict on the caller.
func setPresented(q *gateway.Request, key, pair bool) {
	switch {
	case key:
		q.Presented, q.Malformed = domain.APIKey, pair || q.RawKey == ""
	case pair:
		q.Presented, q.Malformed = domain.Basic, q.Username == "" || q.Password == ""
	}
}

// address parses an IP address.
func (s *jsonReader) address(field string) netip.Addr {
	if s.null() {
		return netip.Addr{}
	}
	text := s.string(field)
	if s.bad != nil {
		return netip.Addr{}
	}
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		s.fail(field, "must be an IP address.")
		return netip.Addr{}
	}
	return address.Unmap()
}
