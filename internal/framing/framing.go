// Package framing prevents request smuggling: the end of one request must not be
// taken for the start of another. Servers and proxies disagree about the length
// of a body when it is given twice (RFC 9112, sections 6.1 and 11.2), so what
// follows on such a connection cannot be trusted.
package framing

import (
	"net/http"
	"strings"
)

// TwoLengths reports whether a request's head, in its original bytes, has both
// Content-Length and Transfer-Encoding: a proxy may have used one, and the
// server behind it uses the other.
func TwoLengths(head string) bool {
	var length, chunks bool
	for line := range strings.Lines(head) {
		name, _, _ := strings.Cut(line, ":")
		length = length || strings.EqualFold(name, "Content-Length")
		chunks = chunks || strings.EqualFold(name, "Transfer-Encoding")
	}
	return length && chunks
}

// Handler closes the connection after a request whose length may have been given
// twice, as RFC 9112 requires. net/http uses Transfer-Encoding and silently
// drops Content-Length, and in HTTP/1.0 the reverse, so these are all chunked
// requests and all requests of HTTP/1.0.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && (r.ProtoMinor == 0 || len(r.TransferEncoding) > 0) {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
