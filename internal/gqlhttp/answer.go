package gqlhttp

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/backlog"
)

// answer is a response in the making. Data is JSON already and is written as
// it is, never copied; nil means that nothing was run.
type answer struct {
	status int
	errors gqlerror.List
	data   []byte
	cost   *Cost
	// operation is what ran; nil where the document was refused. known says
	// that its document was asked before.
	operation *ast.OperationDefinition
	known     bool
	// claim is the room that the data takes until it is written.
	claim *backlog.Claim
}

// nullData is the data of an operation that began and has none.
var nullData = []byte("null")

// collect makes the answer to an operation that ran.
func (h *Handler) collect(data []byte, errs gqlerror.List) *answer {
	return &answer{errors: arrange(errs, h.options.Limits.Errors), data: data}
}

// refused is the answer to a request that was well-formed HTTP and no more.
func (h *Handler) refused(ctx context.Context, errs gqlerror.List) *answer {
	list := make(gqlerror.List, 0, len(errs))
	for _, err := range errs {
		list = append(list, h.present(ctx, err))
	}
	return h.collect(nil, list)
}

// refuse answers a request that never became GraphQL.
func (h *Handler) refuse(ctx context.Context, w http.ResponseWriter, mediaType string, no *refusal) {
	if no.allow != "" {
		w.Header().Set("Allow", no.allow)
	}
	if no.status == http.StatusRequestEntityTooLarge {
		w.Header().Set("Connection", "close")
	}
	if no.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	a := h.refused(ctx, gqlerror.List{located(no.err, nil)})
	a.status, a.cost = no.status, no.cost
	a.write(w, mediaType)
	h.observe(ctx, a)
}

// write sends the answer and gives back the room that it took.
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
	if seconds := a.later(); seconds > 0 {
		header.Set("Retry-After", strconv.Itoa(seconds))
	}
	w.WriteHeader(a.code(mediaType))
	var out io.Writer = w
	if len(a.data) > atOnce {
		out = backlog.NewWriter(w)
	}
	// A client that left is nobody to report an error to.
	for _, part := range [][]byte{head, a.data, tail} {
		if _, err := out.Write(part); err != nil {
			return
		}
	}
}

// atOnce is the most bytes for which the server's own bound is long enough.
const atOnce = 64 << 10

// code is the HTTP status: that of the refusal, or, when nothing was run, what
// the media type asks for.
func (a *answer) code(mediaType string) int {
	switch {
	case a.status != 0:
		return a.status
	case a.data == nil && mediaType == responseType:
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// frame is the JSON before and after the data.
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
	return head, append(a.around(tail), '}')
}

// around writes the answer's extensions.
func (a *answer) around(b []byte) []byte {
	if a.cost == nil {
		return b
	}
	return append(a.cost.append(append(b, `,"extensions":{"cost":`...)), '}')
}

// encode marshals what goes before the data. It comes from the program's own
// code, so a failure is a defect and panics.
func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
