package httpapi

import (
	"errors"
	"io"
	"net/http"
	"unicode/utf8"

	"portico/clients/go/gate/verdict"
	"portico/internal/backlog"
	"portico/internal/gateway"
	"portico/internal/jsonbody"
)

const (
	mostVerifyBytes = 64 << 10
	mostBatchBytes  = 256 << 10
	mostUsageBytes  = 1 << 20
	// maxPooledBuffer is the largest buffer that is reused.
	maxPooledBuffer = 16 << 10
)

// requestState is the working memory of one request. It is pooled: callees must
// not keep anything in it.
type requestState struct {
	head     head
	question gateway.Request
	verdict  verdict.Verdict
	answer   answer
	// buffer receives the body, and then the answer.
	buffer []byte
	// claim is the memory claimed for the body.
	claim *backlog.Claim
	// json reads the body.
	json *jsonbody.Reader
}

func (h *Handler) begin() *requestState {
	if kept, ok := h.states.Get().(*requestState); ok {
		return kept
	}
	k := &requestState{buffer: make([]byte, 0, 1<<10), json: new(jsonbody.Reader)}
	k.answer.set.buffer = make([]byte, 0, 1<<9)
	return k
}

// end wipes what was read, which contains API keys, and returns the memory to the
// pool.
func (h *Handler) end(k *requestState) {
	k.claim.Leave()
	if cap(k.buffer) > maxPooledBuffer {
		return
	}
	clear(k.buffer[:cap(k.buffer)])
	set := k.answer.set.buffer[:0]
	k.json.Reset("")
	*k = requestState{buffer: k.buffer[:0], json: k.json}
	k.answer.set.buffer = set
	h.states.Put(k)
}

// text reads a JSON body of up to most bytes. If ok is false, it has answered.
func (h *Handler) text(w http.ResponseWriter, r *http.Request, k *requestState, c *gateway.Caller, most int) (text string, ok bool) {
	if !jsonbody.IsJSON(r.Header["Content-Type"]) {
		h.respond(w, (*answer).wrongType)
		return "", false
	}
	if r.ContentLength > int64(most) {
		waitBeforeClosing(w, r)
		h.respond(w, (*answer).tooLarge)
		return "", false
	}
	if k.claim, ok = h.makeRoom(w, r, c, most); !ok {
		return "", false
	}
	body, err := readAll(r.Body, k.buffer[:0], most)
	k.buffer = body[:0]
	switch {
	case errors.Is(err, errTooLarge):
		waitBeforeClosing(w, r)
		h.respond(w, (*answer).tooLarge)
		return "", false
	case err != nil:
		h.respond(w, (*answer).cutOff)
		return "", false
	}
	expectWholeBody(w, r)
	if !utf8.Valid(body) {
		h.respond(w, (*answer).notUTF8)
		return "", false
	}
	return string(body), true
}

// waitBeforeClosing lets a client that is still sending read its answer: closing
// at once could discard it. net/http waits by itself where its own limit was
// exceeded.
func waitBeforeClosing(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Expect") == "" { // else nothing is sent yet
		_, _ = http.MaxBytesReader(w, r.Body, 0).Read(make([]byte, 1))
	}
}

func (a *answer) wrongType() {
	a.problem(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Send a body of the type application/json.")
}

func (a *answer) cutOff() {
	a.problem(http.StatusBadRequest, codeInvalid, "The body ended too soon.")
}

func (a *answer) notUTF8() {
	a.problem(http.StatusBadRequest, codeInvalid, "The body is not UTF-8.")
}

func (a *answer) tooLarge() {
	a.last = true // rather than read the rest of it
	a.problem(http.StatusRequestEntityTooLarge, "TOO_LARGE", "The body is too large.")
}

var errTooLarge = errors.New("too large")

// readAll reads up to most bytes into the capacity of a buffer.
func readAll(from io.Reader, into []byte, most int) ([]byte, error) {
	for {
		if len(into) > most {
			return into, errTooLarge
		}
		if len(into) == cap(into) {
			into = append(into, 0)[:len(into)]
		}
		n, err := from.Read(into[len(into):cap(into)])
		into = into[:len(into)+n]
		if err == io.EOF && len(into) <= most {
			return into, nil
		}
		if err != nil && err != io.EOF {
			return into, err
		}
	}
}
