package httpapi

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"portico/internal/backlog"
	"portico/internal/gateway"
	"portico/internal/verdict"
)

const (
	mostVerifyBytes = 64 << 10
	mostBatchBytes  = 256 << 10
	mostUsageBytes  = 1 << 20
	// keptBuffer is the largest buffer that is used again.
	keptBuffer = 16 << 10
)

// work is what one question needs. It is used again: nothing that it holds may
// be kept by whoever is handed it.
type work struct {
	head     rawHead
	question gateway.Request
	verdict  verdict.Verdict
	answer   answer
	// buffer is what the body is read into, and then what is written from.
	buffer []byte
	// claim is the room that the body takes.
	claim *backlog.Claim
}

func (d *Handler) begin() *work {
	if kept, ok := d.works.Get().(*work); ok {
		return kept
	}
	k := &work{buffer: make([]byte, 0, 1<<10)}
	k.answer.set.buffer = make([]byte, 0, 1<<9)
	return k
}

// end wipes what was read, which holds keys, and keeps the room.
func (d *Handler) end(k *work) {
	k.claim.Leave()
	if cap(k.buffer) > keptBuffer {
		return
	}
	clear(k.buffer[:cap(k.buffer)])
	set := k.answer.set.buffer[:0]
	*k = work{buffer: k.buffer[:0]}
	k.answer.set.buffer = set
	d.works.Put(k)
}

// text reads a JSON body of at most so many bytes. On failure it has answered.
func (d *Handler) text(w http.ResponseWriter, r *http.Request, k *work, c *gateway.Caller, most int) (text string, ok bool) {
	if !isJSON(r.Header["Content-Type"]) {
		d.say(w, (*answer).wrongType)
		return "", false
	}
	if r.ContentLength > int64(most) {
		waitBeforeClosing(w, r)
		d.say(w, (*answer).tooLarge)
		return "", false
	}
	if k.claim, ok = d.makeRoom(w, r, c, most); !ok {
		return "", false
	}
	body, err := readAll(r.Body, k.buffer[:0], most)
	k.buffer = body[:0]
	switch {
	case errors.Is(err, errTooLarge):
		waitBeforeClosing(w, r)
		d.say(w, (*answer).tooLarge)
		return "", false
	case err != nil:
		d.say(w, (*answer).cutOff)
		return "", false
	}
	wholly(w, r)
	if !utf8.Valid(body) {
		d.say(w, (*answer).notUTF8)
		return "", false
	}
	return string(body), true
}

// waitBeforeClosing lets a client that is still sending see its answer: closing
// at once would take that from it. net/http waits where its own limit was met.
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

// readAll reads up to most bytes into a buffer's room.
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

// isJSON reports whether the one content type is JSON, whatever its parameters.
func isJSON(types []string) bool {
	return len(types) == 1 && jsonBody(types[0])
}

func jsonBody(kind string) bool {
	if kind == "application/json" {
		return true
	}
	plain, _, _ := strings.Cut(kind, ";")
	return strings.EqualFold(strings.TrimSpace(plain), "application/json")
}
