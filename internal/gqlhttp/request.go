package gqlhttp

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"portico/internal/backlog"
	"portico/internal/fault"
)

// request is what a client sent, by POST or GET.
type request struct {
	Query, OperationName  string
	Variables, Extensions map[string]any
	// claim is the memory reserved for the request until it is answered.
	claim *backlog.Claim
}

// refusal ends a request before it reaches GraphQL, with an HTTP status of its
// own.
type refusal struct {
	status int
	allow  string
	err    error
	// cost is what was requested, if known.
	cost *Cost
}

func refuse(status int, message string) *refusal {
	return &refusal{status: status, err: fault.New(fault.CodeBadUserInput, fault.ReasonMalformedRequest, message)}
}

// refuseFor returns the refusal for an exceeded limit.
func refuseFor(status int, e Excess, message string) *refusal {
	return &refusal{status: status, err: e.fault(message)}
}

// read reads and decodes a request.
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

func (h *Handler) readPost(r *http.Request) (req *request, no *refusal) {
	if !isJSON(r.Header.Get("Content-Type")) {
		return nil, refuse(http.StatusUnsupportedMediaType, "The content type must be application/json in UTF-8.")
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, refuse(http.StatusUnsupportedMediaType, "The body must not be compressed.")
	}
	claim, err := h.options.Lanes.ClaimBody(r.Context(), h.options.Caller(r.Context()), r.ContentLength, h.options.Limits.BodyBytes)
	if err != nil {
		return nil, &refusal{status: statusOf(err), err: err}
	}
	buffer := h.buffers.Get().(*bytes.Buffer)
	defer h.releaseBuffer(buffer)
	no = h.readBody(buffer, r)
	if no == nil {
		req, no = decodeBody(buffer.Bytes(), h.options.Limits)
	}
	if no != nil {
		claim.Leave()
		return nil, no
	}
	req.claim = claim
	return req, nil
}

// readBody reads a body of allowed size. Of a larger one it discards some: a
// client that is still writing when the connection closes never gets to read the
// refusal.
func (h *Handler) readBody(buffer *bytes.Buffer, r *http.Request) *refusal {
	limits := h.options.Limits
	asks := strings.EqualFold(r.Header.Get("Expect"), "100-continue")
	if r.ContentLength > limits.BodyBytes && (asks || r.ContentLength > limits.DrainBytes) {
		return h.bodyTooLarge()
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
	// If the rest cannot be read there is nothing to discard.
	_, _ = io.CopyN(io.Discard, r.Body, limits.DrainBytes)
	return h.bodyTooLarge()
}

func (h *Handler) bodyTooLarge() *refusal {
	return refuseFor(http.StatusRequestEntityTooLarge, Excess{Limit: LimitBodyBytes, Allowed: int(h.options.Limits.BodyBytes)},
		"The request is too large.")
}

func (h *Handler) readGet(r *http.Request) (*request, *refusal) {
	if int64(len(r.URL.RawQuery)) > h.options.Limits.BodyBytes {
		return nil, refuseFor(http.StatusRequestURITooLong, Excess{LimitBodyBytes, len(r.URL.RawQuery), int(h.options.Limits.BodyBytes)},
			"The request is too large.")
	}
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "The address's parameters are malformed.")
	}
	if duplicateParameter(params) {
		return nil, refuse(http.StatusBadRequest, "The address has one of query, operationName, variables and extensions twice.")
	}
	req := &request{Query: params.Get("query"), OperationName: params.Get("operationName")}
	var no *refusal
	if req.Variables, no = decodeParameter(params, "variables", h.options.Limits); no != nil {
		return nil, no
	}
	if req.Extensions, no = decodeParameter(params, "extensions", h.options.Limits); no != nil {
		return nil, no
	}
	if no := checkQuery(req); no != nil {
		return nil, no
	}
	return req, nil
}

// duplicateParameter reports whether a parameter that has a meaning occurs
// twice, in any case: another server may use the other one.
func duplicateParameter(params url.Values) bool {
	seen := map[string]bool{}
	for name, values := range params {
		if known := memberNamed(name); known != "" {
			if len(values) > 1 || seen[known] {
				return true
			}
			seen[known] = true
		}
	}
	return false
}
