package catalog

import (
	"net/url"

	"portico/ent/db"
	"portico/internal/fault"
	"portico/internal/input"
)

// subscriptionParameter is the parameter of a hand-off that has the subscription's id.
const subscriptionParameter = "subscription"

// checkHandOff requires an address that has no parameter of that name: systems would read
// the first of two.
func checkHandOff(field, s string) error {
	if err := input.CheckURL(field, s); err != nil {
		return err
	}
	if u, err := url.Parse(s); err != nil || u.Query().Has(subscriptionParameter) {
		return fault.Input(fault.InvalidValue, field, "The address must not have the parameter subscription: it gets the subscription's id.")
	}
	return nil
}

// HandOffURL returns where a developer continues whose subscription with a product waits:
// the product's address with the subscription's opaque id as the parameter subscription, in
// addition to those that it has. It returns "" for a product without one.
func HandOffURL(x *db.Product, subscriptionID string) string {
	u, err := url.Parse(x.HandOffURL)
	if x.HandOffURL == "" || err != nil {
		return ""
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += subscriptionParameter + "=" + url.QueryEscape(subscriptionID)
	return u.String()
}
