package address

import (
	"net/netip"
	"strings"
)

// mappedBits is the length of the prefix of IPv4-mapped IPv6 addresses.
const mappedBits = 96

// ParseNetwork parses a network such as 10.0.0.0/8, or a single address, which
// is a network of one. IPv4 written as IPv6 (::ffff:10.0.0.0/104) becomes plain
// IPv4, like the addresses that it is compared with. ok is false for everything
// else, such as addresses with a zone, which are local to one machine, and
// networks of both IPv4 and other addresses.
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
		if network.Bits() <= mappedBits { // all of IPv4, too, is 0.0.0.0/0 or a mistake
			return netip.Prefix{}, false
		}
		network = netip.PrefixFrom(a.Unmap(), network.Bits()-mappedBits)
	}
	return network.Masked(), true
}

// ParseHost parses the address of a machine: "192.0.2.1", "192.0.2.1:80",
// "2001:db8::1" or "[2001:db8::1]:80". IPv4 written as IPv6 becomes plain IPv4,
// and a zone is dropped. ok is false for everything else.
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
	return normalized(host), true
}

// ClientNetwork returns what counts as one client: an IPv4 address, or a whole
// IPv6 network (/64), because a client with one of its addresses has the others
// too. It returns "unknown" for what is not an address.
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

// NetworkOf is like ClientNetwork, but takes and returns values: an IPv4
// address, or an IPv6 /64. For the zero Addr it returns the zero Prefix.
func NetworkOf(client netip.Addr) netip.Prefix {
	const site = 64
	host := normalized(client)
	return netip.PrefixFrom(host, min(site, host.BitLen())).Masked()
}

// WideNetwork returns the network in which one organization or household often has all
// addresses, though several may share it: an IPv6 /48, or an IPv4 /24. A single home line
// has up to 65,536 of the networks that ClientNetwork tells apart. It returns the zero
// Prefix for what is not an address.
func WideNetwork(client string) netip.Prefix {
	const site, block = 48, 24
	parsed, err := netip.ParseAddr(client)
	if err != nil {
		return netip.Prefix{}
	}
	host := normalized(parsed)
	if host.Is4() {
		return netip.PrefixFrom(host, block).Masked()
	}
	return netip.PrefixFrom(host, site).Masked()
}

func normalized(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
