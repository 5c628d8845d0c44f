package door

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"portico/internal/fault"
)

// codeInvalid is the code of requests that are malformed.
const codeInvalid = string(fault.BadUserInput)

// problem is a body of RFC 9457.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func problemBody(status int, code, detail string) []byte {
	body, _ := json.Marshal(problem{ // strings and a number are always marshalled
		Type: "urn:portico:code:" + code, Title: http.StatusText(status), Status: status, Code: code, Detail: detail,
	})
	return body
}

// problem answers with what is wrong. detail holds nothing of the caller's.
func (d *door) problem(w http.ResponseWriter, status int, code, detail string) {
	d.writeProblem(w, status, problemBody(status, code, detail))
}

func (d *door) writeProblem(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = []string{"application/problem+json"}
	h["Cache-Control"] = d.noStore
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may have gone
}

// invalid answers that a request is malformed, and where.
func (d *door) invalid(w http.ResponseWriter, bad *badInput) {
	d.problem(w, http.StatusBadRequest, codeInvalid, bad.String())
}

// String is the sentence about it.
func (b *badInput) String() string {
	if b.field == "" {
		return b.reason
	}
	return "The field " + b.field + " " + b.reason
}

// unavailable answers that coming again helps.
func (d *door) unavailable(w http.ResponseWriter, err *fault.Error) {
	w.Header().Set("Retry-After", strconv.FormatInt(seconds(err.RetryAfter), 10))
	d.problem(w, http.StatusServiceUnavailable, string(fault.Unavailable), err.Message)
}

// seconds is a time to wait in whole seconds, at least one.
func seconds(d time.Duration) int64 {
	return max(1, int64((d+time.Second-1)/time.Second))
}
