package graph_test

import (
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/nodeid"
)

// ProductTerms is what the matrix knows of the terms of products. No product has any but those
// that are made for it.
func (nouns) ProductTerms() noun {
	return noun{
		fields: map[string]resolver{
			"Product.terms":                     valueOf(func(p *db.Product) any { return termsOfProduct(p) }),
			"ProductSubscription.acceptedTerms": valueOf(func(s *db.Subscription) any { return termsOfSubscription(s) }),
			"AcceptedProductTerms.acceptedBy":   func(q fieldRequest) (any, error) { return q.person(q.parent.(*apps.AcceptedProductTerms).AcceptedBy) },
			"ProductSubscription.termsToAccept": func(q fieldRequest) (any, error) {
				s := q.parent.(*db.Subscription)
				p, err := q.rows.byID(nodeid.Product, s.ProductID)
				if product, _ := p.(*db.Product); err == nil && product != nil && s.Status.Live() {
					if t := termsOfProduct(product); t != nil && (s.AcceptedTermsVersion == nil || *s.AcceptedTermsVersion != t.Version) {
						return t, nil
					}
				}
				return nil, err
			},
		},
		values: map[string]any{"AcceptedProductTerms": apps.AcceptedProductTerms{}},
		questions: map[string]question{
			"AcceptedProductTerms":                of("ProductSubscription", "with terms", "acceptedTerms"),
			"ProductSubscription: with terms":     of("ProductSubscription", "with terms", ""),
			"Product: with terms":                 of("Product", "product with terms", ""),
			"Terms: of a product":                 of("Product", "product with terms", "terms"),
			"Terms: to accept for a subscription": of("ProductSubscription", "with terms", "termsToAccept"),
		},
		plays: map[string]play{"Mutation.acceptProductTerms": {target: "subscriptionIds", event: "SUBSCRIPTION_TERMS_ACCEPTED", input: func(w *world, _ string) arguments {
			_, subscription := w.withProductTerms()
			return arguments{"subscriptionIds": []string{subscription}, "version": "2"}
		}}},
		targets: map[string]string{"acceptProductTerms": "subscriptionIds"},
		nothing: map[string]string{
			"none": "CreateProductInput.terms UpdateProductInput.terms", "none are accepted": "RegisterInput.acceptedTermsVersion KeyRequestPlanInput.acceptedTermsVersion",
			"cleared": "CreateProductInput.summary CreateProductInput.logoUrl UpdateProductInput.summary UpdateProductInput.logoUrl",
		},
		furnish: func(w *world) { w.ids["product with terms"], w.ids["with terms"] = w.withProductTerms() },
		produce: func(w *world) {
			_, subscription := w.withProductTerms()
			w.mustSucceed("developer", "acceptProductTerms", arguments{"subscriptionIds": []string{subscription}, "version": "2"}, "productSubscriptions { id }")
			log := w.ask(w.t, w.tokens["admin"], `{ events(where: {type: [SUBSCRIPTION_TERMS_ACCEPTED]}, first: 1) { nodes { type } } }`, nil)
			require.Contains(w.t, log.raw, `{"type":"SUBSCRIPTION_TERMS_ACCEPTED"}`)
		},
	}
}

// withProductTerms makes a product whose terms have changed, and a subscription of the developer
// for which those before were accepted.
func (w *world) withProductTerms() (product, subscription string) {
	product = w.freshOffer()
	terms := func(version string) {
		w.make("admin", "updateProduct", arguments{"productId": product, "terms": arguments{"version": version, "url": "https://terms.example/" + version}}, "product")
	}
	terms("1")
	subscription = w.make("developer", "register", arguments{"appId": w.freshApp(), "productId": product, "acceptedTermsVersion": "1"}, "productSubscription")
	terms("2")
	return product, subscription
}

func termsOfProduct(p *db.Product) *domain.Terms {
	if p.TermsVersion == nil {
		return nil
	}
	return &domain.Terms{Version: *p.TermsVersion, URL: *p.TermsURL}
}

func termsOfSubscription(s *db.Subscription) *apps.AcceptedProductTerms {
	if s.AcceptedTermsVersion == nil {
		return nil
	}
	return &apps.AcceptedProductTerms{Version: *s.AcceptedTermsVersion, At: *s.AcceptedTermsAt, AcceptedBy: s.AcceptedTermsBy}
}
