package auth

import (
	_ "embed"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/unseen"
)

// The length of a password, in characters of any script.
const (
	ShortestPassword = 10
	LongestPassword  = 128
)

// leastVariety is how many different characters a password has at least.
const leastVariety = 5

//go:embed common_passwords.txt
var commonPasswords string

// CheckPassword refuses a password that is too short or too long, that is the
// user's own address, or that everybody guesses first. The fault.Invalid has
// the code WEAK_PASSWORD, or REQUIRED where nothing is seen of the password, and
// names field, the input's name for it.
func CheckPassword(field, password string, email address.Email) error {
	password = canonical(password)
	weak := func(message string, params ...fault.Param) error {
		return fault.Input(fault.WeakPassword, field, message, params...)
	}
	length := utf8.RuneCountInString(password)
	folded := domain.Fold(password)
	switch {
	case !utf8.ValidString(password), strings.ContainsFunc(password, unicode.IsControl):
		return weak("A password has no control characters.")
	case password != "" && unseen.All(password):
		return fault.Input(fault.Required, field, "Nothing can be seen of this password.")
	case length < ShortestPassword:
		return weak("A password has at least 10 characters.", fault.Param{Name: "min", Value: strconv.Itoa(ShortestPassword)})
	case length > LongestPassword:
		return weak("A password has at most 128 characters.", fault.Param{Name: "max", Value: strconv.Itoa(LongestPassword)})
	case email.Valid() && (folded == domain.Fold(email.String()) || folded == domain.Fold(email.Local())):
		return weak("Your e-mail address is not a good password.")
	case variety(folded) < leastVariety, isCommon(folded):
		return weak("This password is easy to guess.")
	}
	return nil
}

// variety counts the different characters.
func variety(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// isCommon reports whether the password is one of the embedded list, which holds
// only those that are long enough to get so far. Passwords are set seldom: a
// scan of two kilobytes needs no index.
func isCommon(folded string) bool {
	for line := range strings.Lines(commonPasswords) {
		if domain.Fold(strings.TrimSpace(line)) == folded {
			return true
		}
	}
	return false
}
