// Package framing keeps the end of one request from being taken for the start
// of another. Servers and proxies read a body's length in different ways where
// it is given twice (RFC 9112, 6.1 and 11.2); what follows on such a connection
// is nobody's to believe.
package framing

import (
	"net/http"
	"strings"
)

// TwoLengths reports whether a head, as its bytes came, gives its body's length
// in both ways: a proxy may have taken the one, and a server behind takes the
// other.
func TwoLengths(head string) bool {
	var length, chunks bool
	for line := range strings.Lines(head) {
		name, _, _ := strings.Cut(line, ":")
		length = length || strings.EqualFold(name, "Content-Length")
		chunks = chunks || strings.EqualFold(name, "Transfer-Encoding")
	}
	return length && chunks
}

// Handler closes the connection after a request whose length may have been
// given twice: RFC 9112 wants that. net/http takes Transfer-Encoding and drops
// Content-Length without a word, and in HTTP/1.0 the other way around, so these
// are all requests in chunks and all of HTTP/1.0.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && (r.ProtoMinor == 0 || len(r.TransferEncoding) > 0) {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
