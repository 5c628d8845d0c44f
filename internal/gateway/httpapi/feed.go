package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/keyheader"
	"portico/internal/backlog"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/gateway/presence"
	"portico/internal/jsonbody"
)

const (
	// maxWait is the longest time that a poll may wait for a change.
	maxWait = 25 * time.Second
	// lineTimeout bounds the writing of one line of the feed.
	lineTimeout = 15 * time.Second
)

// instanceHeader is the header by which the instances of a gateway are told apart. It is
// no parameter, because servers refuse parameters that they do not know.
const instanceHeader = "X-Portico-Instance"

// feed is GET /v1/feed?after=&wait=: the changes of the organization after a
// position, one line of JSON each; without a position, the whole state. The last
// line has the position to continue from, even if nothing has changed. The answer
// is true as of the request: the node has read the log since. A body that is cut
// off has no end, so that it cannot be mistaken for a complete one.
func (h *Handler) feed(w http.ResponseWriter, r *http.Request, c *gateway.Caller) {
	after, wait, bad := readFeedQuery(r.URL.RawQuery)
	if bad != nil {
		h.invalid(w, bad)
		return
	}
	name, bad := readInstance(r.Header[instanceHeader])
	if bad != nil {
		h.invalid(w, bad)
		return
	}
	if after >= 0 {
		c.Follows(name, after)
	}
	out := &feedWriter{answer: w, control: http.NewResponseController(w), lines: json.NewEncoder(backlog.NewWriter(w))}
	out.extendDeadlines(wait + lineTimeout)
	err := h.Verifier.Feed(r.Context(), c, after, wait, out.line)
	switch {
	case err == nil && out.begun:
	case out.begun:
		panic(http.ErrAbortHandler)
	case errors.Is(err, gateway.ErrTooOld):
		h.problem(w, http.StatusGone, "TOO_OLD", "The log no longer reaches back to this position. Ask without one.")
	case fault.Is(err, fault.CodeUnauthenticated): // revoked while it waited
		h.unauthenticated(w, fault.From(err))
	case fault.Is(err, fault.CodeUnavailable):
		h.retryLater(w, fault.From(err))
	case r.Context().Err() != nil: // the gateway has gone
	default:
		h.Log.WarnContext(r.Context(), "the feed failed", "error", err)
		h.retryLater(w, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonDatabase, time.Second, "The feed cannot be read now. Try again."))
	}
}

// feedWriter writes lines, with a deadline for each.
type feedWriter struct {
	answer  http.ResponseWriter
	control *http.ResponseController
	lines   *json.Encoder
	begun   bool
}

func (f *feedWriter) line(c *keycache.Change) error {
	if !f.begun {
		h := f.answer.Header()
		h.Set("Content-Type", "application/x-ndjson")
		h.Set("Cache-Control", "no-store")
		f.begun = true
	}
	f.extendDeadlines(lineTimeout)
	return f.lines.Encode(c)
}

// extendDeadlines moves the deadlines. The one for reading must move too: when it
// passes, the server takes the client for gone. A writer without deadlines cannot
// be slow.
func (f *feedWriter) extendDeadlines(d time.Duration) {
	at := time.Now().Add(d)
	_ = f.control.SetWriteDeadline(at)
	_ = f.control.SetReadDeadline(at)
}

// readInstance returns the name of the instance; "" if it gives none.
func readInstance(values []string) (string, *jsonbody.Mistake) {
	name, bad := single(values, instanceHeader)
	if bad == nil && (len(name) > presence.MaxInstanceName || name != "" && !keyheader.Visible(name)) {
		bad = &jsonbody.Mistake{Field: instanceHeader, Reason: "must be 1 to 64 letters, digits and signs."}
	}
	return name, bad
}

// readFeedQuery parses after, -1 if absent, and wait.
func readFeedQuery(raw string) (after int64, wait time.Duration, bad *jsonbody.Mistake) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return 0, 0, &jsonbody.Mistake{Reason: "The query is malformed."}
	}
	after = -1
	for name, values := range query {
		switch name {
		case "after":
			after, err = strconv.ParseInt(values[0], 10, 64)
			if err != nil || after < 0 || len(values) > 1 {
				return 0, 0, &jsonbody.Mistake{Field: name, Reason: "must be a position: a whole number."}
			}
		case "wait":
			wait, err = time.ParseDuration(values[0])
			if err != nil || wait < 0 || wait > maxWait || len(values) > 1 {
				return 0, 0, &jsonbody.Mistake{Field: name, Reason: "must be a time from 0s to 25s."}
			}
		default:
			return 0, 0, &jsonbody.Mistake{Reason: "The query has a parameter that is not known: it takes after and wait."}
		}
	}
	return after, wait, nil
}
