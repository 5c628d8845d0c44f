package httpapi

import (
	"net/http"
	"strconv"

	"portico/internal/fault"
)

// answer is what a door says, whichever server then writes it.
type answer struct {
	status int
	// kind is the type of the body; "" where there is none.
	kind string
	body []byte
	set  headerSet
	// noStore keeps caches from keeping it; last closes the connection.
	noStore, last bool
}

const (
	jsonType    = "application/json"
	problemType = "application/problem+json"
)

// json answers with a body of JSON.
func (a *answer) json(body []byte) {
	a.status, a.kind, a.body = http.StatusOK, jsonType, body
}

// refuse answers with a problem that was made before.
func (a *answer) refuse(status int, body []byte) {
	a.status, a.kind, a.body, a.noStore = status, problemType, body, true
}

// problem answers with what is wrong. detail holds nothing of the caller's.
func (a *answer) problem(status int, code, detail string) {
	a.refuse(status, problemBody(status, code, detail))
}

// invalid answers that a request is malformed, and where.
func (a *answer) invalid(bad *badInput) {
	a.problem(http.StatusBadRequest, codeInvalid, bad.String())
}

// malformed answers a request that is no HTTP; what follows it is not read.
func (a *answer) malformed() {
	a.last = true
	a.problem(http.StatusBadRequest, codeInvalid, "The request is malformed.")
}

// unbelieved answers a gateway whose token is not believed, or cannot be checked.
func (a *answer) unbelieved(err *fault.Error) {
	if err.Code != fault.CodeUnauthenticated {
		a.later(err)
		return
	}
	a.set.add("Www-Authenticate", `PorticoGatewayToken realm="portico"`)
	a.problem(http.StatusUnauthorized, string(fault.CodeUnauthenticated), err.Message)
}

// later answers that coming again helps: to what is unavailable, or was asked
// too often.
func (a *answer) later(err *fault.Error) {
	a.set.buffer = strconv.AppendInt(a.set.buffer, seconds(err.RetryAfter), 10)
	a.set.end("Retry-After")
	if err.Code == fault.CodeRateLimited {
		a.problem(http.StatusTooManyRequests, string(fault.CodeRateLimited), err.Message)
		return
	}
	a.problem(http.StatusServiceUnavailable, string(fault.CodeUnavailable), err.Message)
}

// broken answers that the server has a defect.
func (a *answer) broken() {
	a.problem(http.StatusInternalServerError, string(fault.CodeInternal), fault.From(nil).Message)
}

// send writes an answer by net/http.
func (d *Handler) send(w http.ResponseWriter, a *answer) {
	h := w.Header()
	a.set.writeTo(h)
	if a.noStore {
		h["Cache-Control"] = d.noStore
	}
	switch a.kind {
	case "":
	case jsonType:
		h["Content-Type"] = d.json
	default:
		h["Content-Type"] = []string{a.kind}
	}
	if a.last {
		h["Connection"] = []string{"close"}
	}
	w.WriteHeader(a.status)
	if len(a.body) > 0 {
		_, _ = w.Write(a.body) // the caller may have gone
	}
}

// say makes an answer and writes it by net/http.
func (d *Handler) say(w http.ResponseWriter, make func(a *answer)) {
	var a answer
	make(&a)
	d.send(w, &a)
}

// problem answers with what is wrong.
func (d *Handler) problem(w http.ResponseWriter, status int, code, detail string) {
	d.say(w, func(a *answer) { a.problem(status, code, detail) })
}

func (d *Handler) invalid(w http.ResponseWriter, bad *badInput) {
	d.say(w, func(a *answer) { a.invalid(bad) })
}

func (d *Handler) later(w http.ResponseWriter, err *fault.Error) {
	d.say(w, func(a *answer) { a.later(err) })
}

// stranger answers a gateway that is not believed.
func (d *Handler) stranger(w http.ResponseWriter, err *fault.Error) {
	d.say(w, func(a *answer) { a.unbelieved(err) })
}
