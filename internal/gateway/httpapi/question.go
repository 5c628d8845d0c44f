package httpapi

import (
	"net/netip"

	"portico/clients/go/gate/access"
	"portico/internal/gateway"
	"portico/internal/jsonbody"
)

// questionReader parses the questions of gateways that ask in JSON.
type questionReader struct{ *jsonbody.Reader }

// questions parses a batch.
func (r questionReader) questions() []gateway.Request {
	if !r.Open('{', "", jsonbody.NotObject) {
		return nil
	}
	if r.More('}') {
		if name := r.Name(); r.Mistake() == nil && name != "requests" {
			r.FailUnknownField(name)
		}
	}
	var all []gateway.Request
	if r.Open('[', "requests", "must be an array of 1 to 100 questions.") {
		for r.More(']') {
			if len(all) == maxBatchSize {
				r.Fail("requests", "must be an array of 1 to 100 questions.")
				return nil
			}
			all = append(all, gateway.Request{})
			r.question(&all[len(all)-1])
			r.FailIn("requests", len(all)-1)
		}
	}
	if r.Mistake() == nil && len(all) == 0 {
		r.Fail("requests", "must be an array of 1 to 100 questions.")
	}
	if r.More('}') {
		r.FailUnknownField(r.Name())
	}
	r.End()
	return all
}

// question parses one request. A null field counts as absent.
func (r questionReader) question(q *gateway.Request) {
	if !r.Open('{', "", jsonbody.NotObject) {
		return
	}
	var seen jsonbody.Fields
	var key, pair bool
	for r.More('}') {
		switch name := r.Name(); name {
		case "key":
			seen.Once(r.Reader, 0, name)
			key = r.Next() != 'n'
			q.RawKey = r.Text(name)
		case "username":
			seen.Once(r.Reader, 1, name)
			pair = pair || r.Next() != 'n'
			q.Username = r.Text(name)
		case "password":
			seen.Once(r.Reader, 2, name)
			pair = pair || r.Next() != 'n'
			q.Password = r.Text(name)
		case "product":
			seen.Once(r.Reader, 3, name)
			q.Product = r.Text(name)
		case "app":
			seen.Once(r.Reader, 4, name)
			q.App = r.Text(name)
		case "method":
			seen.Once(r.Reader, 5, name)
			q.Method = r.Text(name)
		case "path":
			seen.Once(r.Reader, 6, name)
			q.Path = r.Text(name)
		case "ip":
			seen.Once(r.Reader, 7, name)
			q.Address = r.address(name)
		case "cost":
			seen.Once(r.Reader, 8, name)
			q.Cost = r.Integer(name, 1, maxCost)
		default:
			r.FailUnknownField(name)
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
		q.Presented, q.Malformed = access.APIKey, pair || q.RawKey == ""
	case pair:
		q.Presented, q.Malformed = access.Basic, q.Username == "" || q.Password == ""
	}
}

// address parses an IP address.
func (r questionReader) address(field string) netip.Addr {
	if r.Null() {
		return netip.Addr{}
	}
	text := r.Text(field)
	if r.Mistake() != nil {
		return netip.Addr{}
	}
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		r.Fail(field, "must be an IP address.")
		return netip.Addr{}
	}
	return address.Unmap()
}
