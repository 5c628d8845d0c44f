package gqlhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"unicode/utf8"
)

var errShape = errors.New("too deep or too many values")

// decode reads a POST's body. No refusal repeats any of it: a body may hold a
// password.
func decode(body []byte, limits Limits) (*request, *refusal) {
	if !utf8.Valid(body) {
		return nil, refuse(http.StatusBadRequest, "The body is not UTF-8.")
	}
	if !wellShaped(body, limits) {
		return nil, refuse(http.StatusBadRequest, "The body nests too deep or holds too many values.")
	}
	req := &request{}
	if err := decodeJSON(body, req); err != nil {
		return nil, refuse(http.StatusBadRequest,
			"The body must be a JSON object with a string query and, if needed, operationName, variables and extensions.")
	}
	if no := checkQuery(req); no != nil {
		return nil, no
	}
	return req, nil
}

func checkQuery(req *request) *refusal {
	if req.Query == "" {
		return refuse(http.StatusBadRequest, "The request has no query.")
	}
	if !utf8.ValidString(req.Query) {
		return refuse(http.StatusBadRequest, "The query is not UTF-8.")
	}
	return nil
}

// decodeMap reads a JSON object; "" and null are none.
func decodeMap(text string, limits Limits) (m map[string]any, err error) {
	if text == "" {
		return nil, nil
	}
	if !utf8.ValidString(text) || !wellShaped([]byte(text), limits) {
		return nil, errShape
	}
	return m, decodeJSON([]byte(text), &m)
}

// decodeJSON reads exactly one value and keeps numbers as they were written.
func decodeJSON(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("more than one value")
	}
	return nil
}

// wellShaped tells whether a JSON text stays within the limits of nesting and
// number of values. It looks at the punctuation only and skips strings; what
// is no JSON at all is left to the decoder.
func wellShaped(body []byte, limits Limits) bool {
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
		if depth > limits.Nesting || values > limits.Values {
			return false
		}
	}
	return true
}

// stringEnd gives the index of the quote that closes the string opened at
// start, or the last index when none does.
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
