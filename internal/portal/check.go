package portal

import (
	"cmp"
	"regexp"
	"strconv"

	"github.com/bojanz/currency"
	"golang.org/x/text/unicode/norm"

	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/unseen"
)

// Limits of texts, in characters.
const (
	maxName        = 255
	maxShort       = 255
	maxDescription = 2000
	maxLong        = 10000
	maxReason      = 1000
	maxLabelKey    = 63
)

// MaxLabels is how many labels an app, or custom fields an account, may have.
const MaxLabels = 50

// checkName wants 1–255 characters of which something can be seen, and no
// control characters.
func checkName(field, s string) error {
	return cmp.Or(checkGiven(field, s), checkLine(field, s, maxName))
}

// checkGiven wants something that can be seen.
func checkGiven(field, s string) error {
	if unseen.All(s) {
		return fault.Input(fault.Required, field, "This must not be empty.")
	}
	return nil
}

// checkSeen wants something that can be seen, or nothing: a text that is there
// and is not seen would be taken for none, or for another.
func checkSeen(field, s string) error {
	if s != "" && unseen.All(s) {
		return fault.Input(fault.Required, field, "Nothing can be seen of this.")
	}
	return nil
}

// checkLine wants at most max characters on one line, or nothing.
func checkLine(field, s string, max int) error { return checkText(field, s, max, false) }

// checkText wants at most max characters, none of them control characters, or
// nothing.
func checkText(field, s string, max int, multiline bool) error {
	if err := checkSeen(field, s); err != nil {
		return err
	}
	if !domain.Printable(s, multiline) {
		return fault.Input(fault.InvalidCharacters, field, "This holds characters that cannot be shown.")
	}
	if domain.Runes(s) > max {
		return errTooLong(field, max)
	}
	return nil
}

func errTooLong(field string, max int) error {
	n := strconv.Itoa(max)
	return fault.Input(fault.TooLong, field, "This is longer than "+n+" characters.", fault.Param{Name: "max", Value: n})
}

// checkReason wants a text for the timeline.
func checkReason(field string, s *string) error {
	if s == nil {
		return nil
	}
	return checkText(field, *s, maxReason, true)
}

// atMost wants a list of at most max elements.
func atMost(field string, n, max int) error {
	if n <= max {
		return nil
	}
	most := strconv.Itoa(max)
	return fault.Input(fault.TooMany, field, "There are more than "+most+".", fault.Param{Name: "max", Value: most})
}

// checkLabels wants at most 50 with different keys.
func checkLabels(field string, labels []domain.Label) error {
	if err := atMost(field, len(labels), MaxLabels); err != nil {
		return err
	}
	var errs []error
	seen := map[string]bool{}
	for i, l := range labels {
		at := field + "." + strconv.Itoa(i)
		switch {
		case seen[l.Key]:
			errs = append(errs, fault.Input(fault.Taken, at+".key", "Two labels have this key."))
		default:
			errs = append(errs, cmp.Or(checkGiven(at+".key", l.Key), checkLine(at+".key", l.Key, maxLabelKey)))
		}
		seen[l.Key] = true
		errs = append(errs, checkLine(at+".value", l.Value, maxShort))
	}
	return fault.Collect(errs...)
}

// checkEmail wants an address with nothing around it, or nothing at all.
func checkEmail(field, s string) error {
	if s == "" {
		return nil
	}
	a := address.ParseEmail(s)
	if err := a.Check(field); err != nil {
		return err
	}
	if a.Typed() != norm.NFC.String(s) {
		return fault.Input(fault.InvalidCharacters, field, "There are blanks or unseen characters around the address.")
	}
	return nil
}

func checkProfile(field string, p domain.Profile) error {
	return fault.Collect(
		checkURL(field+".website", p.Website),
		checkEmail(field+".contactEmail", p.ContactEmail),
		checkText(field+".description", p.Description, maxDescription, true),
		checkLabels(field+".customFields", p.CustomFields),
	)
}

// slugs are what names in addresses look like.
var slugs = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)

func checkSlug(field, s string) error {
	if err := checkGiven(field, s); err != nil {
		return err
	}
	if !slugs.MatchString(s) {
		return fault.Input(fault.InvalidValue, field, "This must be 1–63 small letters, digits and hyphens, with no hyphen at either end.")
	}
	return nil
}

var decimals = regexp.MustCompile(`^[0-9]{1,12}(?:\.[0-9]{1,6})?$`)

// checkCurrency wants the code of money that is in use: no historical one, no
// metal, none for tests.
func checkCurrency(field, s string) error {
	if err := checkSeen(field, s); err != nil {
		return err
	}
	if s == "" || !currency.IsValid(s) {
		return fault.Input(fault.InvalidValue, field, "This is not a currency by ISO 4217, such as EUR.")
	}
	return nil
}

// checkRange wants a number between two others.
func checkRange(field string, n, min, max int) error {
	if n < min || n > max {
		low, high := strconv.Itoa(min), strconv.Itoa(max)
		return fault.Input(fault.InvalidValue, field, "This must be between "+low+" and "+high+".",
			fault.Param{Name: "min", Value: low}, fault.Param{Name: "max", Value: high})
	}
	return nil
}

func deref[T any](v *T) T {
	var zero T
	if v == nil {
		return zero
	}
	return *v
}
