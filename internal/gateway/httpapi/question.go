package httpapi

import (
	"net/netip"

	"portico/internal/domain"
	"portico/internal/gateway"
)

// questions parses a batch.
func (r *jsonReader) questions() []gateway.Request {
	if !r.open('{', "", notObject) {
		return nil
	}
	if r.more('}') {
		if name := r.name(); r.bad == nil && name != "requests" {
			r.failUnknownField(name)
		}
	}
	var all []gateway.Request
	if r.open('[', "requests", "must be an array of 1 to 100 questions.") {
		for r.more(']') {
			if len(all) == maxBatchSize {
				r.fail("requests", "must be an array of 1 to 100 questions.")
				return nil
			}
			all = append(all, gateway.Request{})
			r.question(&all[len(all)-1])
			r.failIn("requests", len(all)-1)
		}
	}
	if r.bad == nil && len(all) == 0 {
		r.fail("requests", "must be an array of 1 to 100 questions.")
	}
	if r.more('}') {
		r.failUnknownField(r.name())
	}
	r.end()
	return all
}

// question parses one request. A null field counts as absent.
func (r *jsonReader) question(q *gateway.Request) {
	if !r.open('{', "", notObject) {
		return
	}
	var seen fields
	var key, pair bool
	for r.more('}') {
		switch name := r.name(); name {
		case "key":
			seen.once(r, 0, name)
			key = r.next() != 'n'
			q.RawKey = r.string(name)
		case "username":
			seen.once(r, 1, name)
			pair = pair || r.next() != 'n'
			q.Username = r.string(name)
		case "password":
			seen.once(r, 2, name)
			pair = pair || r.next() != 'n'
			q.Password = r.string(name)
		case "product":
			seen.once(r, 3, name)
			q.Product = r.string(name)
		case "app":
			seen.once(r, 4, name)
			q.App = r.string(name)
		case "method":
			seen.once(r, 5, name)
			q.Method = r.string(name)
		case "path":
			seen.once(r, 6, name)
			q.Path = r.string(name)
		case "ip":
			seen.once(r, 7, name)
			q.Address = r.address(name)
		case "cost":
			seen.once(r, 8, name)
			q.Cost = r.integer(name, 1, maxCost)
		default:
			r.failUnknownField(name)
		}
	}
	setPresented(q, key, pair)
}

// setPresented records how the API key of a JSON request was presented. Two keys,
// an empty one and half a pair are malformed: the gateway passes on what callers
// sent, so that this is a verdict on the caller.
func setPresented(q *gateway.Request, key, pair bool) {
	switch {
	case key:
		q.Presented, q.Malformed = domain.APIKey, pair || q.RawKey == ""
	case pair:
		q.Presented, q.Malformed = domain.Basic, q.Username == "" || q.Password == ""
	}
}

// address parses an IP address.
func (r *jsonReader) address(field string) netip.Addr {
	if r.null() {
		return netip.Addr{}
	}
	text := r.string(field)
	if r.bad != nil {
		return netip.Addr{}
	}
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		r.fail(field, "must be an IP address.")
		return netip.Addr{}
	}
	return address.Unmap()
}
