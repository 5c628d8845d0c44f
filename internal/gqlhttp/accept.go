package gqlhttp

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The media types of an answer. They differ in the status of a request that is
// refused before execution: 200 with plain JSON, 400 with
// application/graphql-response+json.
const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"
)

// accepted returns the Accept header as one list, joining repeated lines.
func accepted(header http.Header) string {
	lines := header["Accept"]
	if len(lines) == 1 {
		return lines[0]
	}
	return strings.Join(lines, ",")
}

// negotiate returns the answer's media type for an Accept header, "" if the
// client accepts none that the server supports. Without a preference it is plain
// JSON, which old clients expect; at equal weight, GraphQL's own type wins.
func negotiate(accept string) string {
	switch accept {
	case "", "*/*", jsonType:
		return jsonType
	case responseType:
		return responseType
	}
	plain, response := -1.0, -1.0
	wildcard := -1.0
	for part := range strings.SplitSeq(accept, ",") {
		name, weight, ok := mediaRange(part)
		if !ok {
			continue
		}
		switch name {
		case jsonType:
			plain = max(plain, weight)
		case responseType:
			response = max(response, weight)
		case "*/*", "application/*":
			wildcard = max(wildcard, weight)
		}
	}
	if plain < 0 {
		plain = wildcard
	}
	switch {
	case response > 0 && response >= plain:
		return responseType
	case plain > 0:
		return jsonType
	}
	return ""
}

// mediaRange parses one element of an Accept header. It reports !ok for a
// malformed element and for a charset other than UTF-8.
func mediaRange(part string) (name string, weight float64, ok bool) {
	name, params, err := mime.ParseMediaType(part)
	if err != nil || !isUTF8(params["charset"]) {
		return "", 0, false
	}
	weight = 1
	if q, given := params["q"]; given {
		if weight, err = strconv.ParseFloat(q, 64); err != nil {
			return "", 0, false
		}
	}
	return name, weight, true
}

// isJSON reports whether a Content-Type is JSON in UTF-8.
func isJSON(contentType string) bool {
	if contentType == jsonType {
		return true
	}
	name, params, err := mime.ParseMediaType(contentType)
	return err == nil && name == jsonType && isUTF8(params["charset"])
}

func isUTF8(charset string) bool {
	return charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}
