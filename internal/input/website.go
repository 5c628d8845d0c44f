package input

import (
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/fault"
)

// CheckURL requires a URL that a browser may follow safely, or an empty text.
func CheckURL(field, s string) error {
	if err := CheckLine(field, s, MaxDescription); err != nil {
		return err
	}
	kept, ok := address.ParseWebsite(s)
	if !ok {
		return fault.Input(fault.InvalidValue, field, "This is not an http or https address.")
	}
	if len(kept) > MaxDescription {
		return errTooLong(field, MaxDescription) // its normal form may be longer, as other scripts are encoded
	}
	return nil
}

// NormalizeURL returns the stored form of a URL that checkURL has accepted:
// formatted from its parsed form, so that what is stored is what was checked.
func NormalizeURL(s string) string {
	out, _ := address.ParseWebsite(s)
	return out
}

// NormalizeURLPatch applies normalizeURL to an attribute of an update.
func NormalizeURLPatch(p Patch[string]) Patch[string] {
	if p.Value != nil {
		p.Value = new(NormalizeURL(*p.Value))
	}
	return p
}

// NormalizeProfile returns p with its URLs in their stored form.
func NormalizeProfile(p domain.Profile) domain.Profile {
	p.Website = NormalizeURL(p.Website)
	return p
}

// NormalizeTerms returns t with its URL in its stored form.
func NormalizeTerms(t domain.Terms) domain.Terms {
	t.URL = NormalizeURL(t.URL)
	return t
}
