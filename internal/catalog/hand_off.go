package catalog

import (
	"net/url"

	"portico/ent/db"
)

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
	u.RawQuery += "subscription=" + url.QueryEscape(subscriptionID)
	return u.String()
}
