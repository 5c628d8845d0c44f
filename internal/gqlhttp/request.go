package gqlhttp

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"portico/internal/fault"
)

// request is what a client sent, whichever way.
type request struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
}

// refusal ends a request before GraphQL sees it, with an HTTP status of its own.
type refusal struct {
	status int
	allow  string
	err    error
}

func refuse(status int, message string) *refusal {
	return &refusal{status: status, err: fault.New(fault.BadUserInput, fault.ReasonMalformedRequest, message)}
}

// largestKept is the capacity above which a body's buffer is not reused.
const largestKept = 64 << 10

// read takes the request out of HTTP.
func (h *Handler) read(r *http.Request) (*request, *refusal) {
	switch r.Method {
	case http.MethodPost:
		return h.readPost(r)
	case http.MethodGet:
		return h.readGet(r)
	}
	no := refuse(http.StatusMethodNotAllowed, "Use POST, or GET for queries.")
	no.allow = "GET, POST"
	return nil, no
}

func (h *Handler) readPost(r *http.Request) (*request, *refusal) {
	if !isJSON(r.Header.Get("Content-Type")) {
		return nil, refuse(http.StatusUnsupportedMediaType, "The content type must be application/json in UTF-8.")
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, refuse(http.StatusUnsupportedMediaType, "The body must not be compressed.")
	}
	buffer := h.buffers.Get().(*bytes.Buffer)
	defer func() {
		if buffer.Cap() <= largestKept {
			buffer.Reset()
			h.buffers.Put(buffer)
		}
	}()
	if no := h.readBody(buffer, r); no != nil {
		return nil, no
	}
	return decode(buffer.Bytes(), h.options.Limits)
}

// readBody reads a body of allowed size. Of a larger one it throws some away:
// a client that is still writing when the connection closes never gets to
// read why.
func (h *Handler) readBody(buffer *bytes.Buffer, r *http.Request) *refusal {
	limits := h.options.Limits
	asks := strings.EqualFold(r.Header.Get("Expect"), "100-continue")
	if r.ContentLength > limits.BodyBytes && (asks || r.ContentLength > limits.DrainBytes) {
		return tooLarge()
	}
	_, err := buffer.ReadFrom(io.LimitReader(r.Body, limits.BodyBytes+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, "The request did not arrive in time.")
	case err != nil:
		return refuse(http.StatusBadRequest, "The request could not be read.")
	case int64(buffer.Len()) <= limits.BodyBytes:
		return nil
	}
	// What cannot be read need not be thrown away either.
	_, _ = io.CopyN(io.Discard, r.Body, limits.DrainBytes)
	return tooLarge()
}

func tooLarge() *refusal {
	return &refusal{
		status: http.StatusRequestEntityTooLarge,
		err:    fault.New(fault.TooLarge, fault.ReasonRequestSize, "The request is too large."),
	}
}

func (h *Handler) readGet(r *http.Request) (*request, *refusal) {
	if int64(len(r.URL.RawQuery)) > h.options.Limits.BodyBytes {
		return nil, refuse(http.StatusRequestURITooLong, "The request is too large.")
	}
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "The address's parameters are malformed.")
	}
	req := &request{Query: params.Get("query"), OperationName: params.Get("operationName")}
	if no := checkQuery(req); no != nil {
		return nil, no
	}
	if req.Variables, err = decodeMap(params.Get("variables"), h.options.Limits); err != nil {
		return nil, refuse(http.StatusBadRequest, "The parameter variables must be a JSON object.")
	}
	if req.Extensions, err = decodeMap(params.Get("extensions"), h.options.Limits); err != nil {
		return nil, refuse(http.StatusBadRequest, "The parameter extensions must be a JSON object.")
	}
	return req, nil
}
