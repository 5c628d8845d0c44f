package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"portico/clients/go/gate/keyheader"
	"portico/clients/go/gate/verdict"
	"portico/internal/gateway"
	"portico/internal/jsonbody"
)

// authorize is ANY /v1/authorize, forward authentication: a gateway sends the
// headers of a call, and passes the call on if the answer is 200.
func (h *Handler) authorize(w http.ResponseWriter, r *http.Request, c *gateway.Caller) {
	k := h.begin()
	defer h.end(k)
	k.head.readHTTP(r.Header)
	h.authorizeCall(r.Context(), k, c, remoteOf(r))
	h.sendThenDrain(w, r, &k.answer)
}

// remoteOf returns the peer address of the connection; a Unix socket has none.
func remoteOf(r *http.Request) netip.Addr {
	remote, _ := netip.ParseAddrPort(r.RemoteAddr)
	return remote.Addr().Unmap().WithZone("")
}

// authorizeCall answers the question in k's header fields.
func (h *Handler) authorizeCall(ctx context.Context, k *requestState, c *gateway.Caller, remote netip.Addr) {
	q, a := &k.question, &k.answer
	if bad := h.readForwarded(q, &k.head, remote); bad != nil {
		a.invalid(bad)
		return
	}
	soften, bad := readRefusalMode(k.head.refuseWith)
	if bad != nil {
		a.invalid(bad)
		return
	}
	h.Verifier.Verify(ctx, c, q, &k.verdict)
	h.describeVerdict(&a.set, c, &k.verdict, q)
	no := &h.refusals[k.verdict.Code]
	switch {
	case k.verdict.Code == verdict.Valid:
		a.status, a.noStore = http.StatusOK, true
	case soften && no.status != http.StatusUnauthorized:
		a.refuse(http.StatusForbidden, no.softened)
	default:
		a.refuse(no.status, no.body)
	}
}

// readForwarded reads the question from the headers.
func (h *Handler) readForwarded(q *gateway.Request, from *head, remote netip.Addr) (bad *jsonbody.Mistake) {
	setKey(q, keyheader.Read(from.authorization, from.apiKey))
	q.NeedsProduct = true
	if q.Product, bad = single(from.product, "X-Portico-Product"); bad != nil {
		return bad
	}
	if q.App, bad = single(from.app, "X-Portico-App"); bad != nil {
		return bad
	}
	if q.Cost, bad = readCost(from.cost); bad != nil {
		return bad
	}
	var trusted bool
	if q.Address, trusted = h.Peer(remote, joinValues(from.forwardedAddr)); trusted {
		q.Method, q.Path = forwardedRequest(from)
	}
	return nil
}

// joinValues joins the values of a field into one list.
func joinValues(values []string) string {
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	default:
		return strings.Join(values, ",")
	}
}

// setKey copies an API key into a request.
func setKey(q *gateway.Request, k keyheader.Key) {
	q.RawKey, q.Username, q.Password = k.RawKey, k.Username, k.Password
	q.Presented, q.Malformed = k.Presented, k.Malformed
}

// forwardedRequest returns the method and URI that a trusted gateway sends, in the
// headers of Traefik and Caddy (X-Forwarded-Method, -Uri) or of nginx
// (X-Original-Method, -URI). A gateway overwrites its own headers and may pass the
// caller's on in the others: where they differ, neither is trusted.
func forwardedRequest(h *head) (method, target string) {
	method, same := commonValue(h.forwardedMethod, h.originalMethod)
	target, sameTarget := commonValue(h.forwardedURI, h.originalURI)
	if !same || !sameTarget {
		return "", ""
	}
	return method, target
}

// commonValue returns the one value of two headers; ok is false if there are
// several.
func commonValue(one, other []string) (value string, ok bool) {
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

// single returns the only value of a header; "" if there is none.
func single(values []string, name string) (string, *jsonbody.Mistake) {
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	default:
		return "", &jsonbody.Mistake{Field: name, Reason: "is there twice."}
	}
}

// readCost parses X-Portico-Cost; 0 if there is none.
func readCost(values []string) (int64, *jsonbody.Mistake) {
	text, bad := single(values, "X-Portico-Cost")
	if bad != nil || len(values) == 0 {
		return 0, bad
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n < 1 || n > maxCost {
		return 0, &jsonbody.Mistake{Field: "X-Portico-Cost", Reason: "must be a whole number from 1 to 1000000."}
	}
	return int64(n), nil
}

// readRefusalMode reports whether the gateway can pass on no refusals but 401 and
// 403.
func readRefusalMode(values []string) (soften bool, bad *jsonbody.Mistake) {
	text, bad := single(values, "X-Portico-Refuse-With")
	if bad == nil && text != "" && text != "403" {
		bad = &jsonbody.Mistake{Field: "X-Portico-Refuse-With", Reason: "must be 403."}
	}
	return text == "403", bad
}
