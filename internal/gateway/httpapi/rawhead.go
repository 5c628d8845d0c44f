package httpapi

import (
	"strconv"
	"strings"
)

// rawHead parses a request head from its raw bytes, in one pass. It is strict: it
// rejects what two servers could read differently, and leaves that to net/http.
type rawHead struct {
	head
	// length is the Content-Length, -1 if there is none.
	length int
	// last is set if the client wants the connection to be closed.
	last bool

	hosts, connections int
	slots              [13]string // storage for head's fields
	used               int
}

// read parses the lines of a head up to the empty one. It returns false for heads
// that are not plain: chunked bodies, Expect, Upgrade, folded lines, line ends
// without CR, no Host or two, lengths that are not numbers. The values are
// substrings of text.
func (r *rawHead) read(text string) bool {
	r.length = -1
	for len(text) > 0 {
		end := strings.IndexByte(text, '\n')
		if end < 1 || text[end-1] != '\r' || strings.IndexByte(text[:end-1], '\r') >= 0 {
			return false
		}
		line := text[:end-1]
		text = text[end+1:]
		if line == "" {
			return text == "" && r.hosts == 1 && r.connections <= 1
		}
		name, value, found := strings.Cut(line, ":")
		if !found || !plainName(name) || !r.take(name, strings.Trim(value, " \t")) {
			return false
		}
	}
	return false
}

// plainName reports whether a field name is unambiguous.
func plainName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if low := c | 0x20; (low < 'a' || low > 'z') && c != '-' && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return name != ""
}

// take stores a field; it returns false for those that change how a request is
// read.
func (r *rawHead) take(name, value string) bool {
	is := func(known string) bool { return strings.EqualFold(name, known) }
	switch len(name) {
	case len("Host"):
		if is("Host") {
			r.hosts++
			return plainHost(value)
		}
	case len("Expect"):
		return !is("Expect")
	case len("Upgrade"):
		return !is("Upgrade") && !is("Trailer")
	case len("Connection"):
		if is("Connection") {
			return r.takeConnection(value)
		}
	case len("Content-Type"):
		return r.keep(&r.contentType, is("Content-Type"), value)
	case len("Content-Length"): // as long as X-Original-Uri and X-Portico-Cost
		if is("Content-Length") {
			return r.takeLength(value)
		}
		return r.keep(&r.originalURI, is("X-Original-Uri"), value) && r.keep(&r.cost, is("X-Portico-Cost"), value)
	case len("Transfer-Encoding"): // as long as X-Portico-Product and X-Original-Method
		return r.keep(&r.product, is("X-Portico-Product"), value) && r.keep(&r.originalMethod, is("X-Original-Method"), value) && !is("Transfer-Encoding")
	case len("Authorization"): // as long as X-Portico-App
		return r.keep(&r.authorization, is("Authorization"), value) && r.keep(&r.app, is("X-Portico-App"), value)
	case len("X-Api-Key"):
		return r.keep(&r.apiKey, is("X-Api-Key"), value)
	case len("X-Forwarded-Uri"): // as long as X-Forwarded-For
		return r.keep(&r.forwardedURI, is("X-Forwarded-Uri"), value) && r.keep(&r.forwardedAddr, is("X-Forwarded-For"), value)
	case len("X-Forwarded-Method"):
		return r.keep(&r.forwardedMethod, is("X-Forwarded-Method"), value)
	case len("X-Portico-Refuse-With"):
		return r.keep(&r.refuseWith, is("X-Portico-Refuse-With"), value)
	case len("X-Portico-Gateway-Token"):
		return r.keep(&r.token, is("X-Portico-Gateway-Token"), value)
	}
	return true
}

// keep adds a value to a field if it is true.
func (r *rawHead) keep(to *[]string, it bool, value string) bool {
	if !it {
		return true
	}
	if *to == nil { // which happens once for each field: there is room
		*to = r.slots[r.used : r.used : r.used+1]
		r.used++
	}
	*to = append(*to, value)
	return true
}

func (r *rawHead) takeConnection(value string) bool {
	r.connections++
	r.last = strings.EqualFold(value, "close")
	return r.last || strings.EqualFold(value, "keep-alive")
}

func (r *rawHead) takeLength(value string) bool {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil || r.length >= 0 {
		return false
	}
	r.length = int(n)
	return true
}

// plainHost reports whether a Host has only the characters of a name or an
// address; which it is does not matter here.
func plainHost(value string) bool {
	for i := range len(value) {
		c := value[i]
		if low := c | 0x20; (low < 'a' || low > 'z') && (c < '-' || c > ':' || c == '/') && c != '[' && c != ']' && c != '_' {
			return false
		}
	}
	return true
}
