package auth

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"portico/internal/address"
)

// Peers finds the address of the client that sent a request.
type Peers struct {
	// Trusted are the networks of the proxies whose X-Forwarded-For is used.
	// From any other sender the header is ignored.
	Trusted []netip.Prefix
}

// Address returns the client's IP address, or "" if the connection has none (a
// Unix socket). Behind trusted proxies it is the rightmost address in
// X-Forwarded-For that is not a trusted proxy's: the addresses further left
// were written by the client.
func (p Peers) Address(r *http.Request) string {
	remote, _ := address.ParseHost(r.RemoteAddr)
	client, _ := p.Client(remote, strings.Join(r.Header["X-Forwarded-For"], ","))
	if !client.IsValid() {
		return ""
	}
	return client.String()
}

// Client returns the same address as Address, and reports whether the remote
// end of the connection is a trusted proxy, whose other headers about the
// client may be used too. remote is the remote end, in its plain form;
// forwarded is the value of X-Forwarded-For, with repeated headers joined by
// commas.
func (p Peers) Client(remote netip.Addr, forwarded string) (client netip.Addr, trusted bool) {
	if !remote.IsValid() {
		return netip.Addr{}, false
	}
	client, trusted = remote, p.trusts(remote)
	for proxy := trusted; proxy && forwarded != ""; proxy = p.trusts(client) {
		comma := strings.LastIndexByte(forwarded, ',')
		next, ok := address.ParseHost(strings.TrimSpace(forwarded[comma+1:]))
		if !ok {
			break // keep the last valid address
		}
		client, forwarded = next, forwarded[:max(comma, 0)]
	}
	return client, trusted
}

func (p Peers) trusts(host netip.Addr) bool {
	return slices.ContainsFunc(p.Trusted, func(network netip.Prefix) bool { return network.Contains(host) })
}
