package verdict

import "portico/clients/go/gate/pathmatch"

// Keyless sets v to the verdict on a call of a product that needs no credential.
// It returns false if the product needs one or is retired, or the token is not allowed to ask
// about it. What the caller presents is ignored: it may be meant for the service
// behind the gateway. The product's endpoints are enforced all the same.
func Keyless(q *Question, c *Catalogue, v *Verdict) bool {
	p := q.ProductIn(c)
	if p == nil || !p.Keyless || p.RetiredAt(q.Now) {
		return false
	}
	*v = Verdict{Code: Valid, Product: p}
	matched := false
	if path, clean := pathmatch.Clean(q.Path); clean && p.Endpoints != nil {
		v.Endpoint, matched = p.Endpoints.Match(q.Method, path)
	}
	if p.Enforced && !matched {
		v.Code = EndpointNotAllowed
	}
	return true
}

// ExplainKeyless returns the steps of a verdict by Keyless.
func ExplainKeyless(v *Verdict) []Step {
	if v.Code == EndpointNotAllowed {
		return []Step{step(EndpointNotAllowed, false, "The product needs no key, but it enforces its endpoints, and the call is for none of them.")}
	}
	return []Step{step(Valid, true, "The product needs no key: the key is not looked at.")}
}
