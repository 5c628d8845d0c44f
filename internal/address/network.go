package address

import (
	"net/netip"
	"strings"
)

// mappedBits is how long the prefix of IPv4 addresses inside IPv6 is.
const mappedBits = 96

// ParseNetwork reads a network such as 10.0.0.0/8, or one address, which is a
// network of one. IPv4 written as IPv6 (::ffff:10.0.0.0/104) becomes plain
// IPv4, as the addresses that it is compared with do. ok is false for
// everything else, such as addresses with a zone, which are one machine's own,
// and networks of IPv4 and other addresses mixed.
func ParseNetwork(text string) (network netip.Prefix, ok bool) {
	if !strings.Contains(text, "/") {
		one, err := netip.ParseAddr(text)
		if err != nil || one.Zone() != "" {
			return netip.Prefix{}, false
		}
		one = one.Unmap()
		return netip.PrefixFrom(one, one.BitLen()), true
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if a := network.Addr(); a.Is4In6() {
		if network.Bits() < mappedBits {
			return netip.Prefix{}, false
		}
		network = netip.PrefixFrom(a.Unmap(), network.Bits()-mappedBits)
	}
	return network.Masked(), true
}

// ParseHost reads the address of a machine: "192.0.2.1", "192.0.2.1:80",
// "2001:db8::1" or "[2001:db8::1]:80". IPv4 written as IPv6 becomes plain IPv4,
// and a zone goes. ok is false for everything else.
func ParseHost(text string) (host netip.Addr, ok bool) {
	bare := text
	if inner, found := strings.CutPrefix(bare, "["); found {
		if bare, found = strings.CutSuffix(inner, "]"); !found {
			bare = text
		}
	}
	host, err := netip.ParseAddr(bare)
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		host = withPort.Addr()
	}
	return plain(host), true
}

// ClientNetwork returns what counts as one client: an IPv4 address, and all of
// an IPv6 network (/64), as whoever has one of its addresses has the others
// too. What is no address is "unknown".
func ClientNetwork(client string) string {
	host, err := netip.ParseAddr(client)
	if err != nil {
		return "unknown"
	}
	network := NetworkOf(host)
	if network.IsSingleIP() {
		return network.Addr().String()
	}
	return network.String()
}

// NetworkOf is ClientNetwork for an address, without a text: an IPv4 address, or
// an IPv6 /64. That of the zero Addr is the zero Prefix.
func NetworkOf(client netip.Addr) netip.Prefix {
	const site = 64
	host := plain(client)
	return netip.PrefixFrom(host, min(site, host.BitLen())).Masked()
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
