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

// minDistinct is the least number of different characters in a password.
const minDistinct = 5

//go:embed common_passwords.txt
var commonPasswords string

// CheckPassword returns an error if the password is too short, too long, the
// user's own address, or among those that attackers try first. The error is a
// fault.Invalid with the code WEAK_PASSWORD, or REQUIRED if the password has no
// visible character; it names field, the name of the input.
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
		return fault.Input(fault.Required, field, "This password has no visible characters.")
	case length < ShortestPassword:
		return weak("A password has at least 10 characters.", fault.Param{Name: "min", Value: strconv.Itoa(ShortestPassword)})
	case length > LongestPassword:
		return weak("A password has at most 128 characters.", fault.Param{Name: "max", Value: strconv.Itoa(LongestPassword)})
	case email.Valid() && (folded == domain.Fold(email.String()) || folded == domain.Fold(email.Local())):
		return weak("Your e-mail address is not a good password.")
	case distinctRunes(folded) < minDistinct, isCommon(folded):
		return weak("This password is easy to guess.")
	}
	return nil
}

// distinctRunes returns the number of different characters in s.
func distinctRunes(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// isCommon reports whether the password is in the embedded list, which contains
// only passwords of at least the minimum length. Passwords are set rarely:
// scanning two kilobytes needs no index.
func isCommon(folded string) bool {
	for line := range strings.Lines(commonPasswords) {
		if domain.Fold(strings.TrimSpace(line)) == folded {
			return true
		}
	}
	return false
}

// Check is CheckPassword.
func (*Passwords) Check(field, password string, email address.Email) error {
	return CheckPassword(field, password, email)
}
