package auth

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"portico/internal/address"
)

// Peers finds the address of whoever sent a request.
type Peers struct {
	// Trusted are the networks of the proxies that may say for whom they ask.
	// From anybody else the header X-Forwarded-For is a claim and is ignored.
	Trusted []netip.Prefix
}

// Address returns the client's IP address, or "" when the connection has none
// (a Unix socket). Behind trusted proxies it is the rightmost address in
// X-Forwarded-For that is not one of theirs: what stands further to the left
// was written by the client.
func (p Peers) Address(r *http.Request) string {
	remote, _ := address.ParseHost(r.RemoteAddr)
	client, _ := p.Client(remote, strings.Join(r.Header["X-Forwarded-For"], ","))
	if !client.IsValid() {
		return ""
	}
	return client.String()
}

// Client returns the address of Address, and whether whoever is at the other end
// of the connection is a trusted proxy, who may say more about the client.
// remote is that other end, in its plain form; forwarded is what
// X-Forwarded-For says, doubles joined by commas.
func (p Peers) Client(remote netip.Addr, forwarded string) (client netip.Addr, believed bool) {
	if !remote.IsValid() {
		return netip.Addr{}, false
	}
	client, believed = remote, p.trusts(remote)
	for trusted := believed; trusted && forwarded != ""; trusted = p.trusts(client) {
		comma := strings.LastIndexByte(forwarded, ',')
		next, ok := address.ParseHost(strings.TrimSpace(forwarded[comma+1:]))
		if !ok {
			break // the last one that made sense
		}
		client, forwarded = next, forwarded[:max(comma, 0)]
	}
	return client, believed
}

func (p Peers) trusts(host netip.Addr) bool {
	return slices.ContainsFunc(p.Trusted, func(network netip.Prefix) bool { return network.Contains(host) })
}
