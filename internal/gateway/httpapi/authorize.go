package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"portico/internal/gateway"
	"portico/internal/verdict"
)

// authorize is ANY /v1/authorize, forward authentication: a gateway asks with
// the headers of the call it holds, and passes it on if the answer is 200.
func (d *Handler) authorize(w http.ResponseWriter, r *http.Request, c *gateway.Caller) {
	k := d.begin()
	defer d.end(k)
	k.head.readHTTP(r.Header)
	d.authorizing(r.Context(), k, c, remoteOf(r))
	d.sendFirst(w, r, &k.answer)
}

// remoteOf returns the address at the other end of the connection; a Unix socket
// has none.
func remoteOf(r *http.Request) netip.Addr {
	remote, _ := netip.ParseAddrPort(r.RemoteAddr)
	return remote.Addr().Unmap().WithZone("")
}

// authorizing answers the question in k's head.
func (d *Handler) authorizing(ctx context.Context, k *work, c *gateway.Caller, remote netip.Addr) {
	q, a := &k.question, &k.answer
	if bad := d.forwarded(q, &k.head.head, remote); bad != nil {
		a.invalid(bad)
		return
	}
	soften, bad := refuseWith(k.head.refuseWith)
	if bad != nil {
		a.invalid(bad)
		return
	}
	d.Verifier.Verify(ctx, c, q, &k.verdict)
	d.describe(&a.set, c, &k.verdict, q)
	no := &d.refusals[k.verdict.Code]
	switch {
	case k.verdict.Code == verdict.Valid:
		a.status, a.noStore = http.StatusOK, true
	case soften && no.status != http.StatusUnauthorized:
		a.refuse(http.StatusForbidden, no.softened)
	default:
		a.refuse(no.status, no.body)
	}
}

// forwarded reads the question out of the headers.
func (d *Handler) forwarded(q *gateway.Request, h *head, remote netip.Addr) (bad *badInput) {
	ask(q, readCredential(h.authorization, h.apiKey))
	q.NeedsProduct = true
	if q.Product, bad = single(h.product, "X-Portico-Product"); bad != nil {
		return bad
	}
	if q.App, bad = single(h.app, "X-Portico-App"); bad != nil {
		return bad
	}
	if q.Cost, bad = readCost(h.cost); bad != nil {
		return bad
	}
	var believed bool
	if q.Address, believed = d.Peer(remote, joined(h.forwardedAddr)); believed {
		q.Method, q.Path = askedAbout(h)
	}
	return nil
}

// joined makes one list of the values of a field.
func joined(values []string) string {
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	default:
		return strings.Join(values, ",")
	}
}

// ask hands a credential on.
func ask(q *gateway.Request, p presented) {
	q.RawKey, q.Username, q.Password = p.rawKey, p.username, p.password
	q.Presented, q.Malformed = p.kind, p.malformed
}

// askedAbout returns the method and URI that a believed gateway tells, in the
// words of Traefik and Caddy (X-Forwarded-Method, -Uri) or of nginx
// (X-Original-Method, -URI). A gateway overwrites its own words and may pass
// the caller's on in the others: where they differ, neither is known.
func askedAbout(h *head) (method, target string) {
	method, same := agreed(h.forwardedMethod, h.originalMethod)
	target, sameTarget := agreed(h.forwardedURI, h.originalURI)
	if !same || !sameTarget {
		return "", ""
	}
	return method, target
}

// agreed returns the one value of two headers; ok is false if there are several.
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

// single returns the only value of a header, "" for none.
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

// refuseWith reports whether the gateway can pass on no refusal but 401 and 403.
func refuseWith(values []string) (soften bool, bad *badInput) {
	text, bad := single(values, "X-Portico-Refuse-With")
	if bad == nil && text != "" && text != "403" {
		bad = &badInput{"X-Portico-Refuse-With", "must be 403."}
	}
	return text == "403", bad
}
