package auth

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Peers finds the address of whoever sent a request.
type Peers struct {
	// Trusted are the networks of the proxies that may say for whom they ask.
	// From anybody else the header X-Forwarded-For is a claim and is ignored.
	Trusted []netip.Prefix
}

// Address gives the client's IP address, or "" when the connection has none
// (a Unix socket). Behind trusted proxies it is the rightmost address in
// X-Forwarded-For that is not one of theirs: what stands further to the left
// was written by the client.
func (p Peers) Address(r *http.Request) string {
	client, _ := p.Client(r)
	if !client.IsValid() {
		return ""
	}
	return client.String()
}

// Client gives the address of Address, and whether whoever is at the other end
// of the connection is a trusted proxy, who may say more about the client.
func (p Peers) Client(r *http.Request) (client netip.Addr, believed bool) {
	client, ok := parseAddress(r.RemoteAddr)
	if !ok {
		return netip.Addr{}, false
	}
	believed = p.trusts(client)
	if _, told := r.Header["X-Forwarded-For"]; !told {
		return client, believed
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !p.trusts(client) {
			break
		}
		next, ok := parseAddress(strings.TrimSpace(hop))
		if !ok {
			break // the last one that made sense
		}
		client = next
	}
	return client, believed
}

func (p Peers) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(p.Trusted, func(network netip.Prefix) bool { return network.Contains(address) })
}

// parseAddress reads "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or
// "[2001:db8::1]:80". An IPv4 address in IPv6 clothes becomes plain IPv4.
func parseAddress(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		address = withPort.Addr()
	}
	return address.Unmap().WithZone(""), true
}
