// Package input checks what clients send, each kind of field by one rule, and
// brings it into the one form in which it is stored and compared. Its errors are
// *fault.Invalid, on the field of the input that is to be corrected.
package input

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/bojanz/currency"
	"golang.org/x/text/unicode/norm"

	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/unseen"
)

// Maximum lengths of texts, in characters.
const (
	maxName        = 255
	MaxShort       = 255
	MaxDescription = 2000
	MaxLong        = 10000
	maxReason      = 1000
	maxLabelKey    = 63
)

// MaxLabels is the maximum number of labels of an app or a credential and of custom fields of
// an account.
const MaxLabels = 50

// CheckFuture requires a time after now, if there is one, that people may live to see.
func CheckFuture(field string, t *time.Time, now time.Time) error {
	if t != nil && !t.After(now) {
		return fault.Input(fault.MustBeFuture, field, "This must be in the future.")
	}
	if t != nil && t.Year() > 9999 {
		return fault.Input(fault.InvalidValue, field, "This is too far in the future.")
	}
	return nil
}

// CheckName requires 1–255 characters, at least one of them visible and none of
// them a control character.
func CheckName(field, s string) error {
	return cmp.Or(checkGiven(field, s), CheckLine(field, s, maxName))
}

// checkGiven requires visible characters.
func checkGiven(field, s string) error {
	if unseen.All(s) {
		return fault.Input(fault.Required, field, "This must not be empty.")
	}
	return nil
}

// CheckSeen requires visible characters or an empty text: a text of invisible
// ones would be mistaken for an empty one, or for another.
func CheckSeen(field, s string) error {
	if s != "" && unseen.All(s) {
		return fault.Input(fault.Required, field, "This has no visible characters.")
	}
	return nil
}

// CheckLine allows at most max characters on one line.
func CheckLine(field, s string, max int) error { return CheckText(field, s, max, false) }

// CheckText allows at most max characters without control characters; an empty
// text is valid.
func CheckText(field, s string, max int, multiline bool) error {
	if err := CheckSeen(field, s); err != nil {
		return err
	}
	if !domain.Printable(s, multiline) {
		return fault.Input(fault.InvalidCharacters, field, "This contains characters that cannot be shown.")
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

// CheckReason checks an optional text for the timeline.
func CheckReason(field string, s *string) error {
	if s == nil {
		return nil
	}
	return CheckText(field, *s, maxReason, true)
}

// RequireReason checks the reason of a rejection, which must be given, because reader, as "the
// developer", reads it.
func RequireReason(field string, s *string, reader string) error {
	if s == nil || unseen.All(*s) {
		return fault.Input(fault.Required, field, "A reason is needed: "+reader+" reads it.")
	}
	return CheckReason(field, s)
}

// AtMost returns an error if a list has more than max elements.
func AtMost(field string, n, max int) error {
	if n <= max {
		return nil
	}
	most := strconv.Itoa(max)
	return fault.Input(fault.TooMany, field, "There are more than "+most+".", fault.Param{Name: "max", Value: most})
}

// Each requires 1–most ids, each once. none and twice say what is wrong with others.
func Each(field string, ids []string, most int, none, twice string) error {
	if len(ids) == 0 {
		return fault.Input(fault.Required, field, none)
	}
	if err := AtMost(field, len(ids), most); err != nil {
		return err
	}
	var errs []error
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			errs = append(errs, fault.Input(fault.InvalidValue, field+"."+strconv.Itoa(i), twice))
		}
	}
	return fault.Collect(errs...)
}

// CheckLabels allows at most MaxLabels labels with distinct keys.
func CheckLabels(field string, labels []domain.Label) error {
	if err := AtMost(field, len(labels), MaxLabels); err != nil {
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
			errs = append(errs, cmp.Or(checkGiven(at+".key", l.Key), CheckLine(at+".key", l.Key, maxLabelKey)))
		}
		seen[l.Key] = true
		errs = append(errs, CheckLine(at+".value", l.Value, MaxShort))
	}
	return fault.Collect(errs...)
}

// SortLabels returns labels in the order of their keys; nil if there are none.
func SortLabels(labels []domain.Label) []domain.Label {
	if len(labels) == 0 {
		return nil
	}
	out := slices.Clone(labels)
	slices.SortFunc(out, func(a, b domain.Label) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// CheckEmail requires a plain e-mail address, without a display name, or an
// empty text.
func CheckEmail(field, s string) error {
	if s == "" {
		return nil
	}
	a := address.ParseEmail(s)
	if err := a.Check(field); err != nil {
		return err
	}
	if a.Typed() != norm.NFC.String(s) {
		return fault.Input(fault.InvalidCharacters, field, "There are spaces or invisible characters around the address.")
	}
	return nil
}

func CheckProfile(field string, p domain.Profile) error {
	return fault.Collect(
		CheckURL(field+".website", p.Website),
		CheckEmail(field+".contactEmail", p.ContactEmail),
		CheckText(field+".description", p.Description, MaxDescription, true),
		CheckLabels(field+".customFields", p.CustomFields),
	)
}

// CheckTerms requires a version of at most domain.MaxTermsVersion characters, and a URL.
func CheckTerms(field string, t domain.Terms) error {
	version, url := field+".version", field+".url"
	return fault.Collect(
		cmp.Or(checkGiven(version, t.Version), CheckLine(version, t.Version, domain.MaxTermsVersion)),
		cmp.Or(checkGiven(url, t.URL), CheckURL(url, t.URL)),
	)
}

// CheckSlug requires a name that may appear in URLs.
func CheckSlug(field, s string) error {
	if err := checkGiven(field, s); err != nil {
		return err
	}
	if !domain.IsSlug(s) {
		return fault.Input(fault.InvalidValue, field, "This must be 1–63 small letters, digits and hyphens, with no hyphen at either end.")
	}
	return nil
}

var Decimals = regexp.MustCompile(`^[0-9]{1,12}(?:\.[0-9]{1,6})?$`)

// CheckCurrency requires the ISO 4217 code of a currency in use: no historical
// ones, metals or test codes.
func CheckCurrency(field, s string) error {
	if err := CheckSeen(field, s); err != nil {
		return err
	}
	if s == "" || !currency.IsValid(s) {
		return fault.Input(fault.InvalidValue, field, "This is not a currency by ISO 4217, such as EUR.")
	}
	return nil
}

// Digits returns how many digits an amount in a valid currency has behind the point.
func Digits(code string) int {
	digits, _ := currency.GetDigits(code)
	return int(digits)
}

// CheckRange requires min ≤ n ≤ max.
func CheckRange(field string, n, min, max int) error {
	if n < min || n > max {
		low, high := strconv.Itoa(min), strconv.Itoa(max)
		return fault.Input(fault.InvalidValue, field, "This must be between "+low+" and "+high+".",
			fault.Param{Name: "min", Value: low}, fault.Param{Name: "max", Value: high})
	}
	return nil
}

// OrZero returns the value of an optional attribute, or the zero value without
// it.
func OrZero[T any](v *T) T {
	var zero T
	if v == nil {
		return zero
	}
	return *v
}
