package portal

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"portico/ent/db"
	"portico/internal/fault"
)

// maxAddresses is how many networks a key may be used from.
const maxAddresses = 100

// checkAddresses wants at most 100 networks or single addresses.
func checkAddresses(field string, all []string) error {
	errs := []error{atMost(field, len(all), maxAddresses)}
	for i, s := range all[:min(len(all), maxAddresses)] {
		if _, err := network(s); err != nil {
			errs = append(errs, fault.Input(fault.InvalidValue, field+"."+strconv.Itoa(i), "This is neither an IP address nor a network such as 192.0.2.0/24 or 2001:db8::/32."))
		}
	}
	return fault.Collect(errs...)
}

// networks gives checked addresses in one spelling, as masked CIDR, each once;
// nil for none.
func networks(all []string) []string {
	var out []string
	for _, s := range all {
		n, err := network(s)
		if err == nil && !slices.Contains(out, n.String()) {
			out = append(out, n.String())
		}
	}
	return out
}

// mappedBits is how long the prefix of IPv4 addresses inside IPv6 is.
const mappedBits = 96

// network reads CIDR, or a single address. IPv4 that is written as IPv6 is IPv4.
func network(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		if a.Zone() != "" {
			return netip.Prefix{}, errors.New("portal: an address of one machine's own network")
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	n, err := netip.ParsePrefix(s)
	if err != nil || !n.Addr().Is4In6() {
		return n.Masked(), err
	}
	if n.Bits() < mappedBits {
		return netip.Prefix{}, errors.New("portal: a network of IPv4 and other addresses")
	}
	return netip.PrefixFrom(n.Addr().Unmap(), n.Bits()-mappedBits).Masked(), nil
}

// limitKey changes from where, and how often, a key may be used.
func limitKey(u *db.CredentialUpdateOne, k *db.Credential, in UpdateKeyInput, d *diff) {
	if in.AllowedAddresses.Set {
		given := networks(in.AllowedAddresses.or(nil))
		d.note("allowedAddresses", k.AllowedAddresses, given)
		if u.SetAllowedAddresses(given); given == nil {
			u.ClearAllowedAddresses()
		}
	}
	if in.RateLimit.Set {
		given := in.RateLimit.Value
		if given != nil {
			given = burst(given)
		}
		d.note("rateLimit", k.RateLimit, given)
		if u.SetRateLimit(given); given == nil {
			u.ClearRateLimit()
		}
	}
}
