package door

import (
	"net/http"
	"strconv"

	"portico/internal/gateway"
	"portico/internal/verdict"
)

// authorize is ANY /v1/authorize, forward authentication: a gateway asks with
// the headers of the call it holds, and passes it on if the answer is 200.
func (d *door) authorize(w http.ResponseWriter, r *http.Request, c *gateway.Caller) {
	k := d.begin()
	defer d.end(k)
	q := &k.question
	if bad := d.forwarded(q, r); bad != nil {
		d.invalid(w, bad)
		return
	}
	soften, bad := refuseWith(r.Header)
	if bad != nil {
		d.invalid(w, bad)
		return
	}
	d.Gate.Verify(r.Context(), c, q, &k.verdict)
	set := headerSet{buffer: k.buffer[:0]}
	d.describe(&set, c, &k.verdict, q)
	h := w.Header()
	set.writeTo(h)
	k.buffer = set.buffer
	h["Cache-Control"] = d.noStore
	no := &d.refusals[k.verdict.Code]
	switch {
	case k.verdict.Code == verdict.Valid:
		w.WriteHeader(http.StatusOK)
	case soften && no.status != http.StatusUnauthorized:
		d.writeProblem(w, http.StatusForbidden, no.softened)
	default:
		d.writeProblem(w, no.status, no.body)
	}
}

// forwarded reads the question out of the headers.
func (d *door) forwarded(q *gateway.Request, r *http.Request) *badInput {
	h := r.Header
	ask(q, readCredential(h["Authorization"], h["X-Api-Key"]))
	var bad [3]*badInput
	q.Product, bad[0] = single(h["X-Portico-Product"], "X-Portico-Product")
	q.App, bad[1] = single(h["X-Portico-App"], "X-Portico-App")
	q.Cost, bad[2] = readCost(h["X-Portico-Cost"])
	for _, b := range bad {
		if b != nil {
			return b
		}
	}
	var believed bool
	if q.Address, believed = d.Peer(r); believed {
		q.Method, q.Path = askedAbout(h)
	}
	return nil
}

// ask hands a credential on.
func ask(q *gateway.Request, p presented) {
	q.RawKey, q.Username, q.Password = p.rawKey, p.username, p.password
	q.Presented, q.Malformed = p.kind, p.malformed
}

// askedAbout gives the method and URI that a believed gateway tells, in the
// words of Traefik and Caddy (X-Forwarded-Method, -Uri) or of nginx
// (X-Original-Method, -URI). A gateway overwrites its own words and may pass
// the caller's on in the others: where they differ, neither is known.
func askedAbout(h http.Header) (method, target string) {
	method, same := agreed(h["X-Forwarded-Method"], h["X-Original-Method"])
	target, sameTarget := agreed(h["X-Forwarded-Uri"], h["X-Original-Uri"])
	if !same || !sameTarget {
		return "", ""
	}
	return method, target
}

// agreed gives the one value of two headers; ok is false if there are several.
func agreed(one, other []string) (value string, ok bool) {
	first := one
	if len(first) == 0 {
		first = other
	}
	if len(first) == 0 {
		return "", true
	}
	for _, values := range [2][]string{one, other} {
		for _, v := range values {
			if v != first[0] {
				return "", false
			}
		}
	}
	return first[0], true
}

// single gives the only value of a header, "" for none.
func single(values []string, name string) (string, *badInput) {
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	default:
		return "", &badInput{name, "is there twice."}
	}
}

// readCost reads X-Portico-Cost; 0 for none.
func readCost(values []string) (int64, *badInput) {
	text, bad := single(values, "X-Portico-Cost")
	if bad != nil || len(values) == 0 {
		return 0, bad
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n < 1 || n > mostCost {
		return 0, &badInput{"X-Portico-Cost", "must be a whole number from 1 to 1000000."}
	}
	return int64(n), nil
}

// refuseWith tells whether the gateway can pass on no refusal but 401 and 403.
func refuseWith(h http.Header) (soften bool, bad *badInput) {
	text, bad := single(h["X-Portico-Refuse-With"], "X-Portico-Refuse-With")
	if bad == nil && text != "" && text != "403" {
		bad = &badInput{"X-Portico-Refuse-With", "must be 403."}
	}
	return text == "403", bad
}
