// Package access defines the values by which Portico describes who may call what: how
// API keys are presented, the states of accounts, credentials and subscriptions,
// limits as they are configured. They are spelled as in Portico's GraphQL schema and
// in its feed.
package access

import (
	"fmt"
	"slices"
)

// AccountStatus is whether an account may act.
type AccountStatus string

// The states of an account.
const (
	AccountActive    AccountStatus = "ACTIVE"
	AccountSuspended AccountStatus = "SUSPENDED"
)

// Values returns all constants.
func (AccountStatus) Values() []string { return names(AccountActive, AccountSuspended) }

// AuthType is how a caller presents an API key.
type AuthType string

// The ways to present an API key.
const (
	APIKey AuthType = "API_KEY"
	Basic  AuthType = "BASIC"
)

// AuthTypes lists all of them, which is a product's default.
func AuthTypes() []AuthType { return []AuthType{APIKey, Basic} }

// Values returns all constants.
func (AuthType) Values() []string { return names(APIKey, Basic) }

// MarshalText returns an error for an unknown value, so that none is stored.
func (a AuthType) MarshalText() ([]byte, error) { return known(a) }

// UnmarshalText returns an error for an unknown value.
func (a *AuthType) UnmarshalText(text []byte) error { return read(a, text) }

// Environment is the environment that a credential is for.
type Environment string

// The environments.
const (
	Development Environment = "DEVELOPMENT"
	Staging     Environment = "STAGING"
	Production  Environment = "PRODUCTION"
)

// Values returns all constants.
func (Environment) Values() []string { return names(Development, Staging, Production) }

// ProductAccess is which of its app's products a credential gives access to.
type ProductAccess string

// The kinds of access.
const (
	// AllProducts: every product that its app has subscribed to.
	AllProducts ProductAccess = "ALL"
	// ListedProducts: of those, only the products on its access control list.
	ListedProducts ProductAccess = "LISTED"
)

// Values returns all constants.
func (ProductAccess) Values() []string { return names(AllProducts, ListedProducts) }

// value is an enumeration that lists its constants.
type value interface {
	~string
	Values() []string
}

// known returns the text of a constant, and an error for any other value.
func known[T value](v T) ([]byte, error) {
	if !slices.Contains(v.Values(), string(v)) {
		return nil, fmt.Errorf("%q is not one of %v", string(v), v.Values())
	}
	return []byte(v), nil
}

// read sets v to the constant with this text, and returns an error for any
// other text.
func read[T value](v *T, text []byte) error {
	_, err := known(T(text))
	if err == nil {
		*v = T(text)
	}
	return err
}

func names[T ~string](all ...T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return out
}
