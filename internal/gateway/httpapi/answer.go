package httpapi

import (
	"net/http"
	"strconv"

	"portico/internal/fault"
	"portico/internal/jsonbody"
)

// answer is a response, whichever server writes it.
type answer struct {
	status int
	// kind is the Content-Type of the body; "" if there is none.
	kind string
	body []byte
	set  headerSet
	// noStore forbids caches to store it; last closes the connection.
	noStore, last bool
}

const (
	jsonType    = "application/json"
	problemType = "application/problem+json"
)

// json sets a JSON body.
func (a *answer) json(body []byte) {
	a.status, a.kind, a.body = http.StatusOK, jsonType, body
}

// refuse sets a problem body that was encoded before.
func (a *answer) refuse(status int, body []byte) {
	a.status, a.kind, a.body, a.noStore = status, problemType, body, true
}

// problem sets a problem body. detail must contain nothing that the caller sent.
func (a *answer) problem(status int, code, detail string) {
	a.refuse(status, problemBody(status, code, detail))
}

// invalid sets the answer to a malformed request.
func (a *answer) invalid(bad *jsonbody.Mistake) {
	a.problem(http.StatusBadRequest, codeInvalid, bad.String())
}

// malformed sets the answer to what is not HTTP; the rest of the connection is not
// read.
func (a *answer) malformed() {
	a.last = true
	a.problem(http.StatusBadRequest, codeInvalid, "The request is malformed.")
}

// headTooLarge sets the answer to a head that is not read.
func (a *answer) headTooLarge() {
	a.last = true
	a.problem(http.StatusRequestHeaderFieldsTooLarge, codeInvalid, "The head of the request is too large.")
}

// unauthenticated sets the answer to a gateway whose token is unknown, or cannot
// be checked.
func (a *answer) unauthenticated(err *fault.Error) {
	if err.Code != fault.CodeUnauthenticated {
		a.retryLater(err)
		return
	}
	a.set.add("Www-Authenticate", `PorticoGatewayToken realm="portico"`)
	a.problem(http.StatusUnauthorized, string(fault.CodeUnauthenticated), err.Message)
}

// retryLater sets the answer to a request that may succeed later: something is
// unavailable, or was asked for too often.
func (a *answer) retryLater(err *fault.Error) {
	a.set.buffer = strconv.AppendInt(a.set.buffer, seconds(err.RetryAfter), 10)
	a.set.end("Retry-After")
	if err.Code == fault.CodeRateLimited {
		a.problem(http.StatusTooManyRequests, string(fault.CodeRateLimited), err.Message)
		return
	}
	a.problem(http.StatusServiceUnavailable, string(fault.CodeUnavailable), err.Message)
}

// internalError sets the answer to a defect of the server.
func (a *answer) internalError() {
	a.problem(http.StatusInternalServerError, string(fault.CodeInternal), fault.From(nil).Message)
}

// send writes an answer with net/http.
func (h *Handler) send(w http.ResponseWriter, a *answer) {
	header := w.Header()
	a.set.writeTo(header)
	if a.noStore {
		header["Cache-Control"] = h.noStore
	}
	switch a.kind {
	case "":
	case jsonType:
		header["Content-Type"] = h.json
	default:
		header["Content-Type"] = []string{a.kind}
	}
	if a.last {
		header["Connection"] = []string{"close"}
	}
	w.WriteHeader(a.status)
	if len(a.body) > 0 {
		_, _ = w.Write(a.body) // the caller may have gone
	}
}

// respond fills in an answer and writes it with net/http.
func (h *Handler) respond(w http.ResponseWriter, make func(a *answer)) {
	var a answer
	make(&a)
	h.send(w, &a)
}

// problem answers with what is wrong.
func (h *Handler) problem(w http.ResponseWriter, status int, code, detail string) {
	h.respond(w, func(a *answer) { a.problem(status, code, detail) })
}

func (h *Handler) invalid(w http.ResponseWriter, bad *jsonbody.Mistake) {
	h.respond(w, func(a *answer) { a.invalid(bad) })
}

func (h *Handler) retryLater(w http.ResponseWriter, err *fault.Error) {
	h.respond(w, func(a *answer) { a.retryLater(err) })
}

// unauthenticated responds to a gateway whose token is not valid.
func (h *Handler) unauthenticated(w http.ResponseWriter, err *fault.Error) {
	h.respond(w, func(a *answer) { a.unauthenticated(err) })
}
