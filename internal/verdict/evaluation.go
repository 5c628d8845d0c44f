package verdict

import (
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/lifecycle"
	"portico/internal/pathmatch"
)

// evaluation is what the checks look at. Its zero standing is absent, so that
// nothing passes by having been forgotten.
type evaluation struct {
	q          *Question
	credential *Credential
	account    *Account
	product    *Product // nil: none is named, or none such is to be had here
	status     lifecycle.CredentialStatus

	path     string // clean; "" if it is not
	endpoint uuid.UUID
	matched  bool // endpoint is the call's

	standing standing // of the best of the apps that may be meant
	apps     int      // how many of them stand so
}

// evaluate finds out everything that the checks need, and writes into v whatever
// can be said of the call, however it is decided.
func evaluate(q *Question, c *Facts, v *Verdict) evaluation {
	*v = Verdict{Credential: c.Credential, Account: c.Account}
	d := evaluation{q: q, credential: c.Credential, account: c.Account}
	if d.credential == nil {
		return d
	}
	d.status = d.credential.statusAt(q.Now)
	d.product = c.productOf(q)
	v.Product = d.product
	if d.product != nil && d.product.Endpoints != nil {
		if path, ok := pathmatch.Clean(q.Path); ok {
			d.path = path
			d.endpoint, d.matched = d.product.Endpoints.Match(q.Method, path)
			v.Endpoint = d.endpoint
		}
	}
	d.findApps(c, v)
	return d
}

// statusAt returns the key's state at a time.
func (k *Credential) statusAt(now time.Time) lifecycle.CredentialStatus {
	if k.ExpiresAt == 0 {
		return k.Status.At(now, nil)
	}
	end := time.UnixMicro(k.ExpiresAt)
	return k.Status.At(now, &end)
}

// productOf returns the product that is asked for, if the gateway's token may ask
// for it.
func (c *Facts) productOf(q *Question) *Product {
	if q.Product == "" {
		return nil
	}
	p := c.Catalogue.Product(q.Product)
	if p == nil || q.Products != nil && !slices.Contains(q.Products, p.ID) {
		return nil
	}
	return p
}

// comesFrom reports whether the call comes from a network. An IPv4 address is the
// same in its IPv6 form (::ffff:192.0.2.1), in the network as in the call.
func (d *evaluation) comesFrom(network netip.Prefix) bool {
	from := d.q.Address.Unmap().WithZone("")
	if network.Addr().Is4In6() && from.Is4() {
		from = netip.AddrFrom16(from.As16())
	}
	return network.Contains(from)
}

// authTypeAllowed reports whether the key was presented in a way that the
// product takes. Where it is not known how, any way that the product takes will do.
func (d *evaluation) authTypeAllowed() bool {
	switch d.q.Presented {
	case "":
		return d.product == nil || len(d.product.AuthTypes) > 0
	case domain.APIKey, domain.Basic:
		return d.product == nil || slices.Contains(d.product.AuthTypes, d.q.Presented)
	}
	return false
}
