package httpapi

import "net/http"

// head has the header fields that /v1/verify and /v1/authorize use, with all
// values of each in order, because duplicates are answered differently.
type head struct {
	token, contentType                       []string
	authorization, apiKey                    []string
	product, app, cost, refuseWith           []string
	forwardedMethod, originalMethod          []string
	forwardedURI, originalURI, forwardedAddr []string
}

// readHTTP copies the fields from net/http's headers.
func (h *head) readHTTP(from http.Header) {
	*h = head{
		token: from["X-Portico-Gateway-Token"], contentType: from["Content-Type"],
		authorization: from["Authorization"], apiKey: from["X-Api-Key"],
		product: from["X-Portico-Product"], app: from["X-Portico-App"], cost: from["X-Portico-Cost"], refuseWith: from["X-Portico-Refuse-With"],
		forwardedMethod: from["X-Forwarded-Method"], originalMethod: from["X-Original-Method"],
		forwardedURI: from["X-Forwarded-Uri"], originalURI: from["X-Original-Uri"], forwardedAddr: from["X-Forwarded-For"],
	}
}
