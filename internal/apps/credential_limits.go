package apps

import (
	"slices"
	"strconv"

	"portico/ent/db"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
)

// MaxAddresses is the maximum number of networks on a credential's allowlist.
const MaxAddresses = 100

// checkAddresses allows at most MaxAddresses networks or single addresses.
func checkAddresses(field string, all []string) error {
	errs := []error{input.AtMost(field, len(all), MaxAddresses)}
	for i, s := range all[:min(len(all), MaxAddresses)] {
		errs = append(errs, checkNetwork(field+"."+strconv.Itoa(i), s))
	}
	return fault.Collect(errs...)
}

func checkNetwork(field, s string) error {
	if err := input.CheckSeen(field, s); err != nil {
		return err
	}
	if _, ok := address.ParseNetwork(s); !ok {
		return fault.Input(fault.InvalidValue, field, "This is neither an IP address nor a network such as 192.0.2.0/24 or 2001:db8::/32.")
	}
	return nil
}

// networks returns checked addresses as masked CIDR prefixes, without
// duplicates; nil for none.
func networks(all []string) []string {
	var out []string
	for _, s := range all {
		n, ok := address.ParseNetwork(s)
		if ok && !slices.Contains(out, n.String()) {
			out = append(out, n.String())
		}
	}
	return out
}

// labelCredential applies the patch of the labels.
func labelCredential(u *db.CredentialUpdateOne, c *db.Credential, given input.Patch[[]domain.Label], d *change.Diff) {
	if !given.Set {
		return
	}
	labels := input.SortLabels(given.Or(nil))
	d.Add("labels", c.Labels, labels)
	if u.SetLabels(labels); labels == nil {
		u.ClearLabels()
	}
}

// credentialLimit applies the patches of the allowed addresses and of the rate
// limit.
func credentialLimit(u *db.CredentialUpdateOne, c *db.Credential, in UpdateKeyInput, d *change.Diff) {
	if in.AllowedAddresses.Set {
		given := networks(in.AllowedAddresses.Or(nil))
		d.Add("allowedAddresses", c.AllowedAddresses, given)
		if u.SetAllowedAddresses(given); given == nil {
			u.ClearAllowedAddresses()
		}
	}
	if in.RateLimit.Set {
		given := in.RateLimit.Value
		if given != nil {
			given = input.WithBurst(given)
		}
		d.Add("rateLimit", c.RateLimit, given)
		if u.SetRateLimit(given); given == nil {
			u.ClearRateLimit()
		}
	}
}
