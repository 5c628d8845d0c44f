package verdict

import (
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/pathmatch"
)

// evaluation is the input of the checks. Its zero standing is noApp, so that
// a standing that was never set passes no check.
type evaluation struct {
	q          *Question
	credential *Credential
	account    *Account
	product    *Product // nil: none is named, or the named one is unknown or not allowed to the token
	status     access.CredentialStatus

	path     string // the result of pathmatch.Clean; "" if the path was refused
	endpoint uuid.UUID
	matched  bool // whether endpoint is set

	standing standing // the best of the apps that the call may be for
	apps     int      // the number of apps with that standing
}

// evaluate computes everything that the checks need, and stores in v what is
// known about the call whether it is allowed or refused.
func evaluate(q *Question, c *Facts, v *Verdict) evaluation {
	*v = Verdict{Credential: c.Credential, Account: c.Account}
	d := evaluation{q: q, credential: c.Credential, account: c.Account}
	if d.credential == nil {
		return d
	}
	d.status = d.credential.statusAt(q.Now)
	d.product = q.ProductIn(c.Catalogue)
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

// statusAt returns the credential's status at a time.
func (k *Credential) statusAt(now time.Time) access.CredentialStatus {
	if k.ExpiresAt == 0 {
		return k.Status.At(now, nil)
	}
	end := time.UnixMicro(k.ExpiresAt)
	return k.Status.At(now, &end)
}

// ProductIn returns the product that q names, or nil if there is none or the
// gateway's token may not ask about it.
func (q *Question) ProductIn(c *Catalogue) *Product {
	if q.Product == "" {
		return nil
	}
	p := c.Product(q.Product)
	if p == nil || !q.Products.Includes(p.ID) {
		return nil
	}
	return p
}

// comesFrom reports whether the call comes from a network. An IPv4 address and its
// IPv6 form (::ffff:192.0.2.1) are equal, in the network as in the call.
func (d *evaluation) comesFrom(network netip.Prefix) bool {
	from := d.q.Address.Unmap().WithZone("")
	if network.Addr().Is4In6() && from.Is4() {
		from = netip.AddrFrom16(from.As16())
	}
	return network.Contains(from)
}

// authTypeAllowed reports whether the API key was presented in a way that the
// product accepts. If it is unknown how, the product has to accept at least one.
func (d *evaluation) authTypeAllowed() bool {
	switch d.q.Presented {
	case "":
		return d.product == nil || len(d.product.AuthTypes) > 0
	case access.APIKey, access.Basic:
		return d.product == nil || slices.Contains(d.product.AuthTypes, d.q.Presented)
	}
	return false
}
