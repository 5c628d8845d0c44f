package gqlhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/backlog"
)

// answer is the response to one request. Data is encoded JSON; nil means
// that nothing was executed.
type answer struct {
	status int
	errors gqlerror.List
	data   []byte
	cost   *Cost
	// operation is the operation that ran, nil if the document was refused.
	// known reports whether its document was requested before.
	operation *ast.OperationDefinition
	known     bool
	// claim is the memory reserved for the data until it is written.
	claim *backlog.Claim
	// whole is the buffer that the operation's data was written to; it is used again
	// once the answer was sent. nil if nothing ran.
	whole *bytes.Buffer
}

// nullData is the data of an operation that started and has no result.
const nullData = "null"

// newAnswer returns the answer to an operation that ran.
func (h *Handler) newAnswer(data []byte, errs gqlerror.List) *answer {
	return &answer{errors: sortErrors(errs, h.options.Limits.Errors), data: data}
}

// refusedAnswer returns the answer to a well-formed HTTP request that GraphQL
// refused.
func (h *Handler) refusedAnswer(ctx context.Context, errs gqlerror.List) *answer {
	list := make(gqlerror.List, 0, len(errs))
	for _, err := range errs {
		list = append(list, h.present(ctx, err))
	}
	return h.newAnswer(nil, list)
}

// writeRefusal answers a request that was refused before it reached GraphQL.
func (h *Handler) writeRefusal(ctx context.Context, w http.ResponseWriter, mediaType string, no *refusal) {
	if no.allow != "" {
		w.Header().Set("Allow", no.allow)
	}
	if no.status == http.StatusRequestEntityTooLarge {
		w.Header().Set("Connection", "close")
	}
	if no.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	a := h.refusedAnswer(ctx, gqlerror.List{errorAt(no.err, nil)})
	a.status, a.cost = no.status, no.cost
	a.write(w, mediaType)
	h.observe(ctx, a)
}

// write sends the answer and releases its claim.
func (a *answer) write(w http.ResponseWriter, mediaType string) {
	defer a.claim.Leave()
	head, tail := a.frame()
	header := w.Header()
	header["Content-Type"] = []string{mediaType + "; charset=utf-8"}
	header["Content-Length"] = []string{strconv.Itoa(len(head) + len(a.data) + len(tail))}
	header["Cache-Control"] = []string{"no-store"}
	header["X-Content-Type-Options"] = []string{"nosniff"}
	header.Add("Vary", "Accept")
	a.cost.Headers(header)
	if seconds := a.retryAfter(); seconds > 0 {
		header.Set("Retry-After", strconv.Itoa(seconds))
	}
	w.WriteHeader(a.code(mediaType))
	var out io.Writer = w
	parts := [][]byte{head, a.data, tail}
	switch {
	case len(a.data) > maxDirectWrite:
		out = backlog.NewWriter(w)
	case a.whole != nil:
		// What does not fit into the connection's buffer is sent at once, so that
		// the tail would be a packet of its own.
		parts = [][]byte{head, append(a.data, tail...)}
	}
	// A failed write means that the client has gone; there is nobody to report
	// it to.
	for _, part := range parts {
		if _, err := out.Write(part); err != nil {
			return
		}
	}
}

// maxDirectWrite is the largest answer, in bytes, for which the server's write
// timeout suffices. Larger ones extend the deadline as they are read.
const maxDirectWrite = 64 << 10

// code returns the HTTP status: the refusal's own, or the one that the media
// type prescribes when nothing was executed.
func (a *answer) code(mediaType string) int {
	switch {
	case a.status != 0:
		return a.status
	case a.data == nil && mediaType == responseType:
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// frame returns the JSON that precedes and follows the data.
func (a *answer) frame() (head, tail []byte) {
	head = []byte{'{'}
	if len(a.errors) > 0 {
		head = append(append(head, `"errors":`...), encode(a.errors)...)
	}
	if a.data != nil {
		if len(a.errors) > 0 {
			head = append(head, ',')
		}
		head = append(head, `"data":`...)
	}
	return head, append(a.appendExtensions(tail), '}')
}

// appendExtensions appends the answer's extensions.
func (a *answer) appendExtensions(b []byte) []byte {
	if a.cost == nil {
		return b
	}
	return append(a.cost.append(append(b, `,"extensions":{"cost":`...)), '}')
}

// encode marshals what precedes the data. The values are the program's own, so
// it panics on failure, which is a defect.
func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
