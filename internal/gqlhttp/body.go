package gqlhttp

import (
	"bytes"
	"net/http"
	"net/url"
	"unicode/utf8"

	"portico/clients/go/gate/jsontext"
	"portico/internal/fault"
)

// decodeBody decodes the body of a POST. Its refusals never quote the body,
// which may contain a password.
func decodeBody(body []byte, limits Limits) (*request, *refusal) {
	if !utf8.Valid(body) {
		return nil, refuse(http.StatusBadRequest, "The body is not UTF-8.")
	}
	if !jsontext.Exact(body) {
		return nil, refuse(http.StatusBadRequest, "The body holds half a character: one escape of a surrogate pair without the other.")
	}
	if excess := checkShape(body, limits); excess != nil {
		return nil, refuseFor(http.StatusBadRequest, *excess, "The body nests too deep or holds too many values.")
	}
	req, err := decodeRequest(body)
	switch {
	case err == errDuplicateMember:
		return nil, refuse(http.StatusBadRequest, "The body names a member of an object twice.")
	case err != nil:
		return nil, refuse(http.StatusBadRequest,
			"The body must be a JSON object with a string query and, if needed, operationName, variables and extensions.")
	}
	if no := checkQuery(req); no != nil {
		return nil, no
	}
	return req, nil
}

func checkQuery(req *request) *refusal {
	if req.Query == "" && req.Extensions["persistedQuery"] != nil {
		return persistedQueryNotSupported()
	}
	if req.Query == "" {
		return refuse(http.StatusBadRequest, "The request has no query.")
	}
	if !utf8.ValidString(req.Query) || !utf8.ValidString(req.OperationName) {
		return refuse(http.StatusBadRequest, "The query is not UTF-8.")
	}
	return nil
}

// persistedQueryNotSupported refuses a request that has a document's hash
// instead of the document. Clients of Apollo's protocol know this message and
// status, and send the document.
func persistedQueryNotSupported() *refusal {
	return &refusal{status: http.StatusOK, err: fault.New(fault.CodeBadUserInput, fault.ReasonPersistedQueryNotSupported, "PersistedQueryNotSupported")}
}

// decodeParameter decodes a JSON object from a query parameter. Both "" and null
// yield a nil map.
func decodeParameter(params url.Values, name string, limits Limits) (map[string]any, *refusal) {
	text := params.Get(name)
	if text == "" {
		return nil, nil
	}
	if excess := checkShape([]byte(text), limits); excess != nil {
		return nil, refuseFor(http.StatusBadRequest, *excess, "The parameter "+name+" nests too deep or holds too many values.")
	}
	m, err := decodeObject([]byte(text))
	if err != nil || !jsontext.Exact([]byte(text)) {
		return nil, refuse(http.StatusBadRequest, "The parameter "+name+" must be a JSON object in UTF-8 that names no member twice and holds no half characters.")
	}
	return m, nil
}

// checkShape returns the limit of nesting or of the number of values that a JSON
// text exceeds, or nil. It looks only at punctuation outside of strings; the
// decoder reports malformed JSON.
func checkShape(body []byte, limits Limits) *Excess {
	depth, values := 0, 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			i = stringEnd(body, i)
		case '{', '[':
			depth++
			values++
		case '}', ']':
			depth--
		case ',':
			values++
		}
		if depth > limits.Nesting {
			return &Excess{Limit: LimitBodyDepth, Allowed: limits.Nesting}
		}
		if values > limits.Values {
			return &Excess{Limit: LimitBodyValues, Allowed: limits.Values}
		}
	}
	return nil
}

// stringEnd returns the index of the quote that closes the string opened at
// start, or the last index if there is none.
func stringEnd(body []byte, start int) int {
	for i := start + 1; i < len(body); i++ {
		next := bytes.IndexByte(body[i:], '"')
		if next < 0 {
			break
		}
		i += next
		backslashes := 0
		for body[i-1-backslashes] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return i
		}
	}
	return len(body) - 1
}
