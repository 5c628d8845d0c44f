package catalog

import (
	"net/url"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
)

// MaxSummary is how many characters the summary of a product may have.
const MaxSummary = 200

// checkPresentation checks what developers see of a product before anything else, and the
// terms that they accept.
func checkPresentation(summary, logo string, terms *domain.Terms) error {
	errs := []error{input.CheckLine("summary", summary, MaxSummary), checkLogo("logoUrl", logo)}
	if terms != nil {
		errs = append(errs, input.CheckTerms("terms", *terms))
	}
	return fault.Collect(errs...)
}

// checkLogo requires an https address: portals are served by https, and browsers show no
// picture in them that is not.
func checkLogo(field, s string) error {
	if err := input.CheckURL(field, s); err != nil || s == "" {
		return err
	}
	if u, err := url.Parse(input.NormalizeURL(s)); err != nil || u.Scheme != "https" {
		return fault.Input(fault.InvalidValue, field, "This is not an https address.")
	}
	return nil
}

// ProductTermsOf returns the terms of a product; nil if there are none.
func ProductTermsOf(x *db.Product) *domain.Terms {
	if x.TermsVersion == nil {
		return nil
	}
	return &domain.Terms{Version: *x.TermsVersion, URL: input.OrZero(x.TermsURL)}
}

// setPresentation sets of a new product what checkPresentation has checked.
func setPresentation(m *db.ProductMutation, in CreateProductInput) {
	m.SetSummary(input.OrZero(in.Summary))
	m.SetLogoURL(input.NormalizeURL(input.OrZero(in.LogoURL)))
	setTerms(m, in.Terms)
}

// setTerms sets or removes the terms of a product, and returns them as they are stored.
func setTerms(m *db.ProductMutation, terms *domain.Terms) *domain.Terms {
	if terms == nil {
		m.ClearTermsVersion()
		m.ClearTermsURL()
		return nil
	}
	stored := input.NormalizeTerms(*terms)
	m.SetTermsVersion(stored.Version)
	m.SetTermsURL(stored.URL)
	return &stored
}

// patchPresentation changes of a product what checkPresentation has checked.
func patchPresentation(d *change.Diff, u *db.ProductUpdateOne, x *db.Product, in UpdateProductInput) {
	change.SetText(d, "summary", x.Summary, in.Summary, func(s string) { u.SetSummary(s) })
	change.SetText(d, "logoUrl", x.LogoURL, input.NormalizeURLPatch(in.LogoURL), func(s string) { u.SetLogoURL(s) })
	if in.Terms.Set {
		d.Add("terms", ProductTermsOf(x), setTerms(u.Mutation(), in.Terms.Value))
	}
}
