package door

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

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
	question gateway.Request
	verdict  verdict.Verdict
	// buffer is what the body is read into, and then what is written from.
	buffer []byte
}

func (d *door) begin() *work {
	if kept, ok := d.works.Get().(*work); ok {
		return kept
	}
	return &work{buffer: make([]byte, 0, 1<<10)}
}

// end wipes what was read, which holds keys, and keeps the room.
func (d *door) end(k *work) {
	if cap(k.buffer) > keptBuffer {
		return
	}
	clear(k.buffer[:cap(k.buffer)])
	*k = work{buffer: k.buffer[:0]}
	d.works.Put(k)
}

// text reads a JSON body of at most so many bytes. On failure it has answered.
func (d *door) text(w http.ResponseWriter, r *http.Request, k *work, most int) (text string, ok bool) {
	if !isJSON(r.Header["Content-Type"]) {
		d.problem(w, http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Send a body of the type application/json.")
		return "", false
	}
	if r.ContentLength > int64(most) {
		d.tooLarge(w)
		return "", false
	}
	body, err := readAll(r.Body, k.buffer[:0], most)
	k.buffer = body[:0]
	switch {
	case errors.Is(err, errTooLarge):
		d.tooLarge(w)
		return "", false
	case err != nil:
		d.problem(w, http.StatusBadRequest, codeInvalid, "The body ended too soon.")
		return "", false
	case !utf8.Valid(body):
		d.problem(w, http.StatusBadRequest, codeInvalid, "The body is not UTF-8.")
		return "", false
	}
	return string(body), true
}

func (d *door) tooLarge(w http.ResponseWriter) {
	w.Header().Set("Connection", "close") // rather than read the rest of it
	d.problem(w, http.StatusRequestEntityTooLarge, "TOO_LARGE", "The body is too large.")
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

// isJSON tells whether the one content type is JSON, whatever its parameters.
func isJSON(types []string) bool {
	if len(types) != 1 {
		return false
	}
	if types[0] == "application/json" {
		return true
	}
	plain, _, _ := strings.Cut(types[0], ";")
	return strings.EqualFold(strings.TrimSpace(plain), "application/json")
}
