package jsonbody

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"portico/internal/fault"
)

// ErrMediaType is what errors of Read wrap that are about the type of the body, or how it
// is encoded: over HTTP they are 415.
var ErrMediaType = errors.New("the body is not of the type application/json")

// Read reads a request's JSON text of at most most bytes, for a Reader: UTF-8, of the type
// application/json, not compressed. A body that has nothing but white space is "", and
// needs no type. Errors are fault.CodeBadUserInput, or fault.CodeTooLarge.
func Read(w http.ResponseWriter, r *http.Request, most int64) (string, error) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return "", fault.Wrap(fault.CodeBadUserInput, fault.ReasonMalformedRequest, ErrMediaType, "The body must not be compressed.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return "", fault.New(fault.CodeTooLarge, fault.ReasonRequestSize, "The body is too long.")
	case err != nil:
		return "", Malformed("The body ended too soon.")
	case !utf8.Valid(body):
		return "", Malformed("The body is not UTF-8.")
	case strings.Trim(string(body), " \t\r\n") == "":
		return "", nil
	case !IsJSON(r.Header["Content-Type"]):
		return "", fault.Wrap(fault.CodeBadUserInput, fault.ReasonMalformedRequest, ErrMediaType, "Send a body of the type application/json.")
	}
	return string(body), nil
}

// Malformed returns the error for a body that is wrong.
func Malformed(message string) error {
	return fault.New(fault.CodeBadUserInput, fault.ReasonMalformedRequest, message)
}

// Err returns the error for the text's first mistake; nil if it has none.
func (r *Reader) Err() error {
	if r.bad == nil {
		return nil
	}
	return Malformed(r.bad.String())
}

// IsJSON reports whether the only Content-Type is JSON, with any parameters.
func IsJSON(types []string) bool {
	if len(types) != 1 {
		return false
	}
	if types[0] == "application/json" {
		return true
	}
	plain, _, _ := strings.Cut(types[0], ";")
	return strings.EqualFold(strings.TrimSpace(plain), "application/json")
}
