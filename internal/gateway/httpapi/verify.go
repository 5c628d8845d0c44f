package httpapi

import (
	"context"
	"net/http"
	"time"

	"portico/clients/go/gate/verdict"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/jsonbody"
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
func (h *Handler) verify(w http.ResponseWriter, r *http.Request, c *gateway.Caller) {
	k := h.begin()
	defer h.end(k)
	text, ok := h.text(w, r, k, c, mostVerifyBytes)
	if !ok {
		return
	}
	k.head.readHTTP(r.Header)
	h.verifyJSON(r.Context(), k, c, text)
	h.send(w, &k.answer)
}

// verifyJSON answers the request in a JSON body. The header may name the product
// instead; the body takes precedence.
func (h *Handler) verifyJSON(ctx context.Context, k *requestState, c *gateway.Caller, body string) {
	s := questionReader{k.json}
	s.Reset(body)
	s.question(&k.question)
	s.End()
	if s.Mistake() != nil {
		k.answer.invalid(s.Mistake())
		return
	}
	if k.question.Product == "" && len(k.head.product) > 0 {
		var bad *jsonbody.Mistake
		if k.question.Product, bad = single(k.head.product, "X-Portico-Product"); bad != nil {
			k.answer.invalid(bad)
			return
		}
	}
	h.Verifier.Verify(ctx, c, &k.question, &k.verdict)
	k.buffer = appendVerdict(k.buffer[:0], c, &k.verdict)
	k.answer.json(k.buffer)
}

// verifyBatch is POST /v1/verify/batch: the verdicts in the order of the requests.
func (h *Handler) verifyBatch(w http.ResponseWriter, r *http.Request, c *gateway.Caller) {
	k := h.begin()
	defer h.end(k)
	text, ok := h.text(w, r, k, c, mostBatchBytes)
	if !ok {
		return
	}
	s := questionReader{k.json}
	s.Reset(text)
	questions := s.questions()
	if s.Mistake() != nil {
		h.invalid(w, s.Mistake())
		return
	}
	claim, ok := h.batches.Enter(r.Context(), c.Token.String(), 1)
	if !ok {
		h.retryLater(w, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, time.Second, "Too many batches are answered at the moment. Try again."))
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
		h.Verifier.Verify(ctx, c, &questions[i], &k.verdict)
		out = appendVerdict(out, c, &k.verdict)
	}
	k.buffer = append(out, "]}"...)
	h.answer(w, k.buffer)
}

// answer writes a JSON body.
func (h *Handler) answer(w http.ResponseWriter, body []byte) {
	h.respond(w, func(a *answer) { a.json(body) })
}
